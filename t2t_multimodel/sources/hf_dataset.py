"""HuggingFaceDataset: what the package `datasets` reads, from its own folders or from files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel.errors import UserError, foreign
from t2t_multimodel.problem import Problem
from t2t_multimodel.raw_files import data_files
from t2t_multimodel.sources.naming import ending, tells
from t2t_multimodel.sources.values import cell_of, value_of

READERS = {
    "json": "json",
    "jsonl": "json",
    "parquet": "parquet",
    "csv": "csv",
    "arrow": "arrow",
}
"""Ending of a file -> the reader of `datasets` for it."""


class HuggingFaceDataset(Problem):
    """A data set of Hugging Face `datasets`: `pip install 't2t-multimodel[hf]'`.

        @register_problem("my_ende")
        class MyEnDe(HuggingFaceDataset):
            '''English to German.'''
            inputs = targets = Text()
            feature_map = {"inputs": "translation.en", "targets": "translation.de"}

    `--raw_dir` is a folder of `save_to_disk`, or holds `train.parquet`, `test.jsonl` and the like.
    Nothing is downloaded here. Define `load` for a data set from elsewhere, such as
    `datasets.load_dataset("wmt14", "de-en")[self.split_map[split]]`.
    """

    split_map: ClassVar[Mapping[str, str]] = {}
    """Split -> that of the data set, where the two are not called the same."""
    feature_map: ClassVar[Mapping[str, str]]
    """`inputs` and `targets` -> column; `translation.en` is a field inside of one."""

    def load(self, split: str, raw_dir: Path | None) -> Any:
        """The rows of a split.

        Raises:
            UserError: there are none, or the package `datasets` is not installed.
        """
        datasets = _datasets()
        if raw_dir is None:
            raise UserError(
                f"Problem {self.name!r} is read from files, but their folder is not given.",
                fix=f"Give --raw_dir={self.name}:FOLDER.",
            )
        name = self.split_map.get(split, split)
        if (raw_dir / "dataset_dict.json").exists():
            return _row_of_dict(datasets.load_from_disk(str(raw_dir)), name, raw_dir)
        if (raw_dir / name / "state.json").exists():
            return datasets.load_from_disk(str(raw_dir / name))
        files = [path for path in data_files(raw_dir) if ending(path) in READERS]
        files = [path for path in files if tells(path.relative_to(raw_dir).parts[0], name)]
        kinds = {READERS[ending(path)] for path in files}
        if len(kinds) != 1:
            raise UserError(
                f"{raw_dir} holds {'no' if not files else 'several kinds of'} files of {name}.",
                fix=f"Save one there: {name}.parquet, {name}.jsonl or {name}.csv, or a folder of "
                "save_to_disk.",
            )
        listed = {name: [str(path) for path in files]}
        return datasets.load_dataset(kinds.pop(), data_files=listed, split=name)

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """The rows of a split in their order.

        Raises:
            UserError: they cannot be read, or lack a column.
        """
        told = f"Problem {self.name!r}: the package datasets cannot read {split}"
        with foreign(lambda why: UserError(f"{told}: {why}.")):
            rows = self.load(split, raw_dir)
        names = {side: self.feature_map[side] for side in ("inputs", "targets")}
        columns = list(rows.features)
        for name in names.values():
            if name not in columns and name.split(".")[0] not in columns:
                raise UserError(
                    f"Problem {self.name!r}: the data set has no column {name!r}; it has "
                    f"{', '.join(columns)}."
                )
        rows = _undecoded(rows)
        for number, row in enumerate(rows):
            example: dict[str, Any] = {"origin": f"{split} {number}"}
            for side, name in names.items():
                cell = _plain(cell_of(row, name), self.features[side], rows.features.get(name))
                example[side] = value_of(self.features[side], cell)
            yield example


def _datasets() -> Any:
    try:
        import datasets
    except ImportError:
        raise UserError(
            "Data sets of Hugging Face need the package datasets, which is not installed.",
            "pip install 't2t-multimodel[hf]'",
        ) from None
    return datasets


def _row_of_dict(found: Any, name: str, folder: Path) -> Any:
    if name not in found:
        raise UserError(
            f"The data set in {folder} has no split {name!r}; it has {', '.join(found)}.",
            fix=f'Write e.g. split_map = {{"{name}": "{next(iter(found), "train")}"}}.',
        )
    return found[name]


def _undecoded(rows: Any) -> Any:
    """The rows with pictures and sounds as files, which `Image` and `Audio` read themselves."""
    for name, kind in list(rows.features.items()):
        if type(kind).__name__ in ("Image", "Audio") and hasattr(kind, "decode"):
            rows = rows.cast_column(name, type(kind)(decode=False))
    return rows


def _plain(cell: Any, feature: Any, kind: Any) -> Any:
    """A picture or sound as bytes or a path; a class as its name, where the feature has names."""
    if isinstance(cell, Mapping) and "bytes" in cell and "path" in cell:
        return cell["bytes"] or cell["path"]
    if getattr(feature, "names", ()) and hasattr(kind, "int2str") and isinstance(cell, int):
        return kind.int2str(cell)
    return cell
