"""Text of users and of files is printed as it is."""

from __future__ import annotations

import io

from rich.table import Table

from t2t_multimodel.terminal import make_console


def test_no_mark_up_picture_or_escape_sequence_is_taken_from_text() -> None:
    out = io.StringIO()
    console = make_console(file=out, width=60, force_terminal=True)
    table = Table("a", box=None)
    table.add_row("[red]x[/] :smile: [link=http://x]y[/link] \x1b[2Jz")
    console.print(table)
    console.print("[bold]b[/nope] \x1b]0;title\x07")
    text = out.getvalue()
    assert "[red]x[/] :smile: [link=http://x]y[/link] \ufffd[2Jz" in text
    assert "[bold]b[/nope] \ufffd]0;title\ufffd" in text
