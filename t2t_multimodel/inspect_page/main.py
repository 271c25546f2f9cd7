"""Does the work of `mm-problems inspect`: writes one page about problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2t_multimodel import registry
from t2t_multimodel.check.contract import checked
from t2t_multimodel.check.finding import NotChecked
from t2t_multimodel.check.subject import Subject
from t2t_multimodel.config import Config, rates
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.data.raw_dirs import RawDir, as_raw_dirs
from t2t_multimodel.data.reading import called
from t2t_multimodel.errors import UserError, printable
from t2t_multimodel.inspect_page.gathered import ShownExample, gather, tree_of
from t2t_multimodel.inspect_page.sections import Outputs, sections_of
from t2t_multimodel.problem import Problem
from t2t_multimodel.report.html import to_html
from t2t_multimodel.report.page import Cell, Page, PageSection, Stack

if TYPE_CHECKING:
    from t2t_multimodel.api.model import Model

SHOWN = 8
"""Examples of each split that are shown, if nothing else is asked for."""
_SET = "octet_quick"
"""The set whose batches a mixture has, where no model is named."""


def write_page(
    entries: Sequence[str],
    data_dir: Path,
    raw_dir: RawDir = None,
    *,
    output: Path | None = None,
    model: Path | None = None,
    examples: int | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Writes a page about problems: examples, lengths, classes, what is left out, near-duplicates.

    Args:
        entries: NAME or NAME:RATE; with several, or with a rate, the page tells what a step holds.
        data_dir: vocabularies and records that lie there are used.
        raw_dir: where the user keeps raw files.
        output: the file; None: NAME.html, or mixture.html for several, in the working folder.
        model: folder of a run or a checkpoint, or the name of a model that ships.
        examples: how many of each split are shown; None: `SHOWN`.
        say: takes a line.

    Returns:
        The file.

    Raises:
        UserError: a name is unknown, a problem can not be read, or the model is not there.
    """
    asked = rates(*entries)
    names = [one.name for one in asked]
    registry.problems.check(names)
    raw_dirs = as_raw_dirs(raw_dir)
    raw_dirs.check(names)
    trained = _loaded(model)
    sections: list[PageSection] = []
    if len(asked) > 1 or ":" in entries[0]:
        sections.append(_mixture(asked, trained, data_dir, raw_dir))
    for name in dict.fromkeys(names):
        problem: Problem = called(partial(_made, name), f"Problem {name!r}")
        subject = Subject(problem, raw_dirs.of(name), data_dir)
        sections += _of_problem(subject, trained, examples or SHOWN)
    title = ", ".join(dict.fromkeys(names))
    output = output or Path(f"{names[0] if len(names) == 1 else 'mixture'}.html")
    with written_by_rename(output) as stream:
        stream.write(printable(to_html(Page(title, sections))).encode())
    say(f"Page: {output}")
    return output


def _made(name: str) -> Problem:
    problem: Problem = registry.problems.get(name)()
    return problem


def _of_problem(subject: Subject, trained: Model | None, count: int) -> list[PageSection]:
    subject.problem.check_declared()
    for finding in checked("raw files", subject).findings:
        raise UserError(f"Problem {subject.name!r}: {finding.message}", finding.fix)
    subject.tokenizers  # noqa: B018, raises what is wrong with the raw files
    try:
        splits = [gather(subject, split, count) for split in subject.problem.splits]
    except NotChecked as why:
        raise UserError(
            f"Problem {subject.name!r} can not be shown: {why}.",
            f"mm-problems check {subject.name}",
        ) from None
    for split in splits:
        if split.look.error is not None:
            raise split.look.error
    return list(sections_of(subject, splits, _outputs(subject, trained)))


def _loaded(model: Path | None) -> Any:
    if model is None:
        return None
    from t2t_multimodel.api.loading import load

    found = load(model)
    if not hasattr(found, "checkpoint"):
        raise UserError(f"--model={model} is an export.", "Give the run that it was made of.")
    return found


def _outputs(subject: Subject, trained: Model | None) -> Outputs | None:
    """What the model puts out; None without one, or for a problem that it was not trained on."""
    if trained is None:
        return None
    if subject.name not in trained.problems:
        raise UserError(
            f"The model was not trained on {subject.name}.",
            f"It knows {', '.join(trained.problems)}.",
        )

    def outputs(shown: Sequence[ShownExample]) -> list[Cell]:
        values = [one.value for one in shown]
        found = trained.predict(subject.name, values, errors="keep")
        cells: list[Cell] = []
        for one, prediction in zip(shown, found, strict=True):
            tree = tree_of(subject, str(prediction.value), one.source)
            text = prediction.text or prediction.error
            cells.append(Stack((text, tree)) if tree else text)
        return cells

    return outputs


def _mixture(asked: Any, trained: Model | None, data_dir: Path, raw_dir: RawDir) -> PageSection:
    from t2t_multimodel.inspect_page.mixture import mixture_section  # late: TensorFlow

    config: Config = trained.checkpoint.config() if trained else registry.hparams.get(_SET)()
    return mixture_section(config.replace(problems=asked), data_dir, raw_dir)
