"""Tokens that travel to their experts and back get what they would get at home."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.jax_process import NEEDS_JAX, QUICK, run_on_jax

pytestmark = NEEDS_JAX
SCRIPT = """
import sys
import jax
import numpy as np
from t2t_multimodel.layers import expert_exchange
from t2t_multimodel.layers.fast_experts import expert_ffn

mesh = jax.sharding.Mesh(np.array(jax.devices()).reshape(2, 2), ("data", "experts"))
rng = np.random.default_rng(0)
weights = tuple(rng.normal(size=size).astype("float32") for size in ((4, 6, 8), (4, 8, 6)))
x = rng.normal(size=(32, 6)).astype("float32")
gates = rng.random((32, 2)).astype("float32")
mask = (rng.random(32) < 0.7).astype("float32")
found = {}


def outputs(experts, mask, over):
    def total(x, gates, weights):
        with expert_exchange.over(over):
            y = expert_ffn(x, experts, gates, weights, mask)
        return (y * np.arange(6)).sum(), y

    run = jax.jit(jax.value_and_grad(total, argnums=(0, 1, 2), has_aux=True))
    (_, y), gradients = run(x, gates, weights)
    return [np.asarray(one) for one in jax.tree_util.tree_leaves((y, gradients))]


for kind, experts in {
    "even": np.stack([np.arange(32) % 4, (np.arange(32) + 1) % 4], 1),
    "crowded": np.zeros((32, 2), int),  # all to one expert: more than the usual room
}.items():
    for masked, one in {"masked": mask, "whole": None}.items():
        for name, over in {"alone": None, "mesh": mesh}.items():
            for i, array in enumerate(outputs(experts.astype("int32"), one, over)):
                found[f"{name}/{kind}/{masked}/{i}"] = array

sizes = []
for over, tokens in ((mesh, 32), (mesh, 30), (mesh, None), (None, 32)):
    with expert_exchange.over(over):
        sizes.append(expert_exchange.mesh_for(tokens) is not None)
np.savez(sys.argv[1], **found, sizes=sizes)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    file: Path = tmp_path_factory.mktemp("exchange") / "found.npz"
    run_on_jax(SCRIPT, file, XLA_FLAGS="--xla_force_host_platform_device_count=4", **QUICK)
    with np.load(file) as arrays:
        return dict(arrays)


@pytest.mark.parametrize("masked", ["masked", "whole"])
@pytest.mark.parametrize("kind", ["even", "crowded"])
def test_outputs_and_gradients_are_those_of_one_device(
    found: dict[str, np.ndarray], kind: str, masked: str
) -> None:
    names = [name for name in found if name.startswith(f"alone/{kind}/{masked}/")]
    assert len(names) == 5  # outputs; gradients by tokens, gates and two matrices
    for name in names:
        expected = found[name]
        assert np.abs(expected).max() > 0.1
        np.testing.assert_allclose(
            found[name.replace("alone", "mesh", 1)], expected, rtol=1e-4, atol=1e-4
        )


def test_tokens_that_the_devices_can_not_share_stay(found: dict[str, np.ndarray]) -> None:
    assert found["sizes"].tolist() == [True, False, False, False]
