"""Line n of one file belongs to line n of the other."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.problems.formats.parallel import (
    LinePair,
    Source,
    column_pairs,
    is_text,
    line_pairs,
    text_of,
)


def file(path: Path, contents: bytes) -> Source:
    path.write_bytes(contents)
    return Source(path)


def archive(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, contents in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(contents)
            tar.addfile(entry, io.BytesIO(contents))
    return path


def test_lines_end_at_line_feeds_alone(tmp_path: Path) -> None:
    contents = "a\u2028b\nc\x85d\ne\rf\r\n\x0bg\x0ch\n".encode()
    lines = [text_of(line) for line in file(tmp_path / "x", contents).lines()]
    assert lines == ["a\u2028b", "c\x85d", "e\rf", "g\x0ch"]


def test_the_last_line_needs_no_line_feed(tmp_path: Path) -> None:
    one, other = file(tmp_path / "one", b"a\nb"), file(tmp_path / "other", b"c\nd\n")
    assert list(line_pairs(one, other)) == [LinePair(1, "a", "c"), LinePair(2, "b", "d")]


def test_members_are_read_in_their_archive_whatever_their_folder(tmp_path: Path) -> None:
    files = {"deep/er/x.en": b"a\nb\n", "x.de.gz": gzip.compress(b"c\nd\n")}
    for name, mode in (("x.tgz", "w:gz"), ("x.tar", "w")):
        path = archive(tmp_path / name, files, mode)
        pairs = line_pairs(Source(path, "x.en"), Source(path, "x.de.gz"))
        assert list(pairs) == [LinePair(1, "a", "c"), LinePair(2, "b", "d")]


@pytest.mark.parametrize("swap", [False, True])
def test_files_of_unequal_length_are_refused_with_both_names(tmp_path: Path, swap: bool) -> None:
    sources = [file(tmp_path / "x.en", b"a\nb\nc\n"), file(tmp_path / "x.de", b"d\ne\n")]
    with pytest.raises(UserError) as caught:
        list(line_pairs(*(sources[::-1] if swap else sources)))
    counts = ["x.en has 3 lines", "x.de has 2"] if not swap else ["x.de has 2 lines", "x.en has 3"]
    assert str(caught.value) == (
        f"{', but '.join(counts)}: lines do not belong together.\n"
        "Get both files again, from the same release."
    )


def test_a_member_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.tgz", {"y": b""})
    with pytest.raises(UserError) as caught:
        list(Source(path, "x.en").lines())
    assert caught.value.message == f"{path} holds no x.en."


@pytest.mark.parametrize("name", ["x.tgz", "x.gz"])
def test_a_damaged_file_is_named(name: str, tmp_path: Path) -> None:
    whole = bytes(range(256)) * 500
    if name == "x.gz":
        contents, member = gzip.compress(whole), ""
    else:
        contents, member = archive(tmp_path / name, {"x": whole}).read_bytes(), "x"
    source = Source(file(tmp_path / name, contents[: len(contents) // 2]).path, member)
    with pytest.raises(UserError, match=f"{name} is cut or damaged: .*\nGet the file again.$"):
        list(source.lines())
    source.path.write_bytes(b"<html>Not found</html>")
    with pytest.raises(UserError, match=f"{name} is cut or damaged: "):
        list(source.lines())


def test_columns_are_separated_by_a_tab(tmp_path: Path) -> None:
    source = file(tmp_path / "x.tsv", b"a\tb\nalone\n\t\n")
    assert list(column_pairs(source)) == [
        LinePair(1, "a", "b"),
        LinePair(2, "alone", ""),
        LinePair(3, "", ""),
    ]


def test_lines_that_are_no_text_are_told_apart() -> None:
    assert [is_text(text_of(line)) for line in (b"\xc3\xa9\xc2\xa0!", b"\xe9", b" \r")] == [
        True,
        False,
        False,
    ]
