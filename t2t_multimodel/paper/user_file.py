"""Reads experiments out of a user's .py file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from t2t_multimodel import _scan, usr_dir
from t2t_multimodel.errors import UserError, foreign
from t2t_multimodel.paper.experiment import Experiment

_FORM = "It needs a line such as EXPERIMENT = Experiment(name=..., arms=(...), comparisons=(...))."


def experiments_in(path: Path) -> list[Experiment]:
    """The experiments that stand at the top level of a file, in their order.

    Problems and sets that the file registers become known.

    Raises:
        UserError: the file is not there, is no Python, fails, or has no experiment.
    """
    if path.suffix != ".py" or not path.is_file():
        raise UserError(f"{path} is no .py file (looked in {Path.cwd()}).", _FORM)
    if _scan.registrations(path, path.stem):
        usr_dir.add_one(path)
    name = f"mm_experiment_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses of the file look for it there
    with foreign(lambda why: UserError(f"{path} can not be run: {why}.")):
        spec.loader.exec_module(module)
    found = [value for value in vars(module).values() if isinstance(value, Experiment)]
    if not found:
        raise UserError(f"{path} has no experiment.", _FORM)
    return found
