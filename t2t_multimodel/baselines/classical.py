"""Classical bars: what a simple method reaches that sees the sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from t2t_multimodel.baselines.bracket_table import BracketTable
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.features import Audio, ClassLabel, Feature, Image, Text, Tokenizer
from t2t_multimodel.features.audio import log_mel
from t2t_multimodel.metrics.brackets import between_leaves
from t2t_multimodel.registry import metrics

MOST_TRAIN = 50_000
"""Train examples that a bar learns from; of larger splits these many, evenly spaced."""
MOST_SIDE = 32
"""Pixels of the longer side of an image; larger images are averaged down to it."""
FRAMES = 128
"""Log-mel frames of an utterance; all are stretched to it."""


def classical_baseline(prepared: Prepared, split: str) -> tuple[str, dict[str, float]]:
    """The bar of a problem on one split.

    Class labels: logistic regression. Trees (of a problem with the metric bracket_f1): a
    `BracketTable`. Other text: the target of the nearest train source. Sources are compared by
    TF-IDF of words and pairs of words, by pixels, or by log-mel frames.

    Returns:
        What was done, and the scores by name.
    """
    problem = prepared.problem
    trained_on = evenly(len(prepared.dataset("train")), MOST_TRAIN)
    sources, targets = _examples(prepared, "train", trained_on)
    targets = [t[0] if isinstance(t, tuple) else t for t in targets]
    test_sources, test_targets = _examples(prepared, split)
    outputs: list[Any]
    if "bracket_f1" in problem.metrics and _leaves_are_words(sources, targets):
        table = BracketTable(sources, targets)
        method = "brackets looked up by the words around them"
        outputs = [table.tree(source) for source in test_sources]
    else:
        vectors, test_vectors, seen_as = _vectors(problem.inputs, sources, test_sources)
        if isinstance(problem.targets, ClassLabel):
            method = f"logistic regression on {seen_as}"
            outputs = _rankings(vectors, targets, test_vectors, problem.targets.size)
        else:
            method = f"target of the nearest train source by {seen_as}"
            outputs = [targets[i] for i in _nearest(vectors, test_vectors)]
    learned_from = f"{method}; {len(trained_on):,} train examples"
    return learned_from, decoded_scores(prepared, test_targets, outputs)


def decoded_scores(
    prepared: Prepared, targets: Sequence[Any], outputs: Sequence[Any]
) -> dict[str, float]:
    """The problem's own metrics; for class labels top1 and top5 in any case.

    Args:
        prepared: a problem.
        targets: as `metric_target` makes them.
        outputs: texts, or class numbers ranked best first.
    """
    names: tuple[str, ...] = prepared.problem.metrics
    prefix = "decoded/"
    if isinstance(prepared.problem.targets, ClassLabel):
        names, prefix = ("top1", "top5", *names), ""
    return {
        prefix + name: float(metrics.get(name)(targets, outputs)) for name in dict.fromkeys(names)
    }


def evenly(n: int, most: int) -> np.ndarray:
    """Chooses at most `most` of the numbers below n, evenly spaced: int [min(n, most)]."""
    return np.linspace(0, n - 1, min(n, most)).astype(int)


def metric_target(feature: Feature, array: np.ndarray, tokenizer: Tokenizer | None) -> Any:
    """A stored target as the metrics take it: class number, string, or strings as a tuple."""
    if isinstance(feature, ClassLabel):
        return int(array)
    texts = feature.references(array, tokenizer)
    return texts if len(texts) > 1 else texts[0]


def metric_targets(prepared: Prepared, arrays: Sequence[np.ndarray]) -> list[Any]:
    """Stored targets as the metrics take them."""
    tokenizer = prepared.problem.tokenizer("targets", dict(prepared.tokenizers))
    return [metric_target(prepared.problem.targets, array, tokenizer) for array in arrays]


def _examples(
    prepared: Prepared, split: str, rows: np.ndarray | None = None
) -> tuple[list[Any], list[Any]]:
    """Sources, as strings or vectors, and targets as metrics take them."""
    problem, dataset = prepared.problem, prepared.dataset(split)
    tokenizer = problem.tokenizer("inputs", dict(prepared.tokenizers))
    sources, targets = [], []
    for row in range(len(dataset)) if rows is None else rows:
        example = dataset[int(row)]
        source = problem.inputs.decode(example["inputs"], tokenizer)
        sources.append(source if isinstance(source, str) else _vector(problem.inputs, source))
        targets.append(example["targets"])
    return sources, metric_targets(prepared, targets)


def _vector(feature: Any, source: np.ndarray) -> np.ndarray:
    """An image or a sound, float32 [dimensions]."""
    if isinstance(feature, Image):
        return _pixels(source)
    assert isinstance(feature, Audio)
    return _frames(source if source.ndim == 2 else log_mel(source, feature.rate, n_mels=40))


def _leaves_are_words(sources: list[Any], trees: list[str]) -> bool:
    return all(
        isinstance(source, str) and len(source.split()) + 1 == len(between_leaves(tree))
        for source, tree in zip(sources, trees, strict=True)
    )


def _vectors(feature: Any, sources: list[Any], test_sources: list[Any]) -> tuple[Any, Any, str]:
    """Matrices [examples, dimensions] of train and test sources, and what they show."""
    if isinstance(feature, Text):
        from sklearn.feature_extraction.text import TfidfVectorizer

        words = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]+", ngram_range=(1, 2))
        return words.fit_transform(sources), words.transform(test_sources), "TF-IDF of words"
    seen_as = "pixels" if isinstance(feature, Image) else "log-mel frames"
    train, test = np.stack(sources), np.stack(test_sources)
    mean = train.mean(axis=0)
    return train - mean, test - mean, seen_as


def _pixels(image: np.ndarray) -> np.ndarray:
    """uint8 [H, W, C] to float32 [pixels] in 0 to 1, at most `MOST_SIDE` on a side."""
    step = -(-max(image.shape[:2]) // MOST_SIDE)
    height, width, channels = image.shape[0] // step, image.shape[1] // step, image.shape[2]
    blocks = image[: height * step, : width * step].reshape(height, step, width, step, channels)
    return blocks.mean(axis=(1, 3), dtype=np.float32).reshape(-1) / 255


def _frames(frames: np.ndarray) -> np.ndarray:
    """Log-mel [T, mels] to [FRAMES * mels], stretched or squeezed in time."""
    at = np.linspace(0, len(frames) - 1, FRAMES)
    before = at.astype(int)
    after = np.minimum(before + 1, len(frames) - 1)
    share = (at - before)[:, None].astype(np.float32)
    return (frames[before] * (1 - share) + frames[after] * share).reshape(-1)


def _nearest(vectors: Any, test_vectors: Any) -> np.ndarray:
    """Finds for each test vector the row of the nearest vector: int [tests]."""
    from sklearn.metrics import pairwise_distances_argmin

    return pairwise_distances_argmin(test_vectors, vectors)


def _rankings(vectors: Any, labels: list[int], test_vectors: Any, classes: int) -> list[np.ndarray]:
    """Ranks all class numbers for each test vector, best first, by logistic regression."""
    from scipy.sparse import issparse
    from sklearn.linear_model import LogisticRegression

    strength = 10.0 if issparse(vectors) else 0.1
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(vectors, labels)
    prob = np.full((test_vectors.shape[0], classes), -1.0)  # classes without examples come last
    prob[:, model.classes_] = model.predict_proba(test_vectors)
    return list(np.argsort(-prob, axis=1, kind="stable"))
