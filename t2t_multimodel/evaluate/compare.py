"""Two models on the same examples: which one is better, and how surely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from t2t_multimodel.errors import UserError
from t2t_multimodel.evaluate.bootstrap import Difference, difference
from t2t_multimodel.evaluate.result import Result
from t2t_multimodel.metrics.text import sacrebleu_of, streams
from t2t_multimodel.metrics.units import legend
from t2t_multimodel.terminal import at_slashes, make_console


@dataclass(frozen=True)
class Comparison:
    """One score of two models on the same examples of one problem."""

    problem: str
    score: str
    examples: int
    first: float
    second: float
    difference: Difference


def compare(
    results: Sequence[Result], others: Sequence[Result], resamples: int
) -> list[Comparison]:
    """Compares every score of the problems that both have.

    Args:
        results: of the model in question.
        others: of the model that it is compared with.
        resamples: samples behind each interval and each p.

    Raises:
        UserError: they share no problem, or were scored on other examples.
    """
    known = {other.problem: other for other in others}
    shared = [result for result in results if result.problem in known]
    if not shared:
        raise UserError(
            "The two have no problem in common: "
            f"{', '.join(r.problem for r in results)} here, {', '.join(known) or 'none'} there."
        )
    return [
        comparison
        for result in shared
        for comparison in _of_problem(result, known[result.problem], resamples)
    ]


def _of_problem(first: Result, second: Result, resamples: int) -> Iterator[Comparison]:
    _check(first, second)
    one, other = first.measured, second.measured
    for name in one:
        if name not in other:
            continue
        decoded = name.rpartition("/")[2] in first.metrics
        if decoded and _numbers(first) != _numbers(second):
            raise _unlike(first, second, "decoded on other examples")
        found = difference(one[name], other[name], resamples)
        if decoded and sacrebleu_of(name.rpartition("/")[2]):
            found = _by_sacrebleu(name.rpartition("/")[2], first, second, resamples, found)
        examples = one[name].examples
        yield Comparison(first.problem, name, examples, one[name].value, other[name].value, found)


def _check(first: Result, second: Result) -> None:
    if (first.split, first.fingerprint) != (second.split, second.fingerprint):
        raise _unlike(first, second, "scored on other data")
    if not np.array_equal(first.numbers, second.numbers):
        raise _unlike(first, second, "scored on other examples")


def _unlike(first: Result, second: Result, how: str) -> UserError:
    return UserError(
        f"{first.problem}: the two models were {how} ({first.examples:,} of {first.split} here, "
        f"{second.examples:,} of {second.split} there).",
        fix="Score both again: mm-eval --output_dir=RUN --json=FILE, with the same --split.",
    )


def _numbers(result: Result) -> list[int]:
    return [output.number for output in result.outputs]


def _by_sacrebleu(
    metric: str, first: Result, second: Result, resamples: int, ours: Difference
) -> Difference:
    """Puts the p of sacrebleu's own paired bootstrap (Koehn 2004) into `ours`."""
    from sacrebleu.significance import PairedTest

    systems = [
        ("there", [output.output for output in second.outputs]),
        ("here", [output.output for output in first.outputs]),
    ]
    targets = streams([output.target for output in first.outputs])
    make = sacrebleu_of(metric)
    assert make is not None
    test = PairedTest(systems, {metric: make()}, targets, "bs", resamples)  # type: ignore[arg-type]
    _, found = test()
    (p,) = (column[1].p_value for name, column in found.items() if name != "System")  # type: ignore[union-attr]
    return Difference(ours.value, ours.interval, float(p or 0.0))


def print_comparison(rows: Sequence[Comparison], here: str, there: str) -> None:
    """Prints a row for each score of each problem.

    Args:
        rows: what was found.
        here: name of the first model.
        there: name of the second one.
    """
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("problem", "score"):
        table.add_column(column, overflow="fold")
    for column in ("n", "here", "there", "difference", "95 % interval", "p"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row))
    console = make_console()
    console.print(f"here: {here}\nthere: {there}", soft_wrap=True)
    console.print(table)
    console.print(
        f"{legend(row.score for row in rows)}. Paired bootstrap over the examples. An interval "
        "that holds 0, or p above .05: these examples do not tell the two apart."
    )


def _cells(row: Comparison) -> list[Any]:
    low, high = row.difference.interval
    return [
        row.problem,
        at_slashes(row.score),
        f"{row.examples:,}",
        f"{row.first:.4g}",
        f"{row.second:.4g}",
        f"{row.difference.value:+.3g}",
        f"{low:+.3g} {high:+.3g}",
        f"{row.difference.p:.3f}",
    ]
