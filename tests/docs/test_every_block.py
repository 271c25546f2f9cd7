"""Every block of every page is run by a test, or says why not."""

from __future__ import annotations

import importlib
import re
import shlex

import pytest
from conftest import ROOT
from helpers.doc_blocks import (
    RUN,
    SHOWN,
    Block,
    blocks_of,
    fences,
    lines_of_commands,
    pages,
)
from helpers.doc_pages import PAGES

ALL = [block for page in pages() for block in blocks_of(page)]


@pytest.mark.parametrize("page", pages())
def test_every_fence_belongs_to_a_block(page: str) -> None:
    assert fences(ROOT / page) == 2 * len(blocks_of(page))


@pytest.mark.parametrize("page", pages())
def test_no_command_hides_in_an_indented_block(page: str) -> None:
    text = (ROOT / page).read_text()
    assert re.findall(r"^    +(?:mm-|python |pip |git )\S.*", text, re.MULTILINE) == []


@pytest.mark.parametrize("block", ALL, ids=str)
def test_a_block_is_run_or_says_why_not(block: Block) -> None:
    assert block.language in (*RUN, *SHOWN), f"{block} has the language '{block.language}'"
    if block.why_not:
        assert block.language in RUN
        assert len(block.why_not.split()) >= 4, f"{block} gives no reason"
    elif block.language in RUN and not block.source:
        assert block.page in PAGES, f"{block} is not run"


@pytest.mark.parametrize("block", [b for b in ALL if b.source], ids=str)
def test_quoted_lines_stand_in_the_file(block: Block) -> None:
    quoted = [line.strip() for line in block.text.splitlines()]
    lines = [line.strip() for line in (ROOT / block.source).read_text().splitlines()]
    starts = [i for i, line in enumerate(lines) if line == quoted[0]]
    assert any(lines[i : i + len(quoted)] == quoted for i in starts)


@pytest.mark.parametrize("block", [b for b in ALL if b.language == "bash" and not b.code], ids=str)
def test_every_command_and_flag_exists(block: Block) -> None:
    for line in lines_of_commands(block):
        for part in re.split(r"\||&&|;|\(|\)|&(?=\s|$)", line):
            words = [word for word in shlex.split(part) if not re.match(r"[A-Z_]+=", word)]
            if not words:
                continue
            if words[0].startswith("mm-"):
                check_flags(words[0], words[1:])
            elif words[0] == "python" and words[1:2] != ["-m"]:
                assert (ROOT / words[1]).is_file(), line


def check_flags(name: str, words: list[str]) -> None:
    """Raises unless the command has all flags among the words."""
    command = importlib.import_module(f"t2t_multimodel.bin.{name.replace('-', '_')}").COMMAND
    known = [*command.flag_names(), "help", "version"]
    for word in words:
        if word.startswith("--"):
            assert word[2:].partition("=")[0] in known, f"{name} {word}"


def test_every_page_that_is_prepared_is_there() -> None:
    assert [page for page in PAGES if page not in pages()] == []
