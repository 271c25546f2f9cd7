"""The pages of the LibreOffice help, which exists page by page in many languages."""

from __future__ import annotations

import re
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from t2t_multimodel import UserError, foreign
from t2t_multimodel.problems.formats.debian import read_deb
from t2t_multimodel.problems.formats.split import split_of

FOLDERS = {"en": "en-US", "de": "de", "fr": "fr"}
DEV_PAGES, TEST_PAGES = 0.045, 0.06
"""Shares of the pages."""
_BLOCKS = frozenset({"title", "h1", "h2", "h3", "p"})
_SILENT = frozenset({"pre", "script", "style"})
_TEMPLATE = ("Title is", "This page is:", "You found a bug")


class HelpBlock(NamedTuple):
    """One heading or paragraph of a page."""

    tag: str
    text: str


def split_of_page(page: str) -> str:
    """The split of everything on a page, whatever the language."""
    return split_of(f"page {page}", dev=DEV_PAGES, test=TEST_PAGES)


def read_pages(deb: Path, language: str) -> dict[str, list[HelpBlock]]:
    """The pages of a `libreoffice-help-*` package: path below `text/` without suffix -> blocks."""
    pattern = re.compile(rf"usr/.*help/{re.escape(FOLDERS[language])}/text/(.+)\.html")
    pages = {}
    for name, contents in read_deb(deb, lambda name: pattern.fullmatch(name) is not None):
        match = pattern.fullmatch(name)
        assert match is not None  # the filter has matched it before
        with foreign(partial(_unreadable, deb, name)):
            pages[match[1]] = read_blocks(contents.decode("utf-8"))
    return dict(sorted(pages.items()))


def _unreadable(deb: Path, name: str, why: str) -> UserError:
    return UserError(f"{deb}: {name}: {why}.", fix="Get the package again.")


def read_blocks(html: str) -> list[HelpBlock]:
    """The non-empty blocks of one page in order, white space collapsed.

    A block with wordings for several systems or applications, of which a browser shows one, keeps
    its place, but its text is "".
    """
    parser = _BlockParser()
    parser.feed(html)
    parser.close()
    return parser.blocks


class _BlockParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[HelpBlock] = []
        self._tag: str | None = None
        self._silent = 0
        self._text: list[str] = []
        self._alternatives = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self._end_block()
            self._tag = tag
        elif ("hidden", "true") in attrs:
            self._alternatives = True

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == self._tag:
            self._end_block()

    def handle_data(self, data: str) -> None:
        if self._tag and not self._silent:
            self._text.append(data)

    def _end_block(self) -> None:
        text = " ".join("".join(self._text).split())
        if self._tag and text:
            self.blocks.append(HelpBlock(self._tag, "" if self._alternatives else text))
        self._tag = None
        self._alternatives = False
        self._text.clear()


def is_template(text: str) -> bool:
    """Whether a block is a line that the maker of the page put there."""
    return any(mark in text for mark in _TEMPLATE)


def tiny_pages(language: str, paragraphs: list[str]) -> dict[str, bytes]:
    """Files of a package of help with a page for each paragraph, for `read_pages`."""
    folder = f"./usr/share/libreoffice/help/{FOLDERS[language]}/text"
    return {
        f"{folder}/swriter/{number:04d}.html": f"<h1>{number}</h1><p>{text}</p>".encode()
        for number, text in enumerate(paragraphs)
    }
