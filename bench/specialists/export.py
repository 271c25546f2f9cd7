"""Writes the records of a problem as one npz file, see `records.load`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.features import Feature, Text
from t2t_multimodel.features.base import Tokenizer


def export(prepared: Prepared, split: str, decoded: np.ndarray, path: Path) -> None:
    """Writes the train split and one other.

    Args:
        prepared: the problem with its records.
        split: the one that is scored.
        decoded: int [n], numbers of the examples that are decoded.
        path: of the npz file.
    """
    signature = prepared.signature
    arrays = {
        "decoded": decoded,
        "input_size": np.asarray(signature.inputs.size),
        "target_size": np.asarray(signature.targets.size),
        "shared": np.asarray(signature.inputs.identity == signature.targets.identity),
        "longest": np.asarray(signature.targets.max_length),
    }
    tokenizer = prepared.problem.tokenizer("targets", dict(prepared.tokenizers))
    for part, name in (("train", "train"), ("test", split)):
        dataset = prepared.dataset(name)
        for side, feature in prepared.problem.features.items():
            found = [feature.model_input(dataset[i][side]) for i in range(len(dataset))]
            arrays |= _packed(f"{part}/{side}", found, feature)
        arrays[f"{part}/texts"] = np.asarray(_texts(dataset, prepared.problem.targets, tokenizer))
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _texts(dataset: DataSet, feature: Feature, tokenizer: Tokenizer | None) -> list[str]:
    if not isinstance(feature, Text):
        return []
    return [feature.decode(dataset[i]["targets"], tokenizer) for i in range(len(dataset))]


def _packed(name: str, arrays: list[np.ndarray], feature: Feature) -> dict[str, np.ndarray]:
    """Arrays of one shape are stacked; others lie one behind the other, with their lengths."""
    if not feature.varies:
        return {name: np.stack(arrays)}
    return {
        name: np.concatenate(arrays),
        f"{name}_lengths": np.asarray([len(array) for array in arrays]),
    }
