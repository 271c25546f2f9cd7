"""Pages of the help become blocks."""

from __future__ import annotations

import pytest

from t2t_multimodel.problems.corpora.libreoffice import (
    HelpBlock,
    is_template,
    read_blocks,
    read_pages,
    split_of_page,
)

PAGE = """<html><head><title>Cells &amp; rows</title>
<style>p {color: red}</style></head><body>
<h1 id="a">Cells
   and rows</h1><p></p>
<p class="x">Choose <span class="emph">Insert -&nbsp;Cells</span>.<script>var p = "<p>";</script>
<p>Unclosed before, <pre>code()</pre>closed here.</p> outside
<p>Press <span hidden="true" class="MAC">Command</span><span hidden="true">Ctrl</span></p>
<div hidden="true"><h2>Under Windows</h2></div><table><td>cell</td></table></body></html>"""


def test_blocks_in_order_with_white_space_collapsed():
    assert read_blocks(PAGE) == [
        HelpBlock("title", "Cells & rows"),
        HelpBlock("h1", "Cells and rows"),
        HelpBlock("p", "Choose Insert - Cells."),
        HelpBlock("p", "Unclosed before, closed here."),
        HelpBlock("p", ""),
        HelpBlock("h2", "Under Windows"),
    ]


def test_pages_are_named_by_their_path_below_text(write_deb):
    folder = "./usr/share/libreoffice/help"
    files = {
        f"{folder}/de/text/swriter/b.html": b"<p>Zwei</p>",
        f"{folder}/de/text/scalc/01/a.html": "<p>Für</p>".encode(),
        f"{folder}/de/langnames.js": b"<p>no page</p>",
        f"{folder}/fr/text/scalc/01/a.html": b"<p>Un</p>",
    }
    deb = write_deb("libreoffice-help-de_1_all.deb", files)
    pages = read_pages(deb, "de")
    assert list(pages.items()) == [
        ("scalc/01/a", [HelpBlock("p", "Für")]),
        ("swriter/b", [HelpBlock("p", "Zwei")]),
    ]


def test_lines_of_the_page_template_are_known():
    assert is_template("Title is: Cells")
    assert is_template("This page is: /text/scalc/01/a.xhp")
    assert not is_template("The title of the page")


@pytest.mark.parametrize(
    ("page", "split"),
    [
        ("swriter/track_changes_toolbar", "train"),
        ("sbasic/python/python_programming", "dev"),
        ("swriter/main0104", "test"),
    ],
)
def test_a_page_has_one_split(page, split):
    assert split_of_page(page) == split
