"""The schedules of Tensor2Tensor, against numbers that its own code computed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from t2t_multimodel.t2t.schedules import T2TSchedule

GOLDEN = Path(__file__).parent.parent / "golden"
V1 = np.load(GOLDEN / "08_learning_rate_v1.npz")
T190 = np.load(GOLDEN / "08_learning_rate_t2t190.npz")
V1_CONFIGS = json.loads(str(V1["meta"]))["configs"]
T190_CONFIGS = json.loads(str(T190["meta"]))["configs"]


@pytest.mark.parametrize("name", V1_CONFIGS)
def test_the_schedules_of_2017(name: str) -> None:
    config = dict(V1_CONFIGS[name])
    learning_rate = config.pop("learning_rate")
    schedule = T2TSchedule(**config)
    steps = V1["in/steps"].tolist()
    factors = [schedule.factor(step) for step in steps]
    rates = [schedule.adam_rate(learning_rate, step) for step in steps]
    np.testing.assert_allclose(factors, V1[f"out/{name}/decay_factor"], rtol=4e-6)
    np.testing.assert_allclose(rates, V1[f"out/{name}/adam_learning_rate"], rtol=4e-6)


@pytest.mark.parametrize("name", [n for n, c in T190_CONFIGS.items() if "legacy" in c.values()])
def test_the_schedules_of_1_9_0(name: str) -> None:
    config = T190_CONFIGS[name]
    schedule = T2TSchedule(
        scheme=config["learning_rate_decay_scheme"],
        hidden_size=config["hidden_size"],
        warmup_steps=config["learning_rate_warmup_steps"],
        decay_rate=config["learning_rate_decay_rate"],
        decay_steps=config["learning_rate_decay_steps"],
        staircase=config["learning_rate_decay_staircase"],
        cycle_steps=config["learning_rate_cosine_cycle_steps"],
    )
    rates = np.array([schedule.adam_rate(0.1, step) for step in T190["in/steps"].tolist()])
    if "Adam" not in config["optimizer"]:
        rates *= 500
    np.testing.assert_allclose(rates, T190[f"out/{name}/learning_rate"], rtol=4e-6, atol=1e-12)


def test_a_later_warm_up_fails_the_comparison() -> None:
    config = {**V1_CONFIGS["noam_h512_w4000"], "warmup_steps": 4001}
    learning_rate = config.pop("learning_rate")
    rates = [T2TSchedule(**config).adam_rate(learning_rate, s) for s in V1["in/steps"].tolist()]
    golden = V1["out/noam_h512_w4000/adam_learning_rate"]
    assert not np.allclose(rates, golden, rtol=4e-6, atol=0)
