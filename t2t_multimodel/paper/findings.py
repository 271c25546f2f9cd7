"""What the records of an experiment say: each comparison's estimate, each sentence's verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from t2t_multimodel.errors import UserError
from t2t_multimodel.evaluate.result import Result
from t2t_multimodel.metrics.score import Score
from t2t_multimodel.metrics.text import is_lower_better
from t2t_multimodel.paper.arithmetic import Estimate, Pair, estimate, together
from t2t_multimodel.paper.experiment import Bar, Comparison, Experiment
from t2t_multimodel.paper.record import Record

Records = Mapping[str, Sequence[Record]]
"""Name of an arm -> its finished runs by seed."""


@dataclass(frozen=True)
class Finding:
    """A comparison and what came of it."""

    comparison: Comparison
    pairs: tuple[Pair, ...]
    """One for each problem."""
    each: tuple[Estimate, ...]
    """Of each problem alone."""
    mean: Estimate
    """Of all of them: the mean relative change."""

    @property
    def holds(self) -> bool | None:
        """Whether the change is surely above the margin."""
        return self.mean.above(self.comparison.margin)


@dataclass(frozen=True)
class Sentence:
    """A claim with the findings that decide it."""

    text: str
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool | None:
        """True or False where that is sure, else None."""
        return together([finding.holds for finding in self.findings])


def sentences_of(
    experiment: Experiment, records: Records, resamples: int
) -> tuple[list[Sentence], list[str]]:
    """The sentences of an experiment that its records decide, and those that still lack a run."""
    found, lacking = [], []
    for text, comparisons in experiment.sentences():
        if all(_is_there(one, records) for one in comparisons):
            findings = tuple(find(one, records, resamples) for one in comparisons)
            found.append(Sentence(text, findings))
        else:
            lacking.append(text)
    return found, lacking


def _is_there(comparison: Comparison, records: Records) -> bool:
    return all(all(_paired(comparison, one, records)) for one in comparison.problems)


def _paired(comparison: Comparison, problem: str, records: Records) -> list[list[Record]]:
    """The runs of each arm whose seed all arms of the comparison have."""
    runs = [list(records.get(name, ())) for name in comparison.arms(problem)]
    seeds = set.intersection(*({record.seed for record in arm} for arm in runs))
    return [[record for record in arm if record.seed in seeds] for arm in runs]


def find(comparison: Comparison, records: Records, resamples: int) -> Finding:
    """The estimate of one comparison.

    Raises:
        UserError: its arms were scored on other examples, or a problem has no bar.
    """
    pairs = tuple(_pair(comparison, problem, records) for problem in comparison.problems)
    each = tuple(estimate([pair], resamples) for pair in pairs)
    mean = each[0] if len(each) == 1 else estimate(pairs, resamples)
    return Finding(comparison, pairs, each, mean)


def _pair(comparison: Comparison, problem: str, records: Records) -> Pair:
    first, *others = _paired(comparison, problem, records)
    results = [record.results[problem] for record in first]
    if isinstance(comparison.second, Bar):
        bar = first[0].classical.get(problem, {})
        score = next((name for name in results[0].measured if name in bar), None)
        if score is None:
            raise UserError(
                f"{problem} has no bar: nobody measured its classical baseline.",
                f"mm-problems baselines {problem} measures it; then remove the records of "
                f"{comparison.first}, which are made again from its runs.",
            )
        return Pair(problem, score, _scores(results, score), bar[score], is_lower_better(score))
    second = [record.results[problem] for record in others[0]]
    score = score_name(results[0], comparison)
    _check_same(results + second, comparison, score)
    return Pair(
        *(problem, score, _scores(results, score), _scores(second, score)),
        is_lower_better(score),
    )


def score_name(result: Result, comparison: Comparison) -> str:
    """The full name of the score that is compared."""
    names = list(result.measured)
    if comparison.score == "log_ppl":
        wanted = [n for n in names if n.endswith("log_ppl") or n.startswith("loss/")]
    else:
        wanted = [n for n in names if result.metrics and n.endswith(result.metrics[0])]
    if not wanted:
        raise UserError(
            f"{result.problem} has no score of the kind {comparison.score}: {', '.join(names)}."
        )
    return wanted[0]


def _scores(results: Sequence[Result], score: str) -> tuple[Score, ...]:
    return tuple(result.measured[score] for result in results)


def _check_same(results: Sequence[Result], comparison: Comparison, score: str) -> None:
    """Raises `UserError` unless all were scored on the same examples of the same records."""
    decoded = score.rpartition("/")[2] in results[0].metrics

    def examples_of(result: Result) -> tuple[object, ...]:
        numbers = [one.number for one in result.outputs] if decoded else result.numbers.tolist()
        return result.split, result.fingerprint, numbers

    if any(examples_of(result) != examples_of(results[0]) for result in results):
        raise UserError(
            f"{results[0].problem}: the runs of {comparison.first} and {comparison.second} were "
            "scored on other examples or other records.",
            "Train both with one --data_dir and one evaluate. section.",
        )
