"""The same weights give the same numbers on JAX, run in a process of its own."""

import keras
import numpy as np
import pytest
from helpers.jax_process import NEEDS_JAX, QUICK, run_on_jax
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for, spelling_model, spelling_nats

from t2t_multimodel.multimodel import MultiModel

pytestmark = NEEDS_JAX
BY_NAME = {problem.name: problem for problem in PROBLEMS}
CASES = ["octet/classify", "octet/transcribe", "paper/translate", "paper/listen"]
CASES += ["t2t_v1/translate", "t2t_v2/translate"]

ON_JAX = """
import sys
import jax, keras, numpy as np
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for, spelling_model, spelling_nats
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.losses import problem_loss
from t2t_multimodel.multimodel import MultiModel

assert keras.backend.backend() == "jax"
folder, found = sys.argv[1], {}
for case in sys.argv[2:]:
    config, name = case.split("/")
    problem = next(p for p in PROBLEMS if p.name == name)
    model = MultiModel(FLAT_CONFIGS[config], [problem])
    weights = np.load(f"{folder}/{config}_{name}.npz")
    for variable in model.variables:
        variable.assign(weights[variable.path])
    outputs = jax.jit(lambda batch: model(batch, problem=name))(batch_for(problem))
    found[f"{case}/logits"], found[f"{case}/aux_loss"] = outputs["logits"], outputs["aux_loss"]

spelt = spelling_model()
for variable, value in zip(spelt.variables, np.load(f"{folder}/ctc.npz").values()):
    variable.assign(value)
found["ctc"] = spelling_nats(spelt)

problem, model = PROBLEMS[0], MultiModel(FLAT_CONFIGS["octet"], PROBLEMS[:1])
state = [v.value for v in model.trainable_variables]

def loss(values, step):
    with keras.StatelessScope(zip(model.trainable_variables, values)):
        return problem_loss(model, batch_for(problem), problem.name, True, StepSeed(step))[0]

step = jax.jit(jax.value_and_grad(loss))
first, gradients = step(state, 1)
lower, _ = step([v - 1e-3 * g for v, g in zip(state, gradients)], 1)
found["step"] = np.array([first, step(state, 1)[0], step(state, 2)[0], lower])
np.savez(f"{folder}/jax.npz", **found)
"""


@pytest.fixture(scope="module")
def on_both(tmp_path_factory):
    """Arrays of this process and of the JAX one, by name."""
    folder = tmp_path_factory.mktemp("jax")
    here = {}
    for case in CASES:
        config, name = case.split("/")
        keras.utils.set_random_seed(5)
        model = MultiModel(FLAT_CONFIGS[config], [BY_NAME[name]])
        rng = np.random.default_rng(0)
        for variable in model.trainable_variables:
            if variable.path.endswith("gating/gate"):
                variable.assign(rng.normal(size=variable.shape))
        weights = {v.path: np.asarray(v.value) for v in model.variables}
        np.savez(folder / f"{config}_{name}.npz", **weights)
        outputs = model(batch_for(BY_NAME[name]), problem=name)
        for key in ("logits", "aux_loss"):
            here[f"{case}/{key}"] = np.asarray(outputs[key])
    keras.utils.set_random_seed(6)
    spelt = spelling_model()
    np.savez(folder / "ctc.npz", *[np.asarray(v.value) for v in spelt.variables])
    here["ctc"] = spelling_nats(spelt)
    run_on_jax(ON_JAX, folder, *CASES, **QUICK)
    return here, np.load(folder / "jax.npz")


@pytest.mark.parametrize("case", CASES)
def test_logits_and_balance_loss_are_equal(on_both, case):
    here, there = on_both
    for key in (f"{case}/logits", f"{case}/aux_loss"):
        np.testing.assert_allclose(there[key], here[key], rtol=1e-4, atol=1e-4, err_msg=key)


def test_the_loss_of_spelling_is_equal(on_both):
    here, there = on_both
    np.testing.assert_allclose(there["ctc"], here["ctc"], rtol=1e-4)


def test_a_compiled_step_repeats_itself_and_lowers_the_loss(on_both):
    first, again, other, lower = on_both[1]["step"]
    assert first == again != other
    assert lower < first
