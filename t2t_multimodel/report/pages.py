"""The pages of a run: one HTML file with everything in it, and the same as Markdown."""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.errors import UserError, printable
from t2t_multimodel.report.history import read_history
from t2t_multimodel.report.record import read_record

SUFFIXES = (".html", ".md")


def write_pages(run: Path, output: Path | None = None) -> list[Path]:
    """Writes the report of a run, which may still be going on or have been moved.

    Args:
        run: folder of the run.
        output: one of the two files, the other gets the other suffix; None: `report.html` and
            `report.md` in the run's folder.

    Returns:
        The files.

    Raises:
        UserError: there is no run, no matplotlib, or `output` is no name of a page.
    """
    output = output or run / "report.html"
    if output.suffix not in SUFFIXES:
        raise UserError(
            f"--output={output}: expected a name that ends in .html or .md.",
            fix=f"Both pages are written: --output={output.with_suffix('.html')}",
        )
    record = read_record(run)
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"The curves of a report need matplotlib: {error}.", fix="pip install matplotlib"
        ) from error
    from t2t_multimodel.report.contents import page_of
    from t2t_multimodel.report.html import to_html
    from t2t_multimodel.report.markdown import to_markdown

    page = page_of(record, read_history(run / "scalars.jsonl"))
    files = [output.with_suffix(suffix) for suffix in SUFFIXES]
    for file, text in zip(files, (to_html(page), to_markdown(page)), strict=True):
        with written_by_rename(file) as stream:
            stream.write(printable(text).encode())
    return files
