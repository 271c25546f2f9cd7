"""DataSet: the encoded examples of one split, read at random."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel.data import example_proto
from t2t_multimodel.data.records import REPAIR, RecordFile
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import Feature
from t2t_multimodel.side_files import Damaged, read_json, require


class DataSet:
    """A sequence of examples {"inputs": array, "targets": array}.

    `lengths[feature]` is int [n] without reading any record.
    """

    def __init__(self, folder: Path, split: str, features: dict[str, Feature]) -> None:
        """
        Args:
            folder: of the problem's records, with `<split>.json`.
            split: train, dev, test, ...
            features: the problem's.
        """
        self.features = features
        self.manifest = read_manifest(folder, split)
        self._dtypes = {name: feature.dtype for name, feature in features.items()}
        self._files, lengths = [], []
        for shard in self.manifest["shards"]:
            offsets, of_shard = read_index(folder / f"{shard['file']}.index.npz")
            self._files.append(
                RecordFile(folder / shard["file"], offsets, str(shard.get("sha256", "")))
            )
            lengths.append(of_shard)
        table = np.concatenate(lengths)
        self.lengths = {name: table[:, i] for i, name in enumerate(features)}
        self._first = np.cumsum([0, *map(len, self._files)])

    def __len__(self) -> int:
        return int(self._first[-1])

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        shard = int(np.searchsorted(self._first, index, "right")) - 1
        record = self._files[shard][index - int(self._first[shard])]
        arrays = example_proto.from_bytes(record, self._dtypes)
        return {n: a.reshape(self.features[n].stored_shape()) for n, a in arrays.items()}

    def unit_lengths(self) -> dict[str, np.ndarray]:
        """Measures the longest "tokens", "frames" and "pixels" of each example, by unit.

        Where no feature has a unit, each example counts as one of "examples".
        """
        units: dict[str, list[np.ndarray]] = {}
        for name, feature in self.features.items():
            if unit := feature.unit:
                units.setdefault(unit, []).append(self.lengths[name] // feature.per_unit)
        if not units:
            return {"examples": np.ones(len(self), int)}
        return {unit: np.max(lengths, axis=0) for unit, lengths in units.items()}


def read_manifest(folder: Path, split: str) -> dict[str, Any]:
    """Reads what datagen wrote of a split: examples, rejected, shards, made_from.

    Raises:
        UserError: it is missing or damaged.
    """
    path = folder / f"{split}.json"
    try:
        manifest = read_json(path, ("shards", "examples"))
        require(manifest["shards"], [{"file": str, "bytes": int, "examples": int}])
    except (OSError, ValueError, Damaged) as error:
        raise UserError(f"{path} can not be read: {error}.", REPAIR) from error
    return manifest


def read_index(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Offsets int64 [n + 1] and lengths int32 [n, features] of the records of a shard.

    Raises:
        UserError: the file is missing or damaged.
    """
    try:
        with np.load(path) as index:
            return index["offsets"], index["lengths"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is not a whole index: {error}.", REPAIR) from error
