"""Table: a row of a file is an example, and two columns of it are the input and the target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel.features import Feature, Text
from t2t_multimodel.sources.naming import file_of_split, with_ending
from t2t_multimodel.sources.split_files import Rows, SplitFiles
from t2t_multimodel.sources.table_files import ENDINGS, read_rows
from t2t_multimodel.sources.values import cell_of, value_of


class Table(SplitFiles):
    """CSV, TSV or JSON lines with named columns: `train.csv`, `dev.csv`, `test.csv`.

        @register_problem("reviews")
        class Reviews(Table):
            '''Reviews to what they say of the film.'''
            source, target = "text", "label"
            targets = ClassLabel(names=("bad", "good"))
            metrics = ("top1",)

    A column may hold texts, names or numbers of classes, paths of pictures and sounds (relative to
    the file), or anything that the feature reads by `parse`. With shares in `held_out` one file of
    any name is enough.
    """

    inputs: ClassVar[Feature] = Text()
    targets: ClassVar[Feature] = Text()
    source: ClassVar[str]
    """Column of the inputs; `meta.title` is a field inside of another one, for JSON."""
    target: ClassVar[str]
    """Column of the targets."""
    columns: ClassVar[tuple[str, ...]] = ()
    """Names of the columns of a CSV or TSV file without a first line of names."""

    def files(self, split: str, folder: Path) -> list[Path]:
        found = with_ending(folder, ENDINGS)
        one = file_of_split(found, split, self.stems.get(split, ""))
        if one is None and split == "train" and any(self.held_out) and len(found) == 1:
            one = found[0]
        return [one] if one else []

    def rows(self, split: str, folder: Path) -> Rows:
        (path,) = self.files(split, folder)
        wanted = (self.source, self.target)
        for origin, row in read_rows(path, wanted, self.columns):
            yield (
                str(cell_of(row, self.source)) if isinstance(row, Mapping) else "",
                {
                    "inputs": self._value("inputs", row, self.source, folder),
                    "targets": self._value("targets", row, self.target, folder),
                    "origin": origin,
                },
            )

    def _value(self, feature: str, row: Any, column: str, folder: Path) -> Any:
        cell = cell_of(row, column) if isinstance(row, Mapping) else row
        return value_of(self.features[feature], cell, folder)

    def layout(self, split: str) -> str:
        stem = self.stems.get(split, split)
        return f"table {stem}.csv, {stem}.tsv or {stem}.jsonl"
