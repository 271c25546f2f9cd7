"""The settings of a run that a user asks for: of a set, or of the run that goes on."""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel import overrides
from t2t_multimodel.checkpoints.trusted_code import admit_run
from t2t_multimodel.config.notation import read_entry
from t2t_multimodel.config.root import ProblemRate
from t2t_multimodel.overrides import Overrides, Resolved

DEFAULT_SET = "octet_quick"
"""The set of a run for which none is named."""


def asked_settings(
    set_name: str | None, output_dir: Path | None, changes: Overrides
) -> tuple[Resolved, Path]:
    """The settings of a run, and its folder.

    Args:
        set_name: None: a run in `output_dir` goes on with its own settings; a new one takes
            `DEFAULT_SET`.
        output_dir: None: `runs/SET`.
        changes: what is changed about the settings.

    Raises:
        UserError: an unknown name, a value of the wrong type or out of range, or the code of the
            run was not agreed to.
    """
    base: Resolved | str | None = set_name
    if set_name is None and output_dir is not None:
        asked = [read_entry(entry, ProblemRate, "--problems") for entry in changes.problems]
        admit_run(output_dir, [one.name for one in asked])
        base = overrides.recorded(output_dir)
    resolved = overrides.resolve(base or DEFAULT_SET, changes)
    return resolved, output_dir or Path("runs", set_name or DEFAULT_SET)
