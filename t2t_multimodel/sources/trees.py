"""Trees: one bracketed tree a line, from its words to its brackets."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel.errors import BadValue, UserError
from t2t_multimodel.features import Brackets, Feature, Text
from t2t_multimodel.problems.formats import trees
from t2t_multimodel.problems.formats.parallel import Source, text_of
from t2t_multimodel.sources.naming import file_of_split, with_ending
from t2t_multimodel.sources.split_files import Rows, SplitFiles

ENDINGS = ("trees", "mrg", "ptb", "brackets")
"""Endings of the files that hold trees."""


class Trees(SplitFiles):
    """`train.trees`, `dev.trees`, `test.trees` with a tree such as `(S (NP (NN dog)) ...)` a line.

        @register_problem("my_trees")
        class MyTrees(Trees):
            '''Sentences to trees.'''

    Traces and functions are taken away and leaves become XX, as for `wsj_parse`; the brackets are
    symbols of the vocabulary `wsj_trees`, and labels that it lacks are spelled.
    """

    inputs: ClassVar[Feature] = Text()
    targets: ClassVar[Feature] = Text(vocab="wsj_trees", symbols=True, grammar=Brackets())
    metrics = ("bracket_f1", "bracket_exact", "well_formed")
    kept_tags: ClassVar[Collection[str]] = trees.PUNCTUATION
    """Parts of speech that leaves show; all others are XX."""

    def files(self, split: str, folder: Path) -> list[Path]:
        one = file_of_split(with_ending(folder, ENDINGS), split, self.stems.get(split, ""))
        return [one] if one else []

    def rows(self, split: str, folder: Path) -> Rows:
        (path,) = self.files(split, folder)
        for number, line in enumerate(Source(path).lines(), start=1):
            text = text_of(line)
            if text == "":
                continue
            words, brackets = self._sides(text, path.name)
            example: dict[str, Any] = {"inputs": words, "targets": brackets}
            yield str(words), {**example, "origin": f"{path.name}:{number}"}

    def layout(self, split: str) -> str:
        return f"file {self.stems.get(split, split)}.trees"

    def _sides(self, text: str | BadValue, name: str) -> tuple[Any, Any]:
        """The words and the brackets of one line, or why there are none."""
        if isinstance(text, BadValue):
            return text, text
        try:
            found = [trees.cleaned(placed.tree) for placed in trees.read_trees([text], name)]
        except UserError as error:
            bad = BadValue(error.message.partition(": ")[2].rstrip("."))
            return bad, bad
        if len(found) != 1 or found[0] is None:
            bad = BadValue(
                f"the line holds {len(found)} trees" if len(found) != 1 else "all of it is traces"
            )
            return bad, bad
        return found[0].words(), trees.linearised(found[0], self.kept_tags)
