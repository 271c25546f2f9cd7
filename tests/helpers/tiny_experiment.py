"""An experiment of two arms on one made task, and what the tests of `mm-paper` run it with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.finished_run import TASKS, forget_small_tasks

from t2t_multimodel import usr_dir
from t2t_multimodel.paper import Arm, Comparison, Experiment
from t2t_multimodel.paper.runner import Request
from t2t_multimodel.paper.scales import SCALES

PROBLEM = "made_colours"
SENTENCE = "Twice the width helps."


def arm(name: str, **changes: Any) -> Arm:
    """A few steps on squares of three colours."""
    values = {"problems": (PROBLEM,), "hparams_set": "made_tiny", "steps": 4}
    return Arm(name=name, **{**values, "settings": "train.checkpoint_steps=2", **changes})


def experiment(**of_wide: Any) -> Experiment:
    """A net twice as wide as another; `of_wide` changes the arm `wide`."""
    wide = "train.checkpoint_steps=2,model.hidden_size=32"
    comparison = Comparison(first="wide", second="narrow", problems=(PROBLEM,), decides=SENTENCE)
    return Experiment(
        name="width",
        arms=(arm("wide", **{"settings": wide, **of_wide}), arm("narrow")),
        comparisons=(comparison,),
    )


def request(folder: Path, one: Experiment | None = None, **changes: Any) -> Request:
    """What runs the experiment in a folder, each arm once; it makes the made tasks known."""
    forget_small_tasks()
    usr_dir.add(TASKS)
    values = {
        "experiments": (one or experiment(),),
        "scale": SCALES["smoke"],
        "seeds": 1,
        "output_dir": folder,
        "results_dir": folder,
        "data_dir": folder / "data",
    }
    return Request(**{**values, **changes})
