"""Linearises every tree of a treebank and parses it back: the same tree must come out.

    python bench/parse_trees.py craft_penn.tar.xz

FILE is a tar archive of `.mrg`, `.tree` or `.trees` files, or one such file. Trees are first
normalised (problems/formats/trees.py, `cleaned`). Three ways there and back are tried: with parts
of speech, with XX for them, and Tensor2Tensor's pairs of words and tags.
"""

from __future__ import annotations

import sys
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from t2t_multimodel.metrics.brackets import Repairs
from t2t_multimodel.metrics.penn import penn_tree
from t2t_multimodel.problems.formats.trees import (
    LEAF,
    PennTree,
    Placed,
    cleaned,
    linearised,
    read_t2t_pair,
    read_trees,
    t2t_tags,
)

_SUFFIXES = (".mrg", ".tree", ".trees")


def trees_of(path: Path) -> Iterator[Placed]:
    """The trees of an archive or of a file."""
    if path.name.endswith(_SUFFIXES):
        yield from read_trees(path.read_text("utf-8").split("\n"), path.name)
        return
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and member.name.lower().endswith(_SUFFIXES):
                contents = archive.extractfile(member)
                assert contents is not None  # isfile() was checked
                lines = contents.read().decode("utf-8").split("\n")
                yield from read_trees(lines, Path(member.name).name)


def with_tags(tree: PennTree) -> bool:
    """Whether the tree comes back from its linearisation with parts of speech."""
    tags = {leaf.label for leaf in tree.leaves()}
    return penn_tree(linearised(tree, tags), tree.words().split()) == (str(tree), Repairs())


def with_leaves_alone(tree: PennTree) -> bool:
    """Whether the tree without parts of speech comes back."""
    expected = (str(without_tags(tree)), Repairs())
    return penn_tree(linearised(tree), tree.words().split()) == expected


def as_t2t_pair(tree: PennTree) -> bool:
    """Whether the tree comes back from Tensor2Tensor's two lines."""
    outer = PennTree("", (tree,))
    return read_t2t_pair(outer.words(), t2t_tags(outer)) == outer


def without_tags(tree: PennTree) -> PennTree:
    """The tree with XX for each part of speech."""
    if tree.word:
        return PennTree(LEAF, word=tree.word)
    return PennTree(tree.label, tuple(map(without_tags, tree.children)))


WAYS: tuple[Callable[[PennTree], bool], ...] = (with_tags, with_leaves_alone, as_t2t_pair)


def main() -> None:
    """Command line: FILE. Exits with 1 if a tree comes back changed."""
    if len(sys.argv) != 2:
        sys.exit("Usage: python bench/parse_trees.py FILE")
    begin = time.monotonic()
    same: Counter[str] = Counter()
    total = empty = 0
    for placed in trees_of(Path(sys.argv[1])):
        total += 1
        tree = cleaned(placed.tree)
        if tree is None:
            empty += 1
            continue
        for way in WAYS:
            if way(tree):
                same[way.__name__] += 1
            else:
                print(f"{placed.origin}: {way.__name__}: changed: {tree}")
    print(f"{total:,} trees, {empty:,} of traces alone, {time.monotonic() - begin:.1f} s")
    for way in WAYS:
        print(f"{way.__name__}: {same[way.__name__]:,} of {total - empty:,} come back the same")
    sys.exit(any(same[way.__name__] != total - empty for way in WAYS))


if __name__ == "__main__":
    main()
