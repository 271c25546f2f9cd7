"""The code blocks of the pages of documentation, and what is said about each.

A comment on the line before a block may say something about it:

    <!-- file: mine/digits.py -->   the block is the content of this file, or the rest of it
    <!-- from: t2t_multimodel/body.py -->   its lines stand in this file, one after the other
    <!-- fails: 2 -->               it ends with this exit code, and says what the next block shows
    <!-- not run: REASON -->        why no test can run the block

So does the sentence before a block that ends in the name of a file, "A file, `heads.py`:". Any
other block is run by `tests/docs/test_pages_run.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT

RUN = ("bash", "python")
"""Languages of blocks that are run."""
SHOWN = ("text", "ini", "json", "yaml")
"""Languages of blocks that only show something."""
_BLOCK = re.compile(
    r"(?:^<!-- (?P<key>file|from|fails|not run): (?P<value>.*) -->\n|`(?P<named>[\w/]+\.py)`:\n\n)?"
    r"^```(?P<language>.*)\n"
    r"(?P<text>(?:^(?!```).*\n)*)^```$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    """The page's path from the root of the checkout."""
    line: int
    """The line of the fence, from 1."""
    language: str
    """What stands behind the fence."""
    text: str
    """The lines inside."""
    file: str = ""
    """The file whose content it is."""
    source: str = ""
    """The file from which it is quoted."""
    code: int = 0
    """The exit code with which it ends."""
    why_not: str = ""
    """Why it is not run."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def runs(self) -> bool:
        """Whether a test runs the block, or the file that it is."""
        return self.language in RUN and not self.why_not and not self.source


def pages() -> list[str]:
    """Every page of documentation that may hold blocks, the README first."""
    return ["README.md", "CONTRIBUTING.md"] + sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")
    )


def blocks_of(page: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    text = (ROOT / page).read_text("utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        said = {match["key"]: match["value"]}
        line = text.count("\n", 0, match.start("language")) + 1
        found.append(
            Block(
                page,
                line,
                match["language"],
                match["text"],
                file=said.get("file", match["named"] or ""),
                source=said.get("from", ""),
                code=int(said.get("fails", 0)),
                why_not=said.get("not run", ""),
            )
        )
    return found


def lines_of_commands(block: Block) -> list[str]:
    """The lines of a block for bash, without comments; a line that goes on is one with the next."""
    whole = block.text.replace("\\\n", " ")
    return [
        stripped
        for line in whole.splitlines()
        if (stripped := re.sub(r"(^|\s)#.*", "", line).strip())
    ]


def fences(page: Path) -> int:
    """Lines of a page that begin or end a block."""
    return len(re.findall(r"^```", page.read_text("utf-8"), re.MULTILINE))
