"""The forms of experts that JAX has compute one definition, whatever the load."""

from __future__ import annotations

import json

import pytest
from helpers.jax_process import NEEDS_JAX, QUICK, run_on_jax

pytestmark = NEEDS_JAX
SCRIPT = """
import json
import jax
import numpy as np
from t2t_multimodel.layers import experts_on_jax
from t2t_multimodel.layers.fast_experts import expert_ffn

TOKENS, EXPERTS, K = 96, 6, 2  # 32 tokens an expert on average
rng = np.random.default_rng(0)
weights = tuple(rng.normal(size=size).astype("float32") for size in ((6, 4, 5), (6, 5, 4)))
x = rng.normal(size=(TOKENS, 4)).astype("float32")
gates = rng.random((TOKENS, K)).astype("float32")
mask = (np.arange(TOKENS) % 3 == 0).astype("float32")
fitted = []
either = experts_on_jax.either


def watched(fits, *rest):
    jax.debug.callback(lambda fits: fitted.append(bool(fits)), fits)
    return either(fits, *rest)


experts_on_jax.either = watched
loads = {
    "even": np.stack([np.arange(TOKENS) % 6, (np.arange(TOKENS) + 1) % 6], 1),
    "uneven": np.stack([rng.permutation(6)[:2] for _ in x]),
    "two have all": np.tile([3, 1], (TOKENS, 1)),
    # what is masked chooses alike, the rest evenly
    "padding": np.where(mask[:, None] > 0, (np.arange(2 * TOKENS) % 6).reshape(-1, 2), [3, 1]),
}


def definition(experts, mask):
    y = np.zeros_like(x)
    for n, k in np.ndindex(TOKENS, K):
        first, second = (w[experts[n, k]] for w in weights)
        y[n] += mask[n] * gates[n, k] * (np.maximum(x[n] @ first, 0) @ second)
    return y


def computed(platform, experts, mask):
    experts_on_jax.platform = lambda: platform

    def total(x, gates, weights):
        y = expert_ffn(x, experts.astype("int32"), gates, weights, mask)
        return (y * np.arange(4)).sum(), y

    run = jax.jit(jax.value_and_grad(total, argnums=(0, 1, 2), has_aux=True))
    (_, y), gradients = run(x, gates, weights)
    return jax.tree_util.tree_leaves((y, gradients))


found = {}
for name, experts in loads.items():
    for masked, one in {"whole": None, "masked": mask}.items():
        fitted.clear()
        cpu, gpu = (computed(platform, experts, one) for platform in ("cpu", "gpu"))
        jax.effects_barrier()
        expected = definition(experts, np.ones(TOKENS) if one is None else one)
        found[f"{name}, {masked}"] = {
            "off": float(np.abs(cpu[0] - expected).max()),
            "apart": max(float(np.abs(a - b).max()) for a, b in zip(cpu, gpu, strict=True)),
            "arrays": len(cpu),
            "fits": fitted[:],
        }
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, dict]:
    return json.loads(run_on_jax(SCRIPT, **QUICK).splitlines()[-1])


@pytest.mark.parametrize("masked", ["whole", "masked"])
@pytest.mark.parametrize("load", ["even", "uneven", "two have all", "padding"])
def test_outputs_and_gradients_are_the_same_on_every_device(
    found: dict[str, dict], load: str, masked: str
) -> None:
    one = found[f"{load}, {masked}"]
    assert one["off"] < 1e-4
    assert one["apart"] < 1e-3
    assert one["arrays"] == 5  # outputs; gradients by tokens, gates and two matrices


def test_a_load_that_is_not_too_uneven_needs_no_copies_of_matrices(found: dict[str, dict]) -> None:
    fits = {name: one["fits"] for name, one in found.items() if name.endswith("whole")}
    assert fits == {
        "even, whole": [True],
        "uneven, whole": [True],
        "two have all, whole": [False],
        "padding, whole": [False],
    }


def test_padding_makes_no_load_uneven(found: dict[str, dict]) -> None:
    assert found["padding, masked"]["fits"] == [True]
