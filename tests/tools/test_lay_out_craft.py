"""Articles go to splits whole."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from t2t_multimodel.problems.formats.split import split_of
from tools.lay_out_craft import DEV, TEST, lay_out


def test_articles_stay_whole_and_in_order(tmp_path: Path) -> None:
    numbers = [f"1{n:03d}" for n in range(60)]
    with tarfile.open(tmp_path / "craft.tar.xz", "w:xz") as tar:
        for number in reversed(numbers):
            contents = f"( (S (NN a{number})) )\n( (S (NN b{number})) )\n\n".encode()
            entry = tarfile.TarInfo(f"penn/{number}.tree")
            entry.size = len(contents)
            tar.addfile(entry, io.BytesIO(contents))
        tar.addfile(tarfile.TarInfo("penn/readme"))
    counts = lay_out(tmp_path / "craft.tar.xz", tmp_path / "out")
    assert sum(counts.values()) == 60
    assert min(counts.values()) > 0
    for split in ("train", "dev", "test"):
        own = [n for n in numbers if split_of(f"article {n}", dev=DEV, test=TEST) == split]
        assert len(own) == counts[split]
        trees = "".join(f"( (S (NN a{n})) )\n( (S (NN b{n})) )\n" for n in own)
        assert (tmp_path / "out" / f"{split}.trees").read_text() == trees
