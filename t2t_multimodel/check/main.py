"""Does the work of `mm-problems check`: examines problems, prints what is wrong, ends with 2."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from t2t_multimodel import registry
from t2t_multimodel.check.contract import CHECKS, checked
from t2t_multimodel.check.finding import Finding, Found
from t2t_multimodel.check.look import MOST_EXAMPLES
from t2t_multimodel.check.subject import Subject
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.data.raw_dirs import RawDir, RawDirs, as_raw_dirs
from t2t_multimodel.data.reading import called
from t2t_multimodel.errors import UserError
from t2t_multimodel.problem import Problem
from t2t_multimodel.terminal import plural, shown

_WIDE = 13


def check_problems(
    names: Sequence[str],
    data_dir: Path,
    raw_dir: RawDir = None,
    *,
    most: int | None = None,
    json_file: Path | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Examines problems one after the other, and prints what each check found.

    Args:
        names: registered problems.
        data_dir: vocabularies that lie there are used.
        raw_dir: where the user keeps raw files.
        most: examples of each split that are looked at; None: `MOST_EXAMPLES`.
        json_file: everything that was found is written there too.
        say: takes each line.

    Raises:
        UserError: a problem breaks its contract, after all were examined.
    """
    registry.problems.check(names)
    raw_dirs = as_raw_dirs(raw_dir)
    raw_dirs.check(names)
    results: dict[str, list[Found]] = {}
    for name in names:
        results[name] = _examined(name, data_dir, raw_dirs, most or MOST_EXAMPLES)
        for line in told(name, results[name]):
            say(shown(line))
    if json_file is not None:
        _write(json_file, results)
    broken = [name for name, found in results.items() if _failed(found)]
    if broken:
        verb = "breaks its contract" if len(broken) == 1 else "break their contracts"
        raise UserError(
            f"{len(broken)} of {plural(len(names), 'problem')} {verb}: {', '.join(broken)}.",
            "Above, what to change stands behind each arrow. docs/checking.md explains the checks.",
        )


def _examined(name: str, data_dir: Path, raw_dirs: RawDirs, most: int) -> list[Found]:
    try:
        problem: Problem = called(lambda: registry.problems.get(name)(), f"Problem {name!r}")
    except UserError as error:
        first, *others = CHECKS
        why = "the class can not be made"
        failed = Found(first, (Finding(error.message, error.fix),))
        return [failed, *(Found(other, not_checked=why) for other in others)]
    subject = Subject(problem, raw_dirs.of(name), data_dir, most)
    return [checked(check, subject) for check in CHECKS]


def _failed(found: Sequence[Found]) -> int:
    return sum(one.status == "fails" for one in found)


def told(name: str, found: Sequence[Found]) -> list[str]:
    """The lines that tell what was found of a problem."""
    failed = _failed(found)
    verb = "fails" if failed == 1 else "fail"
    lines = [f"{name}: {failed} of {len(found)} checks {verb}" if failed else f"{name}: ok"]
    for one in found:
        status = one.status.upper() if one.findings else one.status
        why = f": {one.not_checked}" if one.not_checked else ""
        lines.append(f"  {status:<{_WIDE}}{one.check}{why}")
        for finding in one.findings:
            lines += _indented("", finding.message) + _indented("-> ", finding.fix)
        for note in one.notes:
            lines += _indented("note: ", note)
    return lines


def _indented(mark: str, text: str) -> list[str]:
    if not text:
        return []
    indent = " " * (_WIDE + 4)
    first, *rest = text.splitlines()
    return [f"{indent}{mark}{first}", *(f"{indent}{' ' * len(mark)}{line}" for line in rest)]


def _write(file: Path, results: dict[str, list[Found]]) -> None:
    content: dict[str, Any] = {
        name: {"ok": not _failed(found), "checks": [one.to_dict() for one in found]}
        for name, found in results.items()
    }
    with written_by_rename(file) as stream:
        stream.write(json.dumps(content, indent=1).encode(errors="backslashreplace"))
