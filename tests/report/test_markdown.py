"""Markdown says what the texts say, whatever marks they hold."""

from __future__ import annotations

import pytest

from t2t_multimodel.report.markdown import to_markdown
from t2t_multimodel.report.page import Figure, Media, Page, PageSection, Paragraph, Table

MARKED = [
    "a|b",
    "*bold* _slanted_ __strong__ snake_case_name",
    "`code` and [link](https://example.org) and ![picture](x)",
    "<script>alert(1)</script> &amp; &lt;",
    "back\\slash \\| $x$ ~~gone~~ # no heading",
]


@pytest.mark.parametrize("text", MARKED)
def test_a_viewer_shows_the_very_text(text: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    page = Page("t", [PageSection("s", [Table(("c",), [(text,)]), Paragraph(text)])])
    tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).parse(to_markdown(page))
    shown = [token.children for token in tokens if token.type == "inline"]
    cell, paragraph = shown[-2:]
    for children in (cell, paragraph):
        assert {child.type for child in children} == {"text"}
        assert "".join(child.content for child in children) == text


def test_lines_and_control_characters_stay_in_their_cell() -> None:
    page = Page("t", [PageSection("s", [Table(("c",), [("one\ntwo\x00three",)])])])
    assert to_markdown(page).splitlines()[-1] == "| one two three |"


def test_pictures_are_words_and_drawings_are_left_out() -> None:
    picture = Media("image/png", b"x", "picture 1x1")
    page = Page("t", [PageSection("s", [Figure(picture), Table(("c",), [(picture,)])])])
    assert to_markdown(page) == "# t\n\n## s\n\n| c |\n| --- |\n| picture 1x1 |\n"


def test_drawings_are_shown_from_where_they_will_lie() -> None:
    drawing = Media("image/png", b"x", "change in %")
    page = Page("t", [PageSection("s", [Figure(drawing)])])
    shown = to_markdown(page, lambda media: f"{len(media.data)}.png")
    assert shown == "# t\n\n## s\n\n![change in %](1.png)\n"
