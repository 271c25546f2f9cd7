"""Splits the treebank of the CRAFT corpus by article, as wsj_parse reads it.

    python tools/lay_out_craft.py craft_penn.tar.xz craft

CRAFT (UCDenver-ccp/CRAFT, structural-annotation/treebank/penn) has 30,830 trees of 97 biomedical
articles under CC BY 3.0. Whole articles go to train, dev and test, by a hash of their number.
"""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path, PurePosixPath

from t2t_multimodel.problems.formats.split import split_of

DEV, TEST = 0.06, 0.1
"""Shares of the articles."""


def lay_out(archive: Path, folder: Path) -> dict[str, int]:
    """Writes `train.trees`, `dev.trees`, `test.trees`; returns the articles of each split.

    Args:
        archive: a tar archive with a `.tree` file for each article.
        folder: made if it is not there.
    """
    articles: dict[str, dict[str, bytes]] = {"train": {}, "dev": {}, "test": {}}
    with tarfile.open(archive) as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            if member.isfile() and name.suffix == ".tree":
                contents = tar.extractfile(member)
                assert contents is not None  # isfile() was checked
                split = split_of(f"article {name.stem}", dev=DEV, test=TEST)
                articles[split][name.stem] = contents.read()
    folder.mkdir(parents=True, exist_ok=True)
    for split, files in articles.items():
        trees = b"".join(files[name].rstrip() + b"\n" for name in sorted(files))
        (folder / f"{split}.trees").write_bytes(trees)
    return {split: len(files) for split, files in articles.items()}


def main() -> None:
    """Command line: ARCHIVE FOLDER."""
    if len(sys.argv) != 3:
        sys.exit("Usage: python tools/lay_out_craft.py ARCHIVE FOLDER")
    archive, folder = map(Path, sys.argv[1:])
    counts = lay_out(archive, folder)
    print(f"{folder}: " + ", ".join(f"{split} {count}" for split, count in counts.items()))


if __name__ == "__main__":
    main()
