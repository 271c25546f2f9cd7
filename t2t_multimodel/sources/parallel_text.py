"""ParallelText: line n of one file translates line n of another."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from t2t_multimodel.features import BadValue, Feature, Text
from t2t_multimodel.problems.formats.parallel import Source, line_pairs
from t2t_multimodel.sources.naming import file_of_split, with_ending
from t2t_multimodel.sources.split_files import Rows, SplitFiles


class ParallelText(SplitFiles):
    """Two text files a split: `train.en` and `train.de`, packed by gzip, xz or bzip2 or not.

        @register_problem("my_ende")
        class MyEnde(ParallelText):
            '''English to German.'''
            source, target = "en", "de"

    Both languages share a vocabulary of the problem's own.
    """

    inputs: ClassVar[Feature] = Text()
    targets: ClassVar[Feature] = Text()
    metrics = ("bleu", "chrf")
    source: ClassVar[str]
    """Ending of the files that hold the inputs, such as "en"."""
    target: ClassVar[str]
    """Ending of the files that hold the targets."""

    def files(self, split: str, folder: Path) -> list[Path]:
        found = [
            file_of_split(with_ending(folder, (end.lower(),)), split, self.stems.get(split, ""))
            for end in (self.source, self.target)
        ]
        return [path for path in found if path is not None] if all(found) else []

    def rows(self, split: str, folder: Path) -> Rows:
        first, second = self.files(split, folder)
        for number, one, other in line_pairs(Source(first), Source(second)):
            key = "" if isinstance(one, BadValue) else one
            yield (
                key,
                {"inputs": one, "targets": other, "origin": f"{first.name}:{number}"},
            )

    def layout(self, split: str) -> str:
        stem = self.stems.get(split, split)
        return f"pair of files {stem}.{self.source} and {stem}.{self.target}"
