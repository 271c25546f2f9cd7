"""Two logical devices of the processor, in a process of their own, beside one device."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

pytest.importorskip("tensorflow")

SCRIPT = """
import dataclasses, sys
from concurrent.futures import ThreadPoolExecutor
import keras, numpy as np
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for
from t2t_multimodel.config import DecoupledDecayConfig, MirroredConfig, MuonConfig, rates
from t2t_multimodel import Config, OptimizerConfig, TrainConfig
from t2t_multimodel.config.tree import updated
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.engines import devices, engine
from t2t_multimodel.engines.tensorflow_mirrored import MirroredEngine
from t2t_multimodel.engines.micro_batch import summed_loads

text = PROBLEMS[0]
problems = [text, dataclasses.replace(text, name="back", command="to_english")]
names = [problem.name for problem in problems]
config = Config(
    problems=rates(*names),
    model=updated(
        FLAT_CONFIGS["octet"],
        {"body.encoder_blocks": (1, 0), "body.mixer_pre_blocks": 0, "moe.balance_rate": 0.01},
    ),
    optimizer=OptimizerConfig(
        method=MuonConfig(), weight_decay=DecoupledDecayConfig(strength=0.1), ema_decay=0.9),
    train=TrainConfig(accumulate=2, distribution=MirroredConfig(devices=2)),
)
process_group = devices.set_up(config)
found = {}


def model():
    keras.utils.set_random_seed(3)
    return MultiModel(config.model, problems)


def train(kind, one, steps):
    for name in names:
        one.compile(name)
    with ThreadPoolExecutor(1) as pool:
        for step in steps:
            work = [(n, batch_for(p, seed=5 * step + i)) for i, (n, p) in enumerate(
                zip(names * 2, problems * 2))]
            parts = list(pool.map(lambda i: one.compute(*work[i], 4 * step + i), range(4)))
            found[f"{kind}/loss{step}"] = [float(seen.scalars["xent"]) for _, seen in parts]
            for gradients, _ in parts:
                one.add(gradients)
            loads = summed_loads(seen for _, seen in parts)
            found[f"{kind}/norm{step}"] = one.update(0.01, step, loads)
            found[f"{kind}/places{step}"] = [
                next(iter(g.values())).device[-5:] for g, _ in parts]
    found.update({f"{kind}/{v.path}": engine.value_of(v) for v in one._model.variables})
    found.update({f"{kind}/{k}": v for k, v in one.state().items()})


single = engine.make_engine(model(), config)
train("one", single, range(2))
two = devices.make_engine(model(), config, process_group)
assert isinstance(two, MirroredEngine)
train("two", two, range(2))
(copies,) = two._copies.values()
found["copies"] = [copy.device[-5:] for copy in copies]
found["equal"] = [np.array_equal(a, b) for a, b in zip(copies, two._variables)]
traces = two.traces
train("later/two", two, range(2, 3))
found["traces"] = two.traces - traces
train("later/one", single, range(2, 3))
np.savez(sys.argv[1], **found)
"""


def run(tmp_path: Path) -> dict[str, np.ndarray]:
    file = tmp_path / "found.npz"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    command = [sys.executable, "-c", SCRIPT, str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(file) as arrays:
        return dict(arrays)


def test_two_devices_learn_what_one_does_to_the_last_bit(tmp_path: Path) -> None:
    found = run(tmp_path)
    pairs = [
        (name, found[name], found[name.replace("one/", "two/")]) for name in found if "one/" in name
    ]
    assert len(pairs) > 200
    assert any(one.any() for name, one, _ in pairs if name.endswith("gating/bias"))
    assert [name for name, one, two in pairs if not np.array_equal(one, two)] == []
    assert len(set(found["one/loss0"])) == 4
    assert set(found["copies"]) == {"CPU:1"}
    assert found["equal"].all()
    assert set(found["two/places0"]) == {"CPU:0"}  # where they are added up
    assert found["traces"] == 0
