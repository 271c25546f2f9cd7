"""Classical bars: what a simple method reaches that sees the sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from t2t_multimodel.baselines.bracket_table import BracketTable
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.metrics.brackets import between_leaves
from t2t_multimodel.metrics.text import FIRST
from t2t_multimodel.registry import metrics

MOST_TRAIN = 50_000
"""Train examples that a bar learns from; of larger splits these many, evenly spaced."""


def classical_baseline(prepared: Prepared, split: str) -> tuple[str, dict[str, float]]:
    """The bar of a problem on one split.

    Classes: logistic regression. Values: ridge regression. Trees (of a problem with the metric
    bracket_f1): a `BracketTable`. Other tokens: the target of the nearest train source. Sources
    are compared in the form that `Feature.simple` gives them; texts by TF-IDF of words and pairs
    of words.

    Returns:
        What was done, and the scores by name; no scores if sources have no such form.
    """
    problem = prepared.problem
    trained_on = evenly(len(prepared.dataset("train")), MOST_TRAIN)
    sources, targets = _examples(prepared, "train", trained_on)
    if any(source is None for source in sources):
        return f"not known: {type(problem.inputs).__name__} defines no `simple`", {}
    targets = [t[0] if isinstance(t, tuple) else t for t in targets]
    test_sources, test_targets = _examples(prepared, split)
    outputs: list[Any]
    if "bracket_f1" in problem.metrics and _leaves_are_words(sources, targets):
        table = BracketTable(sources, targets)
        method = "brackets looked up by the words around them"
        outputs = [table.tree(source) for source in test_sources]
    else:
        vectors, test_vectors = _vectors(sources, test_sources)
        seen_as, signature = problem.inputs.seen_as, prepared.signature.targets
        if signature.output == "values":
            known = values_of(prepared, "train", trained_on)
            predicted = _regressed(vectors, known, test_vectors)
            method = f"ridge regression on {seen_as}; {len(trained_on):,} train examples"
            return method, value_scores(prepared, split, predicted)
        if signature.output == "classes":
            method = f"logistic regression on {seen_as}"
            outputs = _rankings(vectors, targets, test_vectors, signature.size)
        else:
            method = f"target of the nearest train source by {seen_as}"
            outputs = [targets[i] for i in _nearest(vectors, test_vectors)]
    learned_from = f"{method}; {len(trained_on):,} train examples"
    return learned_from, decoded_scores(prepared, test_targets, outputs)


def decoded_scores(
    prepared: Prepared, targets: Sequence[Any], outputs: Sequence[Any]
) -> dict[str, float]:
    """The problem's own metrics; for classes top1 in any case, and of more than five top5.

    Args:
        prepared: a problem.
        targets: as `Feature.metric_target` makes them.
        outputs: as `Feature.metric_output` makes them.
    """
    names: tuple[str, ...] = prepared.problem.metrics
    prefix = "decoded/"
    if prepared.signature.targets.output == "classes":
        ranked = ("top1", "top5") if prepared.signature.targets.size > FIRST else ("top1",)
        names, prefix = (*ranked, *names), ""
    return {
        prefix + name: float(metrics.get(name)(targets, outputs)) for name in dict.fromkeys(names)
    }


def values_of(
    prepared: Prepared, split: str, rows: Sequence[int] | np.ndarray | None = None
) -> np.ndarray:
    """Targets of a split that are values, as the model takes them: float64 [examples, ...]."""
    dataset, feature = prepared.dataset(split), prepared.problem.targets
    chosen = range(len(dataset)) if rows is None else rows
    arrays = [feature.model_input(dataset[int(row)]["targets"]) for row in chosen]
    return np.stack(arrays).astype(np.float64)


def value_scores(prepared: Prepared, split: str, predicted: np.ndarray) -> dict[str, float]:
    """The scores of predicted values [examples of the split, ...]: their squared error, metrics."""
    problem, targets = prepared.problem, values_of(prepared, split)
    tokenizer = problem.tokenizer("targets", dict(prepared.tokenizers))
    dataset, dtype = prepared.dataset(split), prepared.signature.targets.dtype
    known = metric_targets(prepared, [dataset[i]["targets"] for i in range(len(dataset))])
    outputs = [
        problem.targets.metric_output(one[None].astype(dtype), tokenizer) for one in predicted
    ]
    squared_error = float(np.square(predicted - targets).mean())
    return {"loss/squared_error": squared_error, **decoded_scores(prepared, known, outputs)}


def evenly(n: int, most: int) -> np.ndarray:
    """Chooses at most `most` of the numbers below n, evenly spaced: int [min(n, most)]."""
    return np.linspace(0, n - 1, min(n, most)).astype(int)


def metric_targets(prepared: Prepared, arrays: Sequence[np.ndarray]) -> list[Any]:
    """Stored targets as the metrics take them."""
    tokenizer = prepared.problem.tokenizer("targets", dict(prepared.tokenizers))
    return [prepared.problem.targets.metric_target(array, tokenizer) for array in arrays]


def _examples(
    prepared: Prepared, split: str, rows: np.ndarray | None = None
) -> tuple[list[Any], list[Any]]:
    """Sources, as simple methods see them, and targets as metrics take them."""
    problem, dataset = prepared.problem, prepared.dataset(split)
    tokenizer = problem.tokenizer("inputs", dict(prepared.tokenizers))
    sources, targets = [], []
    for row in range(len(dataset)) if rows is None else rows:
        example = dataset[int(row)]
        sources.append(problem.inputs.simple(problem.inputs.decode(example["inputs"], tokenizer)))
        targets.append(example["targets"])
    return sources, metric_targets(prepared, targets)


def _leaves_are_words(sources: list[Any], trees: list[str]) -> bool:
    return all(
        isinstance(source, str) and len(source.split()) + 1 == len(between_leaves(tree))
        for source, tree in zip(sources, trees, strict=True)
    )


def _vectors(sources: list[Any], test_sources: list[Any]) -> tuple[Any, Any]:
    """Matrices [examples, dimensions] of train and test sources."""
    if isinstance(sources[0], str):
        from sklearn.feature_extraction.text import TfidfVectorizer

        words = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]+", ngram_range=(1, 2))
        return words.fit_transform(sources), words.transform(test_sources)
    train, test = np.stack(sources), np.stack(test_sources)
    mean = train.mean(axis=0)
    return train - mean, test - mean


def _nearest(vectors: Any, test_vectors: Any) -> np.ndarray:
    """Finds for each test vector the row of the nearest vector: int [tests]."""
    from sklearn.metrics import pairwise_distances_argmin

    return pairwise_distances_argmin(test_vectors, vectors)


def _regressed(vectors: Any, values: np.ndarray, test_vectors: Any) -> np.ndarray:
    """Values [tests, ...] that a linear map of the vectors gives."""
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=1.0).fit(vectors, values.reshape(len(values), -1))
    return np.asarray(model.predict(test_vectors)).reshape(-1, *values.shape[1:])


def _rankings(vectors: Any, labels: list[int], test_vectors: Any, classes: int) -> list[np.ndarray]:
    """Ranks all class numbers for each test vector, best first, by logistic regression."""
    from scipy.sparse import issparse
    from sklearn.linear_model import LogisticRegression

    strength = 10.0 if issparse(vectors) else 0.1
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(vectors, labels)
    prob = np.full((test_vectors.shape[0], classes), -1.0)  # classes without examples come last
    prob[:, model.classes_] = model.predict_proba(test_vectors)
    return list(np.argsort(-prob, axis=1, kind="stable"))
