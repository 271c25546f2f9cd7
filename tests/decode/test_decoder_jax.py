"""The same weights write the same on JAX, run in a process of its own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from helpers.jax_process import NEEDS_JAX, QUICK, run_on_jax
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for

from t2t_multimodel.config import DecodeConfig
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.multimodel import MultiModel

pytestmark = NEEDS_JAX
CASES = ["paper", "t2t_v1", "t2t_v2"]
SETTINGS = {
    "greedy": {"max_length": 6},
    "beam": {"method": "beam", "beam_size": 3, "nbest": 2, "max_length": 6},
}

ON_JAX = f"""
import sys
import keras, numpy as np
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for
from t2t_multimodel.config import DecodeConfig
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.multimodel import MultiModel

assert keras.backend.backend() == "jax"
folder, found = sys.argv[1], {{}}
batch = batch_for(PROBLEMS[0])
for config in sys.argv[2:]:
    model = MultiModel(FLAT_CONFIGS[config], PROBLEMS[:1])
    if config == "paper":  # compiled with other weights, which must not stay
        decoder = Decoder(model, "translate", DecodeConfig(max_length=6))
        decoder(batch)
    weights = np.load(f"{{folder}}/{{config}}.npz")
    for variable in model.variables:
        variable.assign(weights[variable.path])
    if config == "paper":
        found["later"] = decoder(batch).ids
    for name, settings in {SETTINGS!r}.items():
        if config == "paper" or name == "greedy":
            decoded = Decoder(model, "translate", DecodeConfig(**settings))(batch)
            found[f"{{config}}/{{name}}/ids"] = decoded.ids
            found[f"{{config}}/{{name}}/scores"] = decoded.scores
np.savez(f"{{folder}}/jax.npz", **found)
"""


@pytest.fixture(scope="module")
def on_both(tmp_path_factory):
    """Outputs of this process and of the JAX one, by name."""
    folder, here, batch = tmp_path_factory.mktemp("jax"), {}, batch_for(PROBLEMS[0])
    for config in CASES:
        keras.utils.set_random_seed(5)
        model = MultiModel(FLAT_CONFIGS[config], PROBLEMS[:1])
        rng = np.random.default_rng(0)
        for variable in model.trainable_variables:
            if variable.path.endswith(("gating/gate", "softmax")):
                variable.assign(rng.normal(size=variable.shape))
        np.savez(folder / f"{config}.npz", **{v.path: np.asarray(v.value) for v in model.variables})
        for name, settings in SETTINGS.items():
            decoded = Decoder(model, "translate", DecodeConfig(**settings))(batch)
            here[f"{config}/{name}/ids"] = decoded.ids
            here[f"{config}/{name}/scores"] = decoded.scores
    run_on_jax(ON_JAX, folder, *CASES, **QUICK)
    return here, np.load(folder / "jax.npz")


@pytest.mark.parametrize("case", ["paper/greedy", "paper/beam", "t2t_v1/greedy", "t2t_v2/greedy"])
def test_outputs_and_scores_are_equal(on_both, case):
    here, there = on_both
    assert np.array_equal(there[f"{case}/ids"], here[f"{case}/ids"])
    np.testing.assert_allclose(there[f"{case}/scores"], here[f"{case}/scores"], rtol=1e-3)


def test_weights_are_read_anew_in_each_call(on_both):
    here, there = on_both
    assert np.array_equal(there["later"], here["paper/greedy/ids"])
