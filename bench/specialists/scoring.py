"""Scores of all contenders by the project's own metrics, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from t2t_multimodel.config import Config
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.evaluate.bootstrap import Interval, interval
from t2t_multimodel.evaluate.evaluator import Evaluator
from t2t_multimodel.evaluate.result import Output
from t2t_multimodel.metrics import teacher_forced
from t2t_multimodel.metrics.score import Score, score_of
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.registry import metrics

RESAMPLES = 1000
"""Samples of the examples behind each interval."""


@dataclass(frozen=True)
class Measured:
    """A score and how sure it is."""

    value: float
    interval: Interval
    examples: int


Scores = dict[str, Measured]
"""By name: nats a token, top1, `bleu greedy`, `bleu beam 4`."""


def of_model(
    model: MultiModel, prepared: Prepared, config: Config, split: str, decoded: int, beams: int
) -> Scores:
    """The scores of a net of the project.

    Args:
        model: with its weights.
        prepared: the problem with its records.
        config: of the model's run; its `evaluate.beam_size` is not used.
        split: that is scored.
        decoded: examples that are decoded.
        beams: width of the beam search beside greedy search; 1: none.
    """
    name = prepared.problem.name
    found: dict[str, Score] = {}
    for beam in dict.fromkeys((1, beams)):
        evaluate = config.evaluate.replace(beam_size=beam)
        evaluator = Evaluator(model, {name: prepared}, config.replace(evaluate=evaluate))
        if beam == 1:
            result = evaluator.evaluate(name, split)
            forced = teacher_forced.scores_of(result.counts, result.loss)
            found |= {shown(score): one for score, one in forced.items() if shown(score)}
        if prepared.problem.targets.output == "tokens":
            outputs = evaluator.outputs(name, split, decoded)
            found |= dict(_of_outputs(outputs, prepared, search_name(beam)))
    return measured(found)


def of_specialist(
    outputs: Path, prepared: Prepared, split: str, decoded: np.ndarray, beams: int
) -> Scores:
    """The scores of what a specialist put out.

    Args:
        outputs: npz file with `log_prob` and `rank` of every target, one behind the other, if the
            net has sub-words or classes; and with `greedy` and `beam`, int [n, T], or with `texts`.
        prepared: the problem with its records.
        split: that is scored.
        decoded: int [n], the examples that were decoded.
        beams: width of the beam search.
    """
    with np.load(outputs) as file:
        arrays = dict(file)
    found: dict[str, Score] = {}
    if "log_prob" in arrays:
        forced = teacher_forced.scores_of(_counts(arrays, prepared, split))
        found |= {shown(name): score for name, score in forced.items() if shown(name)}
    for search, texts in _texts(arrays, prepared, beams):
        dataset = prepared.dataset(split)
        tokenizer = prepared.problem.tokenizer("targets", dict(prepared.tokenizers))
        pairs = [
            Output(
                int(n),
                prepared.problem.targets.metric_target(dataset[int(n)]["targets"], tokenizer),
                text,
            )
            for n, text in zip(decoded, texts, strict=True)
        ]
        found |= dict(_of_outputs(pairs, prepared, search))
    return measured(found)


def shown(score: str) -> str:
    """The name in the table of a teacher-forced score; "" for those that are left out."""
    return {"teacher_forced/log_ppl": "nats a token", "log_ppl": "nats", "top1": "top1"}.get(
        score, ""
    )


def search_name(beams: int) -> str:
    """`greedy`, or `beam 4`."""
    return f"beam {beams}" if beams > 1 else "greedy"


def measured(scores: Mapping[str, Score]) -> Scores:
    """The scores with their intervals."""
    return {
        name: Measured(score.value, interval(score, RESAMPLES), score.examples)
        for name, score in scores.items()
    }


def _of_outputs(
    outputs: Sequence[Output], prepared: Prepared, search: str
) -> Iterator[tuple[str, Score]]:
    targets, texts = [one.target for one in outputs], [one.output for one in outputs]
    for metric in prepared.problem.metrics:
        yield f"{metric} {search}", score_of(metrics.get(metric), targets, texts)


def _counts(arrays: dict[str, np.ndarray], prepared: Prepared, split: str) -> np.ndarray:
    """`teacher_forced.counts` of the whole split."""
    lengths = prepared.dataset(split).lengths["targets"]
    scores = {name: arrays[name] for name in ("log_prob", "rank")}
    if prepared.problem.targets.output == "tokens":
        real = np.arange(lengths.max()) < lengths[:, None]
        for name, flat in scores.items():
            scores[name] = np.zeros(real.shape, flat.dtype)
            scores[name][real] = flat
    size = prepared.signature.targets.size
    return teacher_forced.counts(scores, {"targets_length": lengths}, size)


def _texts(
    arrays: dict[str, np.ndarray], prepared: Prepared, beams: int
) -> Iterator[tuple[str, Sequence[str]]]:
    """Each search and the texts that it wrote."""
    if "texts" in arrays:
        yield "greedy", [str(text) for text in arrays["texts"]]
    feature = prepared.problem.targets
    tokenizer = prepared.problem.tokenizer("targets", dict(prepared.tokenizers))
    for search in ("greedy", "beam"):
        if search in arrays:
            name = search_name(beams) if search == "beam" else search
            yield name, [feature.metric_output(ids[None], tokenizer) for ids in arrays[search]]
