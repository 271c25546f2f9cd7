"""The table of a run: each problem's score, how sure it is, and its baselines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from t2t_multimodel.baselines.measured import Baselines, measure_baselines
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.evaluate.bootstrap import Interval, interval
from t2t_multimodel.evaluate.result import Result
from t2t_multimodel.evaluate.verdict import Verdict, judge
from t2t_multimodel.metrics.score import references
from t2t_multimodel.metrics.text import sacrebleu_of, signature
from t2t_multimodel.metrics.units import legend
from t2t_multimodel.terminal import at_slashes, make_console, plural

if TYPE_CHECKING:
    from rich.table import Table


@dataclasses.dataclass(frozen=True, repr=False)
class Row:
    """A result, the intervals of its scores, and the baselines it must beat."""

    result: Result
    scores: dict[str, float]
    intervals: dict[str, Interval]
    """Score -> its 95 % interval, by resampling the examples."""
    baselines: Baselines

    metric: str = ""
    """The full name of the problem's first metric; empty if it has none."""

    @property
    def verdict(self) -> Verdict:
        """Whether the model has learned the problem: its loss and its metric beside baselines."""
        baselines = self.baselines
        return judge(self.intervals, self.metric, baselines.source_blind, baselines.classical)

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {value:.4g}" for name, value in self.scores.items())
        what = f"{self.result.problem}, {self.result.split}: {scores}"
        return f"<Row {what}; learned: {self.verdict.learned}>"

    @property
    def signatures(self) -> dict[str, str]:
        """Score -> the library's own description of it, for BLEU and chrF."""
        named = {name: name.rpartition("/")[2] for name in self.scores}
        named = {name: metric for name, metric in named.items() if sacrebleu_of(metric)}
        if not named:
            return {}
        most = max(len(references(output.target)) for output in self.result.outputs)
        return {name: signature(metric, most) for name, metric in named.items()}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        return {
            "problem": self.result.problem,
            "split": self.result.split,
            "examples": self.result.examples,
            "decoded_examples": len(self.result.outputs),
            "temperature": self.result.tempered and self.result.tempered.temperature,
            "shuffled_sources": self.result.shuffled_sources,
            "scores": self.scores,
            "intervals": {name: list(ends) for name, ends in self.intervals.items()},
            "signatures": self.signatures,
            "trivial_baseline": self.baselines.trivial,
            "source_blind_baseline": self.baselines.source_blind,
            "classical_baseline": self.baselines.classical or {},
            "verdict": self.verdict.to_dict(),
        }


def with_baselines(
    results: Sequence[Result], prepared: dict[str, Prepared], resamples: int
) -> list[Row]:
    """Joins results with their intervals and the baselines of their problem and split.

    Args:
        results: of models.
        prepared: their problems; baselines that nobody measured yet are measured now.
        resamples: samples behind each interval.
    """
    rows = []
    for result in results:
        measured = result.measured
        intervals = {name: interval(score, resamples) for name, score in measured.items()}
        baselines = measure_baselines(prepared[result.problem], result.split, classical=False)
        metric = _first_metric(prepared[result.problem].problem.metrics, result)
        rows.append(Row(result, result.scores, intervals, baselines, metric))
    return rows


def _first_metric(metrics: Sequence[str], result: Result) -> str:
    """The full name of a problem's first metric; top1 of classes without any."""
    of_classes = "top1" in result.scores
    if not metrics:
        return "top1" if of_classes else ""
    return metrics[0] if of_classes else f"decoded/{metrics[0]}"


def print_table(rows: Sequence[Row]) -> None:
    """Prints each problem's loss and first metric beside baselines, the verdicts, all scores."""
    console = make_console()
    shuffled = any(row.result.shuffled_sources for row in rows)
    console.print(_scores_table(rows, "Sources exchanged among examples" if shuffled else None))
    console.print()
    console.print(_verdict_table(rows))
    console.print()
    for row in rows:
        if others := _others(row):
            console.print(f"{row.result.problem}: {others}", soft_wrap=True)
    signatures = {f"{n}: {text}" for row in rows for n, text in row.signatures.items()}
    for line in sorted(signatures):
        console.print(line, style="dim", soft_wrap=True)
    _print_summary(rows, console)


def _scores_table(rows: Sequence[Row], title: str | None) -> Table:
    """A line for the loss of each problem, and one for its first metric."""
    from rich.table import Table

    # Narrow enough for 80 columns: long names fold, figures are never cut. One split is told below.
    table = Table(title=title, box=None, padding=(0, 1, 0, 0), pad_edge=False)
    many = len(_splits(rows)) > 1
    for column in ("problem", *(["split"] if many else []), "score"):
        table.add_column(column, overflow="fold")
    for column in ("n", "model", "95 %\ninterval", "source-\nblind", "trivial", "clas-\nsical"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        start = [row.result.problem, *([row.result.split] if many else [])]
        for score in (row.verdict.loss, row.metric):
            if score in row.scores:
                table.add_row(*start, at_slashes(score), *_figures(row, score))
                start = [""] * len(start)
    return table


def _splits(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.result.split for row in rows))


def _figures(row: Row, score: str) -> Iterator[str]:
    """Examples, score, interval and baselines."""
    baselines, decoded = row.baselines, score.rpartition("/")[2] in row.result.metrics
    yield f"{len(row.result.outputs) if decoded else row.result.examples:,}"
    yield _digits(row.scores[score])
    low, high = row.intervals[score]
    yield f"{_short_digits(low)}-{_short_digits(high)}"
    for baseline in (baselines.source_blind, baselines.trivial, baselines.classical or {}):
        yield _digits(baseline[score]) if score in baseline else "-"


def _verdict_table(rows: Sequence[Row]) -> Table:
    """A line for each problem: learned or not, and whether a simple method does better."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("problem", "learned", "above classical"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row.result.problem, row.verdict.learned, row.verdict.above_classical)
    return table


def _digits(value: float) -> str:
    """Four digits behind the point of a share or of nats, two of a percentage."""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"


def _short_digits(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _others(row: Row) -> str:
    """All scores that are not compared, each with its interval."""
    compared = (row.verdict.loss, row.metric)
    texts = (
        f"{name} {value:.4g} [{low:.4g}, {high:.4g}]"
        for name, value, (low, high) in (
            (n, v, row.intervals[n]) for n, v in row.scores.items() if n not in compared
        )
    )
    notes = [", ".join(texts)]
    if found := row.result.tempered:
        notes.append(
            f"tempered: logits divided by {found.temperature:g}, the best on "
            f"{plural(found.examples, 'example')} of {found.split}"
        )
    if row.result.outputs:
        notes.append(f"decoded: {plural(len(row.result.outputs), 'example')}")
    return "; ".join(filter(None, notes))


def _print_summary(rows: Sequence[Row], console: Any) -> None:
    console.print(f"Split: {', '.join(_splits(rows))}.", soft_wrap=True)
    if any(row.result.shuffled_sources for row in rows):
        console.print(
            "Each example was scored with the source of another one. A problem that was learned "
            "from its sources falls to the source-blind baseline or below."
        )
    else:
        learned = sum(row.verdict.learned == "yes" for row in rows)
        console.print(
            f"{learned} of {plural(len(rows), 'problem')} learned: both the loss and the first "
            "metric are surely above the source-blind baseline, the best that a model of the "
            "targets alone reached."
        )
    console.print(f"{legend(score for row in rows for score in row.scores)}.")
    console.print(
        "teacher_forced/: given the true tokens before each. decoded/: the model's own output. "
        "Intervals: bootstrap over the examples."
    )
