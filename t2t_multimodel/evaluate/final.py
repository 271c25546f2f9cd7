"""The scores of the final table: all that the config asks for, and nats at a fitted temperature.

Label smoothing teaches a model to be less sure than it could be, which costs it nats beside
baselines that were never smoothed. One temperature of the softmax for each problem, fitted on
another split, removes that (Guo et al. 2017, arXiv 1706.04599); both losses are reported.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from t2t_multimodel.config.evaluate import EvalConfig
from t2t_multimodel.evaluate.evaluator import Evaluator
from t2t_multimodel.evaluate.result import Result, Tempered

TEMPERATURES = tuple(round(float(value), 3) for value in np.geomspace(0.6, 3.0, 29))
"""The temperatures that are tried: below 1 makes the model surer of itself."""


def final_result(
    evaluator: Evaluator,
    how: EvalConfig,
    name: str,
    split: str | None = None,
    shuffle_sources: bool = False,
) -> Result:
    """Scores one problem for the final table.

    Args:
        evaluator: of the model.
        how: what is scored.
        name: problem.
        split: in place of `how.final_split`.
        shuffle_sources: see `Evaluator.evaluate`. The temperature is fitted with true sources.
    """
    result = evaluator.evaluate(
        name,
        split or how.final_split,
        how.final_examples,
        how.decode_examples,
        shuffle_sources,
    )
    if not how.temperature_examples or result.loss:
        return result
    fitted_on, nats = evaluator.nats_at(name, how.split, how.temperature_examples, TEMPERATURES)
    if fitted_on == result.split:  # the problem has no other split to fit on
        return result
    best = TEMPERATURES[int(nats.sum(axis=0).argmin())]
    scored = evaluator.nats_at(name, result.split, how.final_examples, (best,), shuffle_sources)
    tempered = Tempered(best, fitted_on, len(nats), scored[1][:, 0])
    return dataclasses.replace(result, tempered=tempered)
