"""Parsing of the Penn Treebank, from the user's files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel import (
    BadValue,
    Brackets,
    Declared,
    Problem,
    Text,
    Vocabulary,
    register_problem,
    register_vocabulary,
)
from t2t_multimodel.problems.formats import treebank, trees
from t2t_multimodel.problems.formats.folder import own_folder
from t2t_multimodel.problems.twins import treebank_tiny

# fmt: off
LABELS = (
    "ADJP", "ADVP", "CONJP", "FRAG", "INTJ", "LST", "NAC", "NML", "NP", "NX", "PP", "PRN", "PRT",
    "QP", "RRC", "S", "SBAR", "SBARQ", "SINV", "SQ", "TOP", "UCP", "VP", "WHADJP", "WHADVP",
    "WHNP", "WHPP", "X",
    "CAPTION", "CIT", "HEADING", "TITLE",
)
"""Constituents of the Penn Treebank, and in the last line those that CRAFT adds."""
TAGS = (
    "ADD", "AFX", "CC", "CD", "DT", "EX", "FW", "HYPH", "IN", "JJ", "JJR", "JJS", "LS", "MD", "NFP",
    "NN", "NNP", "NNPS", "NNS", "PDT", "POS", "PRP", "PRP$", "RB", "RBR", "RBS", "RP", "SYM", "TO",
    "UH", "VB", "VBD", "VBG", "VBN", "VBP", "VBZ", "WDT", "WP", "WP$", "WRB", "-LRB-", "-RRB-",
    "#", "$", "''", "``", ",", ".", ":",
)
"""Parts of speech."""
# fmt: on

HOW_TO_GET = """\
The Penn Treebank: LDC99T42 (Treebank-3), 0.1 GB, from the Linguistic Data Consortium. It is
licensed; nothing of it is shipped. In FOLDER or FOLDER/wsj_parse, given as --raw_dir=FOLDER:
  parsed/mrg/wsj/02..23/*.mrg          the disc's folders: 02-21 train, 22 dev, 23 test
  wsj_0001.mrg ...                     in one folder, as in NLTK's tenth (docs/parsing.md)
or trees that you have split yourself, also of other treebanks (docs/parsing.md: CRAFT is free):
  train.trees dev.trees test.trees     bracketed; a prefix as in parsing_train.trees is fine
  train.text train.tags ...            sentences and trees as Tensor2Tensor has them"""


@register_vocabulary("wsj_words")
class WsjWords(Vocabulary):
    """8,192 sub-words of the train sentences of wsj_parse."""

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """Train sentences, words and marks apart."""
        for example in WsjParse().examples("train", raw_dir):
            if isinstance(example["inputs"], str):
                yield example["inputs"]

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The files of the train split."""
        folder = own_folder(raw_dir, "wsj_parse", HOW_TO_GET)
        files = treebank.files_of_splits(folder, HOW_TO_GET)["train"]
        return [path for paths in files for path in paths]


@register_vocabulary("wsj_trees")
class WsjTrees(Vocabulary):
    """A symbol for each bracket and part of speech; other labels are spelled.

    Closed, so that a softmax over trees is small and no label is ever cut.
    """

    size = 512
    symbols = (
        trees.LEAF,
        *(symbol for label in LABELS for symbol in (f"({label}", f"{label})")),
        *TAGS,
    )

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """The names of labels: letters to spell others with."""
        yield from (*LABELS, *TAGS)


@register_problem("wsj_parse")
class WsjParse(Problem):
    """Constituency parsing of English: the Wall Street Journal part of the Penn Treebank.

    39,832 trees of sections 02 to 21 for training, 1,700 of 22 for dev, 2,416 of 23 for test.
    Traces and functions are removed as EVALB expects, and the tree is written as Vinyals et al.
    2015 (arXiv 1412.7449) do: "The dog barks ." becomes "(S (NP XX XX NP) (VP XX VP) . S)". Only
    punctuation keeps its tag, so that EVALB's rules can leave it out of the score. Words are those
    of the treebank, joined by blanks (-LRB- for a bracket). Licensed.
    """

    inputs = Text(vocab="wsj_words", max_length=192)
    targets = Text(vocab="wsj_trees", max_length=256, symbols=True, grammar=Brackets())
    metrics = (
        "bracket_f1",
        "bracket_precision",
        "bracket_recall",
        "bracket_exact",
        "well_formed",
    )
    splits = ("train", "dev", "test")
    kept_tags: ClassVar[Collection[str]] = trees.PUNCTUATION
    """Parts of speech that leaves show; all others are XX."""
    declared = Declared(
        examples={"train": 39_832, "dev": 1700, "test": 2416},
        inputs_length=30,
        targets_length=63,
    )
    how_to_get = HOW_TO_GET

    def source_parts(self, split: str, raw_dir: Path | None) -> Sequence[treebank.Files]:
        """The files of the split in order.

        Raises:
            UserError: files are missing.
        """
        folder = own_folder(raw_dir, "wsj_parse", HOW_TO_GET)
        return treebank.files_of_splits(folder, HOW_TO_GET)[split]

    def examples_of(self, part: Any, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Sentences and linearised trees in the order of the file.

        Raises:
            UserError: the file is malformed.
        """
        for tree, origin in treebank.read(part):
            clean = trees.cleaned(tree)
            nothing = BadValue("the tree has nothing but traces")
            yield {
                "inputs": clean.words() if clean else nothing,
                "targets": trees.linearised(clean, self.kept_tags) if clean else nothing,
                "origin": origin,
            }

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The files of all splits."""
        folder = own_folder(raw_dir, "wsj_parse", HOW_TO_GET)
        splits = treebank.files_of_splits(folder, HOW_TO_GET)
        return [path for files in splits.values() for paths in files for path in paths]

    def tiny(self, folder: Path) -> None:
        """Sections 02 to 23 with two made trees each, in the layout of the disc."""
        treebank_tiny.write(folder)


@register_problem("wsj_parse_tags")
class WsjParseTags(WsjParse):
    """wsj_parse with parts of speech: "(S (NP DT NN NP) (VP VBZ VP) . S)", as Tensor2Tensor did."""

    kept_tags = TAGS
