"""The one console that tables and lines are printed on: text is shown as it is.

Names, scores and samples come from users and from files. In rich, `[red]` in a text is a mark-up
and `:smile:` a picture, and an escape sequence would steer the terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def make_console(**options: Any) -> Console:
    """A console without mark-up, pictures and escape sequences in what it is given."""
    from rich.console import Console
    from rich.text import Text

    class Plain(Console):
        def render_str(self, text: str, **how: Any) -> Text:
            return super().render_str(shown(text), **how)

    return Plain(highlight=False, markup=False, emoji=False, **options)


def plural(count: int, noun: str) -> str:
    """ "1 problem", "2 problems", "1,000 batches"."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith(('ch', 'sh', 's', 'x')) else 's'}"


def at_slashes(score: str) -> str:
    """A score's name on two lines, so that a narrow table folds it nowhere else."""
    return score.replace("/", "/\n")


def shown(text: str) -> str:
    """The text with U+FFFD for what no terminal should be sent."""
    return "".join(one if one.isprintable() or one in "\n\t" else "\ufffd" for one in text)
