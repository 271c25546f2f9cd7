"""HTML of single blocks."""

from __future__ import annotations

from t2t_multimodel.report.html import _block, _text, to_html
from t2t_multimodel.report.page import Figure, Media, Page, PageSection, Paragraph, Table


def test_text_is_escaped_wherever_it_stands() -> None:
    planted = "<b title=\"x\" lang='y'>&amp;"
    escaped = "&lt;b title=&quot;x&quot; lang=&#x27;y&#x27;&gt;&amp;amp;"
    media = Media("image/png", b"", planted)
    blocks = [Paragraph(planted), Table((planted,), [(planted,), (media,)]), Figure(media)]
    page = to_html(
        Page(planted, [PageSection(planted, [*blocks]), PageSection(planted, folded=True)])
    )
    assert planted not in page
    # title twice; headings, paragraph, column, cell; alt and title of two pictures
    assert page.count(escaped) == 2 + 2 + 3 + 4


def test_control_characters_are_marked_and_letters_of_all_scripts_stay() -> None:
    assert _text("a\x00b\x1b[0m\u202ec") == "a\ufffdb\ufffd[0m\ufffdc"
    assert _text("über 東京 ∑\nzwei") == "über 東京 ∑\nzwei"


def test_numbers_stand_to_the_right_and_pictures_in_their_cells() -> None:
    table = Table(("name", "n"), [("a", "1,200"), (Media("image/png", b"x", "a dot"), "-")])
    assert _block(table) == (
        '<div class="wide"><table>\n'
        '<tr><th>name</th><th class="number">n</th></tr>\n'
        '<tr><td>a</td><td class="number">1,200</td></tr>\n'
        '<tr><td><img src="data:image/png;base64,eA==" alt="a dot" title="a dot"></td>'
        '<td class="number">-</td></tr>\n'
        "</table></div>"
    )


def test_a_sound_can_be_played() -> None:
    sound = Figure(Media("audio/wav", b"x", "sound of 1 s"))
    assert _block(sound) == (
        '<figure><audio controls src="data:audio/wav;base64,eA==" title="sound of 1 s"></audio>'
        "</figure>"
    )


def test_a_folded_section_opens_on_demand() -> None:
    page = to_html(Page("t", [PageSection("more", [Paragraph("x")], folded=True)]))
    assert "<details><summary>more</summary>\n<p>x</p>\n</details>" in page
