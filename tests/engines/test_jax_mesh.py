"""Virtual devices of the processor on JAX, in processes of their own, beside one device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.jax_process import NEEDS_JAX, QUICK, run_on_jax

pytestmark = NEEDS_JAX
TOLERANCE = 1e-5
"""Absolute, of losses and of Adam's moments, relative to the largest: sums in another order."""

SCRIPT = """
import sys
import jax, keras, numpy as np
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for
from t2t_multimodel import Config, OptimizerConfig, TrainConfig
from t2t_multimodel.config import DecoupledDecayConfig, OneDeviceConfig, rates
from t2t_multimodel.config.notation import read_distribution
from t2t_multimodel.config.tree import updated
from t2t_multimodel.errors import UserError
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.engines import devices, engine
from t2t_multimodel.engines.micro_batch import summed_loads

text, file = PROBLEMS[0], sys.argv[1]
small = {"body.encoder_blocks": (1, 0), "body.mixer_pre_blocks": 0}
found = {}


def config_for(*distribution, changes=None, problems=("translate",)):
    return Config(
        problems=rates(*problems),
        model=updated(FLAT_CONFIGS["octet"], changes or {**small, "moe.balance_rate": 0.01}),
        optimizer=OptimizerConfig(weight_decay=DecoupledDecayConfig(strength=0.1), ema_decay=0.9),
        train=TrainConfig(accumulate=2, distribution=read_distribution(",".join(distribution))
            if distribution else OneDeviceConfig()),
    )


def engine_of(*distribution, problems=(text,)):
    config = config_for(*distribution, problems=[one.name for one in problems])
    process_group = devices.set_up(config)
    keras.utils.set_random_seed(3)
    model = MultiModel(config.model, problems)
    return devices.make_engine(model, config, process_group)


def gradients(kind, engine, problems):
    for one in problems:
        computed = engine.compute(one.name, batch_for(one, 3), 0)
        found.update({f"{kind}/gradient/{one.name}/{engine._variables[i].path}": np.array(value)
                      for i, value in computed.gradients.items()})


def train(kind, one, steps):
    for step in steps:
        # 3 rows: what two devices can not share evenly
        parts = [one.compute("translate", batch_for(text, 3, seed=2 * step + i), 2 * step + i)
                 for i in range(2)]
        found[f"{kind}/loss{step}"] = [float(seen.scalars["xent"]) for _, seen in parts]
        for gradients, _ in parts:
            one.add(gradients)
        loads = summed_loads(seen for _, seen in parts)
        assert len(loads) == 2
        found[f"{kind}/norm{step}"] = one.update(0.01, step, loads)
    found.update({f"{kind}/{v.path}": engine.value_of(v) for v in one._model.variables})
    found.update({f"{kind}/{k}": v for k, v in one.state().items() if k[:2] in ("m/", "v/")})


plain = engine_of()
train("one", plain, range(2))
mesh = engine_of("data:2", "experts:2")
train("mesh", mesh, range(2))
for i, variable in enumerate(mesh._variables):
    arrays = {"value": variable.value, "m": mesh._momenta[i], "v": mesh._squares[i],
              "average": mesh._averages[i]}
    for kind, array in arrays.items():
        found[f"shards/{kind}/{variable.path}"] = [
            len(array.sharding.device_set), *array.sharding.shard_shape(array.shape)]

again = engine_of("experts:4")  # goes on from the state of one device
for variable, value in zip(again._model.variables, plain._model.variables):
    variable.assign(engine.value_of(value))
again.restore(plain.state())
train("resumed", again, range(2, 4))
train("going", plain, range(2, 4))

others = PROBLEMS[1:2] + PROBLEMS[3:4]
gradients("plain", engine_of(problems=others), others)
gradients("split", engine_of("data:2", "experts:2", problems=others), others)

messages = []
for arguments, changes in [
    (("data:3", "experts:2"), {}), (("experts:3",), {}), (("experts:2",), {"moe": "none"}),
    (("mirrored:2",), {})]:
    try:
        devices.set_up(config_for(*arguments, changes=changes))
    except UserError as error:
        messages.append(str(error))
np.savez(file, **found, messages=messages)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    file: Path = tmp_path_factory.mktemp("mesh") / "found.npz"
    run_on_jax(SCRIPT, file, XLA_FLAGS="--xla_force_host_platform_device_count=4", **QUICK)
    with np.load(file) as arrays:
        return dict(arrays)


def assert_alike(found: dict[str, np.ndarray], first: str, second: str) -> None:
    names = [name for name in found if name.startswith(f"{first}/")]
    assert len(names) > 100
    for name in names:
        one, other = found[name], found[name.replace(first, second, 1)]
        if "/loss" in name or "/m/" in name or "/v/" in name or "/norm" in name:
            scale = max(1e-3, float(np.abs(one).max()))
            assert np.abs(one - other).max() <= TOLERANCE * scale, name
        else:  # Adam's first steps are +-rate wherever a gradient is next to nothing
            assert np.mean(np.abs(one - other) > TOLERANCE) < 0.01, name


def test_four_devices_learn_what_one_does(found: dict[str, np.ndarray]) -> None:
    assert_alike(found, "one", "mesh")


def test_pictures_and_sounds_have_the_gradients_of_one_device(found: dict[str, np.ndarray]) -> None:
    names = [name for name in found if name.startswith("plain/gradient/")]
    for problem in ("classify", "transcribe"):
        assert sum(f"/{problem}/" in name for name in names) > 50
    for name in names:
        one, other = found[name], found[name.replace("plain", "split", 1)]
        scale = max(1e-3, float(np.abs(one).max()))
        assert np.abs(one - other).max() <= TOLERANCE * scale, name


def test_a_checkpoint_of_one_device_goes_on_on_others(found: dict[str, np.ndarray]) -> None:
    assert_alike(found, "going", "resumed")


def test_experts_and_their_moments_are_split_and_nothing_else(
    found: dict[str, np.ndarray],
) -> None:
    split = []
    for name in (name for name in found if name.startswith("shards/")):
        devices, *shard = found[name]
        path = name.split("/", 2)[2]
        whole = found[f"mesh/{path}"].shape
        assert devices == 4, name
        if tuple(shard) != whole:
            split.append(name)
            assert tuple(shard) == (whole[0] // 2, *whole[1:]), name
    assert split
    kernels = [name for name in found if name.startswith("shards/") and "experts_kernel" in name]
    assert sorted(split) == sorted(kernels)
    assert {name.split("/")[1] for name in split} == {"value", "m", "v", "average"}


def test_devices_that_are_not_there_are_told(found: dict[str, np.ndarray]) -> None:
    assert found["messages"].tolist() == [
        "data:3,experts:2 needs 6 devices; JAX has 4.\nTo try it on a processor: "
        "XLA_FLAGS=--xla_force_host_platform_device_count=6",
        "4 experts can not be shared by 3 devices evenly.\nChoose a divisor of model.moe.experts.",
        "experts:2 has no effect with model.moe=none: there are none.\n"
        "Leave it out, or choose model.moe=experts.",
        "train.distribution=mirrored:2 needs KERAS_BACKEND=tensorflow, but this is jax.\n"
        "docs/devices.md lists what each backend has.",
    ]
