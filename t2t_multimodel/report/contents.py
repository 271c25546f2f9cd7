"""The report of a run: everything that its folder tells, in the order in which one asks."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterator
from typing import Any

from t2t_multimodel.metrics.units import meaning
from t2t_multimodel.report.curves import curves_section
from t2t_multimodel.report.history import History
from t2t_multimodel.report.page import Cell, Media, Page, PageBlock, PageSection, Paragraph, Table
from t2t_multimodel.report.record import RunRecord, as_text, compared_score
from t2t_multimodel.report.routing import routing_section


def page_of(record: RunRecord, history: History) -> Page:
    """The whole report.

    Args:
        record: of the run.
        history: what it logged.
    """
    sections = [
        _overview(record, history),
        _results(record),
        curves_section(record, history),
        _mixture(record),
        routing_section(history, list(record.data)),
        *_samples(record),
        _settings(record, "Settings of this run", default=False),
        _settings(record, "Settings left at their defaults", default=True),
        _made_with(record),
    ]
    return Page(f"Run {record.path.resolve().name}", sections)


def _overview(record: RunRecord, history: History) -> PageSection:
    steps = record.settings["train.steps"]
    sessions = record.config["sessions"]
    rows: list[tuple[Cell, ...]] = [
        ("hparams set", record.config["hparams_set"]),
        ("problems", ", ".join(record.data)),
        ("last step logged", f"{history.last_step:,} of {steps:,}"),
        ("first started", sessions[0]["time"]),
        ("starts", str(len(sessions))),
        ("backend", sessions[-1]["backend"]),
    ]
    return PageSection("Overview", [Table(("", ""), rows)])


def _results(record: RunRecord) -> PageSection:
    if not record.results:
        words = "There is no table yet: the trainer writes it at the end of the run."
        return PageSection("Results", [Paragraph(words)])
    columns = ("problem", "split", "score", "examples", "model", "95 % interval")
    compared = Table(
        (*columns, "source-blind", "trivial", "classical"),
        [line for row in record.results for line in _compared(row)],
    )
    verdicts = Table(
        ("problem", "learned", "above classical"), [_verdict(row) for row in record.results]
    )
    scores = Table(
        ("problem", "score", "value", "95 % interval", "source-blind", "unit"),
        [line for row in record.results for line in _scores(row)],
    )
    words = (
        "The source-blind baseline is the best that a model of the targets alone reached. A "
        "problem is learned if the whole intervals of its loss and of its first metric are above "
        "it; else the table says what each of the two says. The classical baseline is a simple "
        "method that sees the sources. teacher_forced/: given the true targets before each; "
        "decoded/: of free-running output. The last column of the table of all scores says in what "
        "each is measured, and whether higher or lower is better."
    )
    return PageSection("Results", [Paragraph(words), compared, verdicts, scores])


def _compared(row: dict[str, Any]) -> Iterator[tuple[Cell, ...]]:
    """The loss and the first metric of a problem; of an earlier version's table, one of them."""
    verdict = row.get("verdict", {})
    names = [verdict.get("loss", compared_score(row["scores"])), verdict.get("metric", "")]
    for name in (one for one in names if one in row["scores"]):
        is_decoded = name.startswith("decoded/")
        examples = row["decoded_examples"] if is_decoded else row["examples"]
        baselines = (row[f"{kind}_baseline"] for kind in ("source_blind", "trivial"))
        yield (
            row["problem"],
            row["split"],
            name,
            f"{examples:,}",
            _score(row["scores"][name]),
            _interval(row, name),
            *(_score(scores.get(name)) for scores in baselines),
            _score(row.get("classical_baseline", {}).get(name)),
        )


def _verdict(row: dict[str, Any]) -> tuple[Cell, ...]:
    verdict = row.get("verdict", {})
    unknown = "not known: scored by an earlier version, see mm-eval"
    return (
        row["problem"],
        verdict.get("learned", unknown),
        verdict.get("above_classical", "not known"),
    )


def _scores(row: dict[str, Any]) -> list[tuple[Cell, ...]]:
    baseline = row["source_blind_baseline"]
    return [
        (row["problem"], name, _score(value), _interval(row, name), _score(baseline.get(name)))
        + (meaning(name),)
        for name, value in row["scores"].items()
    ]


def _score(value: float | None) -> str:
    """Four digits behind the point of a share or of nats, two of a percentage."""
    return "-" if value is None else f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"


def _interval(row: dict[str, Any], name: str) -> str:
    ends = row["intervals"].get(name)
    return "-" if ends is None else f"{_score(ends[0])} to {_score(ends[1])}"


def _mixture(record: RunRecord) -> PageSection:
    if not record.mixture:
        return PageSection("Mixture", [Paragraph("The run keeps no record of its mixture.")])
    rows = record.mixture["problems"]
    parts = ("asked", "batches", "examples", "targets")
    totals = {part: sum(row[part] for row in rows) or 1 for part in parts}
    table = Table(
        ("problem", "asked for", "batches", "examples", "targets", "epochs"),
        [
            (
                row["problem"],
                *(f"{row[part] / totals[part]:.1%}" for part in parts),
                f"{row['epochs']:.2f}",
            )
            for row in rows
        ],
    )
    words = (
        f"Up to step {record.mixture['steps']:,}: the share of batches that the mixture asks for, "
        "and the shares of batches, examples and targets that each problem got; epochs: how often "
        "it saw its train split."
    )
    return PageSection("Mixture", [Paragraph(words), table])


def _samples(record: RunRecord) -> list[PageSection]:
    if not record.samples:
        return [PageSection("Samples", [Paragraph("No output was decoded yet.")])]
    words = "Free-running outputs; of classes the three that rank highest, best first."
    blocks: list[PageBlock] = [Paragraph(words)]
    for problem, kept in record.samples.items():
        rows = [(_input(one), one["target"], one["output"]) for one in kept["samples"]]
        blocks.append(Paragraph(f"{problem}: {kept['split']} examples, step {kept['step']:,}"))
        blocks.append(Table(("input", "target", "output"), rows))
    return [PageSection("Samples", blocks)]


def _input(sample: dict[str, Any]) -> Cell:
    if not sample["data"]:
        return sample["words"]
    return Media(sample["type"], base64.b64decode(sample["data"]), sample["words"])


def _settings(record: RunRecord, title: str, default: bool) -> PageSection:
    rows: list[tuple[Cell, ...]] = [
        (name, as_text(value), record.origins.get(name, "?"))
        for name, value in record.settings.items()
        if (record.origins.get(name) == "default") == default
    ]
    return PageSection(title, [Table(("setting", "value", "from"), rows)], folded=default)


def _made_with(record: RunRecord) -> PageSection:
    facts: list[tuple[Cell, ...]] = [(k, as_text(v)) for k, v in record.made_with.items()]
    data: list[tuple[Cell, ...]] = list(record.data.items())
    starts: list[tuple[Cell, ...]] = [
        (one["time"], shlex.join(one["command"])) for one in record.config["sessions"]
    ]
    tables: list[PageBlock] = [
        Table(("made with", "version"), facts),
        Table(("data of", "fingerprint"), data),
        Table(("started", "command"), starts),
    ]
    return PageSection("Versions, data and commands", tables)
