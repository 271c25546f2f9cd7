"""Whether the user's code that a run names may be imported.

A run may have been received from someone else, so the folders of code that its files name are not
imported on its word. Who made the run on this machine has agreed to its code already: that is
remembered outside of the run, with a hash of the code. For everyone else `--usr_dir` agrees.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from t2t_multimodel import registry, storage, usr_dir
from t2t_multimodel.checkpoints.code_hash import code_hash
from t2t_multimodel.config import Config
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.data.raw_dirs import RawDir, RawDirs, as_raw_dirs
from t2t_multimodel.errors import UserError
from t2t_multimodel.side_files import read_json, read_or

Say = Callable[[str], None]
T = TypeVar("T")


def state_folder() -> Path:
    """Names the folder that keeps consent: `$XDG_STATE_HOME/t2t_multimodel/trusted_code`."""
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path.home() / ".local" / "state"
    return base / "t2t_multimodel" / "trusted_code"


def remember(run: Path, folders: Sequence[str], say: Say = print, raw_dir: RawDir = None) -> None:
    """Notes that whoever made a run on this machine agreed to the code in these folders.

    Args:
        run: folder of the run.
        folders: as `usr_dir.added` has them; without these and a `raw_dir` nothing is noted.
        say: takes a line if it could not be noted.
        raw_dir: where its raw files are, for later commands; None: as noted before.
    """
    raw_dir = raw_dir or remembered_raw_dir(run, lambda line: None)  # it is noted anew
    if not folders and raw_dir is None:
        return
    try:
        raw = "" if raw_dir is None else str(as_raw_dirs(raw_dir).absolute())
        code = {one: code_hash(str(storage.place(one))) for one in folders}
        note = {"run": _name_of(run), "code": code, "raw_dir": raw}
        with written_by_rename(_file_of(run)) as stream:
            stream.write(json.dumps(note, indent=1).encode())
    except (OSError, RuntimeError, UserError) as error:  # RuntimeError: there is no home folder
        reason = error.message if isinstance(error, UserError) else error
        say(f"Later commands on {storage.shown(run)} need --usr_dir again: {reason}")


def remembered_raw_dir(run: Path, say: Say = print) -> RawDirs | None:
    """Tells where the raw files of a run of this machine are; None if it is not known."""
    text = _noted(run, "", lambda note: str(note.get("raw_dir", "")), say)
    try:
        return RawDirs.parse(text) if text else None
    except UserError:  # they were moved, or this machine no longer has them
        return None


def remembered_code(run: Path, say: Say = print) -> list[str]:
    """The folders of code that this machine has agreed to for a run or an export."""
    return list(_agreed(run, say))


def admit(run: Path, folders: Iterable[Any], problems: Iterable[str], say: Say = print) -> None:
    """Makes the code of a run known as far as this machine has agreed to it.

    Args:
        run: folder of the run.
        folders: that the run's own files name.
        problems: that must be known afterwards.
        say: takes a line if the notes are damaged.

    Raises:
        UserError: a problem is registered in none of the code that was agreed to.
    """
    agreed = _agreed(run, say)
    left = []
    for folder in map(str, folders):
        if folder in usr_dir.added():
            continue
        if folder not in agreed or not _added_unchanged(folder, agreed[folder]):
            left.append(folder)
    missing = [name for name in problems if name not in registry.problems]
    if missing and left:
        raise _not_agreed(run, left, missing[0], [one for one in left if one in agreed])


def _added_unchanged(folder: str, digest: str) -> bool:
    """Makes code that was agreed to known; False if it is gone or has changed since."""
    here = storage.fetch(storage.place(folder))  # only now: a run must not choose what is fetched
    if not here.exists() or code_hash(str(here)) != digest:
        return False
    usr_dir.add_one(here)
    return True


def admit_run(run: Path, problems: Iterable[str] = ()) -> None:
    """Does the same as `admit` for a run that is to go on: its `config.json` names the code.

    Args:
        run: folder of the run; one without `config.json` names none.
        problems: in the place of those that the run records.
    """
    file = run / "config.json"
    if file.is_file():
        record = read_json(file, ("config",))
        names = list(problems) or list(Config.from_dict(record["config"]).rates)
        admit(run, record.get("usr_dirs", ()), names)


def run_of(path: Path) -> Path:
    """The folder of the run that a checkpoint lies in; a folder elsewhere stands for itself."""
    return path.parent.parent if path.parent.name == "checkpoints" else path


def _name_of(run: Path) -> str:
    """Where a run is, whatever its path was written like: a path from the root, or an URL."""
    return storage.shown(run.resolve())


def _file_of(run: Path) -> Path:
    name = hashlib.sha256(_name_of(run).encode(errors="surrogateescape")).hexdigest()[:24]
    return state_folder() / f"{name}.json"


def _agreed(run: Path, say: Say) -> dict[str, str]:
    """Folder -> hash of the code that was agreed to."""

    def parse(note: Any) -> dict[str, str]:
        return {str(folder): str(digest) for folder, digest in note["code"].items()}

    return _noted(run, {}, parse, say)


def _noted(run: Path, default: T, parse: Callable[[Any], T], say: Say) -> T:
    """Returns what is noted of a run."""

    def of_this_run(note: Any) -> T:
        if note["run"] != _name_of(run):
            raise ValueError(f"it is of {note['run']}")
        return parse(note)

    try:
        return read_or(_file_of(run), default, of_this_run, say)
    except RuntimeError:  # there is no home folder
        return default


def _not_agreed(run: Path, left: list[str], missing: str, changed: list[str]) -> UserError:
    code = ", ".join(left)
    here = [folder for folder in left if Path(folder).exists()]
    why = f"{run} was made with the code in {code}"
    if changed and set(changed) <= set(here):
        why = f"The code in {', '.join(changed)} has changed since {run} was made with it"
    elif not here:
        why += ", which is not on this machine"
    given = ",".join(here) or "FOLDER"
    return UserError(
        f"{why}; without it there is no problem '{missing}'.",
        fix=f"Pass --usr_dir={given} if you trust it.",
    )
