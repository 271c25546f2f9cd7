"""Data sets that TensorFlow Datasets has prepared, read from the user's copy and never fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel.problems.formats.parallel import LinePair, text_of


def prepared_version(folder: Path, name: str) -> Path | None:
    """The newest version of a prepared data set: `folder/name/1.0.0`; None if there is none.

    Args:
        folder: as TFDS calls it, the `data_dir`.
        name: data set and config, e.g. "wmt14_translate/de-en".
    """
    versions = [path.parent for path in folder.glob(f"{name}/*/dataset_info.json")]
    return max(versions, key=lambda path: _numbers(path.name), default=None)


def splits_of(version: Path) -> list[str]:
    """Names of the splits that were prepared."""
    return sorted(_builder(version).info.splits)


def translation_pairs(version: Path, split: str, source: str, target: str) -> Iterator[LinePair]:
    """The pairs of a split of a translation data set, in the order of its records.

    Args:
        version: as `prepared_version` found it.
        split: as TFDS calls it: train, validation, test.
        source, target: languages, keys of the examples.
    """
    import tensorflow_datasets as tfds

    in_order = tfds.ReadConfig(interleave_cycle_length=1)
    dataset = _builder(version).as_dataset(split=split, shuffle_files=False, read_config=in_order)
    for number, example in enumerate(tfds.as_numpy(dataset), start=1):
        yield LinePair(number, text_of(example[source]), text_of(example[target]))


def _builder(version: Path) -> Any:
    import tensorflow_datasets as tfds

    return tfds.builder_from_directory(version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
