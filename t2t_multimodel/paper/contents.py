"""The page of experiments: sentences first, then what they rest on."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from t2t_multimodel.evaluate.bootstrap import Interval
from t2t_multimodel.paper.arithmetic import VERDICTS, Estimate, MeanScore
from t2t_multimodel.paper.experiment import Experiment
from t2t_multimodel.paper.findings import Finding, Records, Sentence
from t2t_multimodel.paper.made import made_with
from t2t_multimodel.paper.record import Record
from t2t_multimodel.paper.shown import parts_of
from t2t_multimodel.report.figures import Span, draw_spans
from t2t_multimodel.report.page import (
    Figure,
    Media,
    Page,
    PageBlock,
    PageSection,
    Paragraph,
    Table,
)


@dataclass(frozen=True)
class Outcome:
    """An experiment with what was found."""

    experiment: Experiment
    sentences: list[Sentence]
    lacking: list[str]
    """Sentences for which runs are missing."""


def page_of(
    title: str, outcomes: Sequence[Outcome], records: Records, command: str, caution: str = ""
) -> Page:
    """The whole page.

    Args:
        title: its heading.
        outcomes: of each experiment.
        records: of all their runs.
        command: makes the page again.
        caution: what is said before anything else.
    """
    every = [record for runs in records.values() for record in runs]
    sections = [_claims(outcomes, caution), _how_to_read(every)]
    sections += [_section(outcome, records) for outcome in outcomes]
    return Page(title, [*sections, made_with(every, command)])


def _claims(outcomes: Sequence[Outcome], caution: str) -> PageSection:
    rows = [
        (sentence.text, VERDICTS[sentence.holds], "; ".join(map(_behind, sentence.findings)))
        for outcome in outcomes
        for sentence in outcome.sentences
    ]
    lacking = [(text, "not trained yet", "") for one in outcomes for text in one.lacking]
    columns = ("sentence", "verdict", "change, 95 % interval")
    before = [Paragraph(caution)] if caution else []
    return PageSection("What holds", [*before, Table(columns, [*rows, *lacking])])


def _behind(finding: Finding) -> str:
    """The number behind a verdict."""
    comparison = finding.comparison
    margin = f", wanted above {comparison.margin:+.1%}" if comparison.margin else ""
    other = comparison.second if isinstance(comparison.second, str) else "bar"
    return f"{comparison.first} against {other}: {estimate_text(finding.mean)}{margin}"


def estimate_text(found: Estimate) -> str:
    """The estimate with its interval, and with the spread over seeds where there are several."""
    low, high = found.interval
    spread = "" if found.spread is None else f", over seeds ±{found.spread:.1%}"
    return f"{_percent(found.value)} [{_percent(low)}, {_percent(high)}]{spread}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.1%}"


def _how_to_read(records: Sequence[Record]) -> PageSection:
    seeds = len({record.seed for record in records})
    over = (
        "There is one seed only: nothing is said of the spread over seeds, and another seed may "
        "come out otherwise."
        if seeds < 2
        else f"Scores are means over {seeds} seeds; ± is the standard deviation over them."
    )
    text = (
        "A change is relative: how much better the first arm is than the second, as a part of the "
        "second's score, so that +5 % of a log-perplexity means that it is 5 % lower. Over "
        "several problems it is the mean of their changes. Intervals: paired bootstrap over the "
        "test examples. A sentence holds where the whole interval, and each seed alone, lies "
        "above its margin; it does not hold where all of that lies below; else these runs can "
        "not tell."
    )
    return PageSection("How to read it", [Paragraph(text), Paragraph(over)])


def _section(outcome: Outcome, records: Records) -> PageSection:
    experiment = outcome.experiment
    blocks: list[PageBlock] = []
    findings = [finding for sentence in outcome.sentences for finding in sentence.findings]
    if findings:
        blocks.append(_picture(findings))
        blocks.append(Table(_COMPARED, [row for one in findings for row in _compared(one)]))
    scores = list(_score_rows(experiment, records))
    if scores:
        blocks.append(Table(_SCORES, scores))
    first = next((records[name][0] for name in _names(experiment)[:1] if name in records), None)
    if first is not None:
        blocks += parts_of(experiment.shows, first)
    blocks += map(Paragraph, experiment.notes)
    blocks.append(
        Table(_ARMS, [_arm_row(name, experiment, records) for name in _names(experiment)])
    )
    return PageSection(experiment.title or experiment.name, blocks)


def _picture(findings: Sequence[Finding]) -> Figure:
    """Each comparison on each problem with its interval; right of 0 the first arm is better."""
    spans = []
    for finding in findings:
        for pair, found in zip(finding.pairs, finding.each, strict=True):
            first, second = [*finding.comparison.arms(pair.problem), "bar"][:2]
            name = f"{first} against {second}, {pair.problem}"
            values = (100 * value for value in (found.value, *found.interval))
            spans.append(Span(name, *values))
    words = "change in %, 95 % interval; above 0 the first is better"
    return Figure(Media("image/png", draw_spans(spans, words), words))


_COMPARED = (
    "problem",
    "score",
    "n",
    "first",
    "",
    "second",
    "",
    "change",
    "95 % interval",
    "seeds ±",
)


def _compared(finding: Finding) -> Iterator[tuple[str, ...]]:
    comparison = finding.comparison
    for pair, found in zip(finding.pairs, finding.each, strict=True):
        names = [*comparison.arms(pair.problem), "bar"][:2]
        first, second = pair.means()
        examples = f"{pair.first[0].examples:,}"
        yield (
            *(pair.problem, pair.score, examples, names[0], f"{first:.4g}", names[1]),
            *(f"{second:.4g}", *_estimate_cells(found)),
        )
    if len(finding.pairs) > 1:
        names = [comparison.first, str(comparison.second)]
        yield ("mean", "", "", names[0], "", names[1], "", *_estimate_cells(finding.mean))


def _estimate_cells(found: Estimate) -> tuple[str, str, str]:
    low, high = found.interval
    spread = "" if found.spread is None else f"{found.spread:.1%}"
    return _percent(found.value), f"{_percent(low)} to {_percent(high)}", spread


_SCORES = (
    "problem",
    "score",
    "arm",
    "n",
    "mean",
    "95 % interval",
    "seeds ±",
    "source-blind",
    "bar",
)


def _score_rows(experiment: Experiment, records: Records) -> Iterator[tuple[str, ...]]:
    """All scores of all arms, by problem, so that arms stand below each other."""
    problems = dict.fromkeys(p for one in experiment.comparisons for p in one.problems)
    for problem in problems:
        own = {
            name: runs
            for name in _names(experiment)
            if (runs := records.get(name)) and problem in runs[0].results
        }
        scores = {
            name: runs[0].results[problem].measured for name, runs in own.items()
        }  # an arm that decodes nothing has fewer
        for score in dict.fromkeys(score for known in scores.values() for score in known):
            for name, runs in own.items():
                if score in scores[name]:
                    yield (problem, score, name, *_score_cells(runs, problem, score))


def _score_cells(runs: Sequence[Record], problem: str, score: str) -> tuple[str, ...]:
    mean = MeanScore([record.results[problem].measured[score] for record in runs])
    row = runs[0].row_of[problem]
    values = [one.value for one in mean.scores]
    low, high = _interval(runs, problem, score)
    spread = f"{statistics.stdev(values):.2g}" if len(values) > 1 else ""
    blind, bar = (
        f"{known[score]:.4g}" if score in known else "-"
        for known in (row["source_blind_baseline"], runs[0].classical.get(problem, {}))
    )
    texts = f"{mean.examples:,}", f"{mean.value:.4g}", f"{low:.4g} to {high:.4g}"
    return (*texts, spread, blind, bar)


def _interval(runs: Sequence[Record], problem: str, score: str) -> Interval:
    """The mean of the runs' intervals, each of which is over the same examples."""
    each = [record.row_of[problem]["intervals"][score] for record in runs]
    low, high = (statistics.fmean(ends) for ends in zip(*each, strict=True))
    return low, high


_ARMS = ("arm", "problems", "settings", "steps", "micro-batches", "runs", "CPU minutes", "what for")


def _names(experiment: Experiment) -> list[str]:
    return [arm.name for arm in experiment.arms]


def _arm_row(name: str, experiment: Experiment, records: Records) -> tuple[str, ...]:
    arm, runs = experiment.arm(name), records.get(name, ())
    about = (name, " ".join(arm.problems), arm.settings or "-")
    if not runs:
        return (*about, "-", "-", "0", "-", arm.note)
    config = runs[0].parsed
    minutes = sum(record.cpu_seconds for record in runs) / 60
    batches = config.train.steps * config.batches_per_step
    figures = f"{config.train.steps:,}", f"{batches:,}", str(len(runs)), f"{minutes:.1f}"
    return (*about, *figures, arm.note)
