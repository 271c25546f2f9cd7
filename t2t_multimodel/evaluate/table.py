"""The table of a run: each problem's score, how sure it is, and its baselines."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from t2t_multimodel.baselines.measured import Baselines, measure_baselines
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.evaluate.bootstrap import Interval, interval
from t2t_multimodel.evaluate.result import Result
from t2t_multimodel.metrics.score import references
from t2t_multimodel.metrics.text import is_lower_better, sacrebleu_of, signature
from t2t_multimodel.terminal import make_console

VERDICTS = {True: "yes", False: "no", None: "not sure"}
"""Whether a score is above its baseline, in words."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A result, the intervals of its scores, and the baselines it must beat."""

    result: Result
    scores: dict[str, float]
    intervals: dict[str, Interval]
    """Score -> its 95 % interval, by resampling the examples."""
    baselines: Baselines

    @property
    def score(self) -> str:
        """The score that is compared.

        It is top1 of classes, teacher_forced/log_ppl of tokens, and the loss of values.
        """
        return "top1" if "top1" in self.scores else next(iter(self.scores))

    @property
    def above_baseline(self) -> bool | None:
        """Whether the model knows more than targets alone can tell; None: not sure, or not known.

        It does where the worse end of the interval beats the baseline, it does not where not even
        the better end does.
        """
        baseline = self.baselines.source_blind.get(self.score)
        if baseline is None:
            return None
        above = [self._better(end, baseline) for end in self.intervals[self.score]]
        return above[0] if above[0] == above[1] else None

    def _better(self, score: float, baseline: float) -> bool:
        return score < baseline if is_lower_better(self.score) else score > baseline

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
            "shuffled_sources": self.result.shuffled_sources,
            "scores": self.scores,
            "intervals": {name: list(ends) for name, ends in self.intervals.items()},
            "signatures": self.signatures,
            "trivial_baseline": self.baselines.trivial,
            "source_blind_baseline": self.baselines.source_blind,
            "above_source_blind_baseline": self.above_baseline,
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
        rows.append(Row(result, result.scores, intervals, baselines))
    return rows


def print_table(rows: Sequence[Row]) -> None:
    """Prints each problem's compared score beside its baselines, then all other scores."""
    from rich.table import Table

    shuffled = any(row.result.shuffled_sources for row in rows)
    title = "Sources exchanged among examples" if shuffled else None
    # Narrow enough for 80 columns: long names fold, figures are never cut.
    table = Table(title=title, box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("problem", "split", "n", "score"):
        table.add_column(column, overflow="fold")
    for column in ("model", "95 %\ninterval", "source-\nblind", "trivial"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("above\nbaseline", no_wrap=True)
    for row in rows:
        baselines = row.baselines
        table.add_row(
            row.result.problem,
            row.result.split,
            f"{row.result.examples:,}",
            row.score.replace("/", "/\n"),
            f"{row.scores[row.score]:.4f}",
            "{:.3f}-{:.3f}".format(*row.intervals[row.score]),
            _known(baselines.source_blind, row.score),
            _known(baselines.trivial, row.score),
            VERDICTS[row.above_baseline] if row.score in baselines.source_blind else "not known",
        )
    console = make_console()
    console.print(table)
    for row in rows:
        console.print(f"{row.result.problem}: {_others(row)}", soft_wrap=True)
    signatures = {f"{n}: {text}" for row in rows for n, text in row.signatures.items()}
    for line in sorted(signatures):
        console.print(line, style="dim", soft_wrap=True)
    _print_verdict(rows, console)


def _known(baseline: dict[str, float], score: str) -> str:
    """A baseline with four digits, or "-" where nobody knows it."""
    return f"{baseline[score]:.4f}" if score in baseline else "-"


def _others(row: Row) -> str:
    """All scores but the compared one, each with its interval."""
    texts = (
        f"{name} {value:.4g} [{low:.4g}, {high:.4g}]"
        for name, value, (low, high) in (
            (n, v, row.intervals[n]) for n, v in row.scores.items() if n != row.score
        )
    )
    decoded = f"; decoded: {len(row.result.outputs):,} examples" if row.result.outputs else ""
    return ", ".join(texts) + decoded


def _print_verdict(rows: Sequence[Row], console: Any) -> None:
    above = sum(row.above_baseline is True for row in rows)
    unsure = sum(row.above_baseline is None for row in rows)
    also = f" ({unsure} more may be)" if unsure else ""
    console.print(
        f"{above} of {len(rows)} problems are above the source-blind baseline{also}, the best that "
        "a model of the targets alone reached. teacher_forced/log_ppl: nats a token, given the "
        "true tokens before it (lower is better). Intervals: bootstrap over the examples."
    )
