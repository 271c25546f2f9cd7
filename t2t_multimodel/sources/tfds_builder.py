"""TfdsBuilder: any data set that TensorFlow Datasets has prepared, by its name or its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from t2t_multimodel.errors import UserError, foreign
from t2t_multimodel.features import Audio, Feature
from t2t_multimodel.problem import Problem
from t2t_multimodel.raw_files import data_files
from t2t_multimodel.sources.values import cell_of, value_of


class TfdsBuilder(Problem):
    """Examples of a builder, which must have been prepared: nothing is downloaded here.

        @register_problem("my_mnist")
        class MyMnist(TfdsBuilder):
            '''Digits.'''
            builder = "mnist"
            inputs, targets = Image(28, 28, 1), ClassLabel(10)
            feature_map = {"inputs": "image", "targets": "label"}

    `--raw_dir` is the folder that TensorFlow Datasets calls `data_dir`. Without a name in `builder`
    it is the folder of the data set itself (`builder_from_directory`), which holds
    `dataset_info.json`. Define `make_builder` for another one, such as `tfds.ImageFolder(raw_dir)`.
    """

    builder: ClassVar[str] = ""
    """Name as for `tfds.builder`, such as "mnist" or "wmt19_translate/de-en:1.0.0"."""
    split_map: ClassVar[Mapping[str, str]] = {"train": "train", "test": "test"}
    """Split -> that of the builder, in its notation: {"dev": "train[:5%]"}."""
    feature_map: ClassVar[Mapping[str, str]]
    """`inputs` and `targets` -> feature of the builder; `translation.en` is one inside another."""

    def make_builder(self, raw_dir: Path) -> Any:
        """The builder. Raises whatever TensorFlow Datasets raises where there is none."""
        import tensorflow_datasets as tfds

        if self.builder:
            return tfds.builder(self.builder, data_dir=raw_dir)
        return tfds.builder_from_directory(raw_dir)

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """The examples of a split in the order of the builder's files.

        Raises:
            UserError: the data set is not there, or lacks a split or a feature.
        """
        import tensorflow_datasets as tfds

        made = self._made(raw_dir)
        names = {side: self.feature_map[side] for side in ("inputs", "targets")}
        for name in names.values():
            _look_up(made.info.features, name, self.name)
        if split not in self.split_map:
            raise UserError(
                f"split_map of problem {self.name!r} names no split {split}.",
                fix=f'Write e.g. split_map = {{"{split}": "{split}"}}.',
            )
        told = f"Problem {self.name!r}: TensorFlow Datasets cannot read {self.split_map[split]}"
        with foreign(lambda why: UserError(f"{told}: {why}.")):
            rows = made.as_dataset(
                split=self.split_map[split],
                shuffle_files=False,
                decoders=_undecoded(made.info.features, names),
                read_config=tfds.ReadConfig(interleave_cycle_length=1),
            )
        for number, row in enumerate(tfds.as_numpy(rows)):
            example = {"origin": f"{split} {number}"}
            for side, name in names.items():
                kind = _look_up(made.info.features, name, self.name)
                cell = _plain(cell_of(row, name), self.features[side], kind)
                example[side] = value_of(self.features[side], cell)
            yield example

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The files of the data set."""
        return data_files(Path(self._made(raw_dir).data_path))

    def _made(self, raw_dir: Path | None) -> Any:
        if raw_dir is None:
            raise UserError(
                f"Problem {self.name!r} is read from a data set of TensorFlow Datasets, but its "
                "folder is not given.",
                fix=f"Give --raw_dir={self.name}:FOLDER.",
            )
        told = f"Problem {self.name!r}: TensorFlow Datasets finds no data set in {raw_dir}"
        with foreign(lambda why: UserError(f"{told}: {why}.")):
            made = self.make_builder(raw_dir)
        if not made.info.splits:
            raise UserError(
                f"{told}: {made.info.full_name} is not prepared there.",
                fix=f"tfds build {self.builder or made.info.full_name} --data_dir={raw_dir}",
            )
        return made


def _look_up(features: Any, name: str, problem: str) -> Any:
    """The feature of a builder. Raises UserError where it has no such."""
    here = features
    for part in [name] if name in features else name.split("."):
        if not hasattr(here, "keys") or part not in here:
            raise UserError(
                f"Problem {problem!r}: the data set has no feature {name!r}; "
                f"it has {', '.join(sorted(features))}."
            )
        here = here[part]
    return here


def _undecoded(features: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """Pictures stay files, so that they may be of any size until `Image` resizes them."""
    import tensorflow_datasets as tfds

    return {
        name: tfds.decode.SkipDecoding()
        for name in names.values()
        if name in features and isinstance(features[name], tfds.features.Image)
    }


def _plain(cell: Any, feature: Feature, kind: Any) -> Any:
    """A value of numpy as those of files are: sounds with their rate, classes as names."""
    if isinstance(feature, Audio) and isinstance(cell, np.ndarray):
        if cell.dtype.kind in "iu":  # 16 bits, whatever the type that holds them
            cell = cell.astype(np.float32) / 32768
        return cell, getattr(kind, "sample_rate", None) or feature.rate
    if getattr(feature, "names", ()) and hasattr(kind, "int2str"):
        return kind.int2str(int(cell))
    return cell
