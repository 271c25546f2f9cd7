"""Affinity is measured in the midst of a run, which learns as if it were not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.tiny_experiment import arm, request

from t2t_multimodel import Config, UserError, rates
from t2t_multimodel.checkpoints import checkpoint as checkpoints
from t2t_multimodel.engines.process_group import ProcessGroup
from t2t_multimodel.paper import Experiment
from t2t_multimodel.paper.runner import train_missing
from t2t_multimodel.train.affinity import check_alone

PROBLEMS = ("made_colours", "made_tones")
EMA = "optimizer.ema_decay=0.5,train.checkpoint_steps=4"


def arrays(run: Path) -> dict[str, np.ndarray]:
    """All that the last checkpoint of a run holds."""
    checkpoint = checkpoints.open_checkpoint(run / "checkpoints" / "step-00000004")
    weights = {v.path: v.numpy() for v in checkpoint.model().variables}
    return weights | checkpoint.optimizer()


def test_a_run_that_measures_learns_what_it_would_have_learnt(tmp_path: Path) -> None:
    plain = arm("plain", problems=PROBLEMS, settings=EMA)
    measured = arm("measured", problems=PROBLEMS, settings=f"{EMA},train.affinity_steps=2")
    train_missing(request(tmp_path, Experiment(name="two", arms=(plain, measured), comparisons=())))
    runs = tmp_path / "runs"
    wanted, found = arrays(runs / "plain-seed0"), arrays(runs / "measured-seed0")
    assert wanted.keys() == found.keys()
    assert [name for name in wanted if not np.array_equal(wanted[name], found[name])] == []

    curves = json.loads((runs / "measured-seed0.json").read_text())["curves"]
    assert not any(name.startswith("affinity") for name in curves if name in PROBLEMS)
    for place, name in enumerate(PROBLEMS):
        steps, values = zip(*curves[f"affinity/{name}"], strict=True)
        assert steps == (1, 3)
        assert all(len(one) == len(PROBLEMS) for one in values)
        assert all(one[place] != 0 for one in values)  # a step moves the loss of its own problem
    assert len(curves["affinity_cpu_seconds"]) == 2


def test_several_workers_are_refused() -> None:
    class Two(ProcessGroup):
        workers = 2

    config = Config(problems=rates("octet_image"))
    check_alone(config, Two())
    asked = config.replace(train=config.train.replace(affinity_steps=5))
    with pytest.raises(UserError) as caught:
        check_alone(asked, Two())
    assert str(caught.value) == (
        "train.affinity_steps needs one worker, and this run has several.\n"
        "Leave it out, or train on one machine."
    )
