"""Finds the trees of a treebank's splits: the Penn Treebank's folders, or files of a split each.

Three layouts are known, and the first that is there is taken for all splits:

* `train.trees dev.trees test.trees`, bracketed trees, with any prefix (`parsing_train.trees`);
* `train.text train.tags` and so on, a sentence and its tree line by line, as Tensor2Tensor has
  them, with any prefix, and with or without a further `.txt`;
* section folders `02` to `23` with `.mrg` files, at most four folders down;
* files `wsj_0001.mrg` in one folder, as NLTK has the tenth of the treebank that is free: the first
  two digits are the section.

A part of the treebank that has neither section 22 nor 23 is shared out: the last tenth of its files
is test, the tenth before it dev. Where one of the two is there, every section must be.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path

from t2t_multimodel import BadValue, UserError
from t2t_multimodel.problems.formats.archives import opened
from t2t_multimodel.problems.formats.lines import lines
from t2t_multimodel.problems.formats.trees import Placed, read_t2t_pair, read_trees

SECTIONS = {"train": range(2, 22), "dev": range(22, 23), "test": range(23, 24)}
"""Split -> sections of the Wall Street Journal."""

Files = tuple[Path, ...]
"""One file of trees, or a file of sentences and one of tags."""


def files_of_splits(folder: Path, how_to_get: str) -> dict[str, list[Files]]:
    """Split -> its files in order.

    Raises:
        UserError: no layout is there, or one lacks a split.
    """
    if (part := _part_of_wsj(folder)) is not None:
        return part
    for layout in (_tree_files, _pair_files, _sections):
        found = {split: layout(folder, split) for split in SECTIONS}
        if any(found.values()):
            if missing := [split for split, files in found.items() if not files]:
                there = next(files[0][0] for files in found.values() if files)
                raise UserError(
                    f"{folder} holds {there.relative_to(folder)}, but nothing like it for "
                    f"{' and '.join(missing)}.",
                    fix=how_to_get,
                )
            return found
    raise UserError(f"{folder} holds no treebank.", fix=how_to_get)


def _part_of_wsj(folder: Path) -> dict[str, list[Files]] | None:
    """The splits of files in one folder, or of a part of the treebank; None for other layouts."""
    flat = _flat(folder)
    top = None if flat else _top_of_sections(folder)
    files = flat or (sorted(top.glob("[0-2][0-9]/*.[mM][rR][gG]")) if top else [])
    if not files:
        return None
    sections = {path: int(path.name[4:6] if flat else path.parent.name) for path in files}
    if not {22, 23}.intersection(sections.values()):
        return _shared_out(files)
    if not flat:
        return None
    for split, wanted in SECTIONS.items():
        for section in wanted:
            if section not in sections.values():
                raise _lacks(files[0].parent, section, split)
    return {
        split: [(path,) for path in files if sections[path] in wanted]
        for split, wanted in SECTIONS.items()
    }


def _shared_out(files: list[Path]) -> dict[str, list[Files]]:
    tenth = max(1, len(files) // 10)
    if len(files) < 3:
        raise UserError(
            f"{files[0].parent} holds {len(files)} files of the treebank, but three splits need "
            "at least 3.",
            fix="Get the other files, too.",
        )
    each: list[Files] = [(path,) for path in files]
    return {
        "train": each[: -2 * tenth],
        "dev": each[-2 * tenth : -tenth],
        "test": each[-tenth:],
    }


def _flat(folder: Path) -> list[Path]:
    """The files `wsj_NNNN.mrg` in a folder, or where an archive of NLTK has them below it."""
    for below in ("", "combined", "treebank/combined", "corpora/treebank/combined"):
        found = sorted((folder / below).glob("wsj_[0-2][0-9][0-9][0-9].[mM][rR][gG]"))
        if found and not folder.name.isdigit():
            return found
    return []


def _lacks(top: Path, section: int, split: str) -> UserError:
    return UserError(
        f"{top} has no section {section:02d}, which belongs to {split}.",
        fix="Sections 02 to 21 are train, 22 is dev, 23 is test.",
    )


def read(files: Files) -> Iterator[Placed]:
    """The trees of a file, or of a file of sentences and one of tags, as they are there.

    Raises:
        UserError: the file is malformed; it tells file and line.
    """
    if len(files) == 2:
        return _read_pairs(*files)
    return _read_one(files[0])


def _tree_files(folder: Path, split: str) -> list[Files]:
    return [(path,) for path in _one(folder, f"*{split}.trees")]


def _pair_files(folder: Path, split: str) -> list[Files]:
    for end in ("", ".txt"):
        for text in _one(folder, f"*{split}.text{end}"):
            tags = text.with_name(text.name.removesuffix(f".text{end}") + f".tags{end}")
            if not tags.is_file():
                raise UserError(f"{folder} holds {text.name}, but no {tags.name}.")
            return [(text, tags)]
    return []


def _one(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.glob(pattern))
    if len(found) > 1:
        raise UserError(
            f"{folder} holds {found[0].name} and {found[1].name}: which one counts?",
            fix="Move the other one away.",
        )
    return found


def _sections(folder: Path, split: str) -> list[Files]:
    files: list[Files] = []
    top = _top_of_sections(folder)
    if top is None:
        return files
    for section in SECTIONS[split]:
        found = sorted(top.glob(f"{section:02d}/*.[mM][rR][gG]"))
        if not found:
            raise _lacks(top, section, split)
        files += [(path,) for path in found]
    return files


def _top_of_sections(folder: Path) -> Path | None:
    """The folder of the sections: parsed/mrg/wsj on the disc."""
    for depth in range(5):
        for path in sorted(folder.glob("*/" * depth + "[0-2][0-9]/*.[mM][rR][gG]")):
            return path.parent.parent
    return None


def _lines(path: Path) -> Generator[str, None, None]:
    with opened(path) as file:
        for number, line in enumerate(lines(file), start=1):
            if isinstance(line, BadValue):
                raise UserError(f"{path.name}:{number}: {line}.")
            try:
                yield line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise UserError(f"{path.name}:{number}: not UTF-8: {error.reason}.") from None


def _read_one(path: Path) -> Iterator[Placed]:
    with closing(_lines(path)) as found:  # a malformed tree ends the reading early
        yield from read_trees(found, path.name)


def _read_pairs(text: Path, tags: Path) -> Iterator[Placed]:
    """The trees of a pair of files."""
    with closing(_lines(text)) as lines_of_words, closing(_lines(tags)) as lines_of_tags:
        pairs = zip_longest(lines_of_words, lines_of_tags)
        for number, (words, symbols) in enumerate(pairs, start=1):
            if words is None or symbols is None:
                short, long = (text, tags) if words is None else (tags, text)
                raise UserError(
                    f"{short.name} ends after {number - 1:,} lines, {long.name} goes on."
                )
            try:
                tree = read_t2t_pair(words, symbols)
            except ValueError as error:
                raise UserError(f"{tags.name}:{number}: {error}.", fix="Mend the file.") from None
            yield Placed(tree, f"{tags.name}:{number}")
