"""Segments of WMT's SGML files, which are no XML."""

from __future__ import annotations

from pathlib import Path

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.problems.formats.parallel import LinePair, Source
from t2t_multimodel.problems.formats.sgm import read_segments, segment_pairs

SRC = """<srcset setid="newstest" srclang="any">
<doc sysid="ref" docid="paper-1" genre="news" origlang="en">
<hl>
<seg id="1">Fish &amp; chips</seg>
</hl>
<p>
<seg id="2"> Profits at AT&T rose,
 by 3 &lt; 5. </seg><seg id="3">End</seg>
</p>
</doc>
<DOC DOCID='paper-2'>
<SEG ID=1>Again</SEG>
</DOC>
</srcset>
"""


def source(path: Path, contents: str) -> Source:
    path.write_text(contents)
    return Source(path)


def test_segments_are_known_by_document_and_number(tmp_path: Path) -> None:
    assert read_segments(source(tmp_path / "x.sgm", SRC)) == {
        ("paper-1", "1"): "Fish & chips",
        ("paper-1", "2"): "Profits at AT&T rose, by 3 < 5.",
        ("paper-1", "3"): "End",
        ("paper-2", "1"): "Again",
    }


def test_a_segment_that_is_not_closed_ends_at_the_next(tmp_path: Path) -> None:
    open_ = '<doc docid="d">\n<seg id="1">one\n<seg id="2">two\n</p>\n<seg id="3">three'
    segments = read_segments(source(tmp_path / "x.sgm", open_))
    assert list(segments.values()) == ["one", "two", "three"]


def test_pairs_follow_the_source_whatever_the_order_of_the_reference(tmp_path: Path) -> None:
    one = '<doc docid="a"><seg id="1">a1</seg></doc><doc docid="b"><seg id="1">b1</seg></doc>'
    other = '<doc docid="b"><seg id="1">B1</seg></doc><doc docid="a"><seg id="1">A1</seg></doc>'
    pairs = segment_pairs(source(tmp_path / "one", one), source(tmp_path / "other", other))
    assert list(pairs) == [LinePair(1, "a1", "A1"), LinePair(2, "b1", "B1")]


@pytest.mark.parametrize("swap", [False, True])
def test_files_with_other_segments_are_refused(tmp_path: Path, swap: bool) -> None:
    sources = [
        source(tmp_path / "src.sgm", SRC),
        source(tmp_path / "ref.sgm", SRC.replace('<seg id="3">End</seg>', "")),
    ]
    with pytest.raises(UserError) as caught:
        list(segment_pairs(*(sources[::-1] if swap else sources)))
    assert caught.value.message == (
        "ref.sgm lacks segment 3 of document 'paper-1', which src.sgm has."
    )


def test_a_segment_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    twice = source(tmp_path / "x.sgm", SRC.replace('id="3"', 'id="2"'))
    with pytest.raises(UserError, match=r"^x.sgm holds segment 2 of document 'paper-1' twice.$"):
        read_segments(twice)


def test_a_file_without_segments_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_segments(source(tmp_path / "x.sgm", "Plain text.\n"))
    assert str(caught.value) == "x.sgm holds no <seg>: is it an SGML file of WMT?"
