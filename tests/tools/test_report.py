"""The table at the end of a build."""

from __future__ import annotations

from tools.octet.report import print_table
from tools.octet.store import write_table


def test_size_of_each_file_and_rows_of_each_split(tmp_path, capsys):
    rows = [("train", "a")] * 1200 + [("dev", "b")] * 2
    write_table(tmp_path / "x.tsv.xz", ("split", "text"), rows)
    (tmp_path / "y.zip").write_bytes(b"1" * 1234)
    size = (tmp_path / "x.tsv.xz").stat().st_size
    print_table(tmp_path)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["x.tsv.xz", str(size), "train", "1,200,", "dev", "2"],
        ["y.zip", "1,234"],
        ["total", f"{size + 1234:,}"],
    ]
