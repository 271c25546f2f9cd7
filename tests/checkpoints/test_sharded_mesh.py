"""A sharded checkpoint of a mesh of virtual processors, restored onto others and elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers.jax_process import NEEDS_JAX, QUICK, run_on_jax

from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.conversion import convert

pytestmark = NEEDS_JAX

SCRIPT = """
import sys
from pathlib import Path
import keras, numpy as np
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for
from t2t_multimodel import Config, OptimizerConfig, TrainConfig
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.saving import Saver, Snapshot
from t2t_multimodel.checkpoints.sharded import ShardWriter
from t2t_multimodel.config import MeshConfig, OneDeviceConfig, rates
from t2t_multimodel.config.tree import updated
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.engines import devices, engine
from t2t_multimodel.engines.micro_batch import summed_loads

text, folder, found = PROBLEMS[0], Path(sys.argv[1]), {}
network = updated(FLAT_CONFIGS["octet"], {
    "body.encoder_blocks": (1, 0), "body.mixer_pre_blocks": 0, "moe.balance_rate": 0.01})


def on(distribution, checkpoint=None):
    config = Config(problems=rates(text.name), model=network,
                    optimizer=OptimizerConfig(ema_decay=0.9),
                    train=TrainConfig(distribution=distribution))
    group = devices.set_up(config)
    keras.utils.set_random_seed(3)
    model = checkpoint.model() if checkpoint else MultiModel(network, [text])
    made = devices.make_engine(model, config, group)
    if checkpoint:
        made.restore(checkpoint.optimizer(model))
    return model, made


def train(made, steps):
    for step in steps:
        gradients, seen = made.compute(text.name, batch_for(text, 4, seed=step), step)
        made.add(gradients)
        made.update(0.01, step, summed_loads([seen]))


def keep(kind, model, made):
    found.update({f"{kind}/slots/{name}": value for name, value in made.state().items()})
    found.update({f"{kind}/averages/{name}": value for name, value in made.averages().items()})
    found.update({f"{kind}/weights/{v.path}": engine.value_of(v) for v in model.variables})


def shards(kind, model, made):
    slots = made.split.state() if made.split else made.device_state()
    arrays = {v.path: v.value for v in model.variables} | slots
    for path, one in arrays.items():
        if "experts_kernel" in path:
            shape = one.sharding.shard_shape(one.shape)
            found[f"shards/{kind}/{path}"] = [len(one.sharding.device_set), *shape]


square = MeshConfig(data=2, experts=2)
model, made = on(square)
train(made, range(2))
keep("saved", model, made)
saver = Saver(folder, 2, ShardWriter(folder))
values, slots = engine.saved_arrays(model, made)
saver.save(Snapshot(model, values, slots, {}, {"step": 2, "usr_dirs": []}))
del values, slots
train(made, range(2, 4))  # while it is written
saver.close()
keep("undisturbed", model, made)
with engine.averaged(model, made):
    found["averaged"] = [np.array_equal(engine.value_of(v), made.averages()[v.path])
                         for v in model.trainable_variables]
found["as_before"] = [np.array_equal(engine.value_of(v), found["undisturbed/weights/" + v.path])
                      for v in model.variables]

checkpoint = Checkpoint(folder / "step-00000002")
model, made = on(square, checkpoint)
found["checksums"] = [engine.checksum(model, made)]
train(made, range(2, 4))
keep("resumed", model, made)
for kind, where in (("row", MeshConfig(experts=4)), ("one", OneDeviceConfig())):
    model, made = on(where, checkpoint)
    keep(kind, model, made)
    shards(kind, model, made)
    if made.split:
        found["checksums"].append(engine.checksum(model, made))
        made._momenta[0] = made._momenta[0] + 1e-6
        found["checksums"].append(engine.checksum(model, made))
np.savez(folder / "found.npz", **found)
"""


@dataclass(frozen=True)
class Found:
    checkpoint: Checkpoint
    arrays: dict[str, np.ndarray]

    def of(self, kind: str) -> dict[str, np.ndarray]:
        begin = f"{kind}/"
        return {k.removeprefix(begin): v for k, v in self.arrays.items() if k.startswith(begin)}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Saved on data:2,experts:2 after two steps, trained on, and restored."""
    folder: Path = tmp_path_factory.mktemp("mesh")
    run_on_jax(SCRIPT, folder, XLA_FLAGS="--xla_force_host_platform_device_count=4", **QUICK)
    with np.load(folder / "found.npz") as arrays:
        return Found(Checkpoint(folder / "step-00000002"), dict(arrays))


def assert_equal(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    assert first.keys() == second.keys()
    assert len(first) > 100
    for name, value in first.items():
        assert np.array_equal(value, second[name]), name


@pytest.mark.parametrize("mesh", ["row", "one"])
def test_another_mesh_and_one_device_get_equal_arrays(found: Found, mesh: str) -> None:
    assert_equal(found.of(mesh), found.of("saved"))


def test_each_device_gets_its_experts_alone(found: Found) -> None:
    weights, shards = found.of("saved/weights"), found.of("shards")
    assert {name.split("/")[0] for name in shards} == {"row", "one"}
    for name, (devices, *shard) in shards.items():
        mesh, _, path = name.partition("/")
        path = path.removeprefix("m/").removeprefix("v/").removeprefix("weights/")
        experts, *kernel = weights[path].shape
        assert [devices, *shard] == ([4, experts // 4] if mesh == "row" else [1, experts]) + kernel


def test_training_that_goes_on_equals_one_that_was_not_stopped(found: Found) -> None:
    assert_equal(found.of("resumed"), found.of("undisturbed"))
    changed = found.of("undisturbed/weights")
    assert any(not np.array_equal(v, changed[k]) for k, v in found.of("saved/weights").items())


def test_the_averages_are_evaluated_where_they_lie(found: Found) -> None:
    assert found.arrays["averaged"].all()
    assert found.arrays["as_before"].all()


def test_the_checksum_depends_on_arrays_and_not_on_their_mesh(found: Found) -> None:
    first, other_mesh, other_slot = found.arrays["checksums"]
    assert first == other_mesh != other_slot


def test_tensorflow_reads_it_and_converts_it(found: Found, tmp_path: Path) -> None:
    assert found.checkpoint.damage() == ""
    weights = found.of("saved/weights") | found.of("saved/averages")
    expected = {f"weights/{name}": value for name, value in weights.items()}
    expected |= {f"slots/{name}": value for name, value in found.of("saved/slots").items()}
    for one in (found.checkpoint, convert(found.checkpoint, tmp_path / "whole", sharded=False)):
        model = one.model()
        arrays = {f"weights/{v.path}": keras.ops.convert_to_numpy(v.value) for v in model.variables}
        arrays |= {f"slots/{name}": value for name, value in one.optimizer().items()}
        assert_equal(arrays, expected)
