import numpy as np
import pytest
from golden import GivenNoise, Golden

from t2t_multimodel.layers.gating import NoisyTopKGating, cv_squared, top_k_gates
from t2t_multimodel.layers.mode import Mode

FILES = [
    f"06_moe_{release}_n{n}_k{k}" for release in ("v1", "t2t190") for n in (8, 30) for k in (2, 4)
]


def golden_gating(golden):
    experts, k = golden.meta["num_experts"], golden.meta["k"]
    gating = NoisyTopKGating(12, experts, k)
    gating.build()
    golden.put([(gating.gate, "gate"), (gating.noise, "noise")])
    return gating


def dense_gates(gates, n_experts):
    dense = np.zeros((len(gates.experts_Nk), n_experts), "float32")
    np.put_along_axis(dense, np.asarray(gates.experts_Nk), np.asarray(gates.weights_Nk), axis=1)
    return dense


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_gates_load_and_losses_are_tensor2tensors(name, mode):
    golden = Golden(name)
    seed = GivenNoise(golden["in/standard_normal_noise"]) if mode == "train" else None
    gates = golden_gating(golden)(golden["in/x"], mode=Mode(mode == "train", seed))
    golden.check(dense_gates(gates, golden.meta["num_experts"]), f"out/{mode}/gates")
    golden.check(gates.load_E, f"out/{mode}/load")
    golden.check(gates.importance_E, f"out/{mode}/importance")
    golden.check(cv_squared(gates.importance_E), f"out/{mode}/cv_squared_importance")
    golden.check(cv_squared(gates.load_E), f"out/{mode}/cv_squared_load")


@pytest.mark.parametrize("name", [name for name in FILES if "v1" in name])
def test_first_state_is_tensor2tensors(name):
    golden = Golden(name)
    gating = NoisyTopKGating(12, golden.meta["num_experts"], golden.meta["k"])
    gating.build()
    gates = gating(golden["in/x"])
    golden.check(dense_gates(gates, golden.meta["num_experts"]), "out/eval_zero_weights/gates")
    golden.check(gates.load_E, "out/eval_zero_weights/load")


def test_depends_on_the_noise_matrix():
    golden = Golden("06_moe_v1_n8_k2")
    gating = golden_gating(golden)
    gating.noise.assign(gating.noise * 1.01)
    seed = GivenNoise(golden["in/standard_normal_noise"])
    gates = gating(golden["in/x"], mode=Mode(True, seed))
    assert not golden.is_close(gates.load_E, "out/train/load")


def test_a_collapsed_router_pays_and_an_even_one_does_not():
    even = np.full(8, 5.0, "float32")
    collapsed = np.array([40.0] + [0.0] * 7, "float32")
    assert float(cv_squared(even)) == 0.0
    assert float(cv_squared(collapsed)) == pytest.approx(7.0)


def test_masked_tokens_count_nowhere():
    golden = Golden("06_moe_v1_n8_k2")
    gating, x = golden_gating(golden), golden["in/x"]
    mask = (np.arange(len(x)) < 13).astype("float32")
    masked, short = gating(x, mask_N=mask), gating(x[:13])
    for name in ("importance_E", "load_E", "tokens_E"):
        np.testing.assert_allclose(getattr(masked, name), getattr(short, name), atol=1e-6)
    assert float(np.sum(masked.tokens_E)) == 13 * 2


def test_as_many_choices_as_experts_gives_a_plain_softmax():
    logits = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    choice = top_k_gates(logits, None, 3)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(choice.gates, expected, atol=1e-6)
    np.testing.assert_array_equal(choice.load, np.ones((5, 3)))


def test_training_without_a_seed_is_an_error():
    gating = NoisyTopKGating(4, 3, 1)
    gating.build()
    with pytest.raises(ValueError, match=r"Training with noisy gating needs a StepSeed\."):
        gating(np.zeros((2, 4), "float32"), mode=Mode(True))
