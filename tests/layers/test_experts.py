import numpy as np
import pytest
from golden import GivenNoise, Golden, mixture

from t2t_multimodel.layers.experts import MixtureOfExperts, MixtureSpec
from t2t_multimodel.layers.mode import Mode

SIZES = [(n, k) for n in (8, 30) for k in (2, 4)]


def golden_mixture(golden, *, autoscale=True, **kwargs):
    kernels = [golden[f"w/experts/{name}"] for name in golden.keys("w/experts/")]
    hidden = tuple(kernel.shape[2] for kernel in kernels[:-1])
    spec = MixtureSpec(
        golden.meta["num_experts"], golden.meta["k"], hidden, autoscale=autoscale, **kwargs
    )
    layer = MixtureOfExperts(12, spec)
    layer.build()
    golden.put(mixture(layer, ""))
    return layer


def run(layer, golden, noise=None):
    seed = GivenNoise(golden[f"in/{noise}"]) if noise else None
    y, routing = layer(golden["in/x"][None], mode=Mode(noise is not None, seed))
    return y[0], routing


@pytest.mark.parametrize("n, k", SIZES)
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_layer_is_v1s(n, k, mode):
    golden = Golden(f"06_moe_v1_n{n}_k{k}")
    noise = "standard_normal_noise_moe" if mode == "train" else None
    y, routing = run(golden_mixture(golden, loss_weight=1.0), golden, noise)
    golden.check(y, f"out/distributed_moe_{mode}/y")
    golden.check(routing.loss, f"out/distributed_moe_{mode}/loss")


@pytest.mark.parametrize("n, k", SIZES)
@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("form, weight", [("distributed_moe", 1e-2), ("local_moe", 1e-4)])
def test_layer_is_the_releases(n, k, mode, form, weight):
    golden = Golden(f"06_moe_t2t190_n{n}_k{k}")
    noise = f"standard_normal_noise_{form}" if mode == "train" else None
    y, routing = run(golden_mixture(golden, loss_weight=weight), golden, noise)
    golden.check(y, f"out/{form}_{mode}/y")
    golden.check(routing.loss, f"out/{form}_{mode}/loss")


def test_layer_depends_on_every_experts_weights():
    golden = Golden("06_moe_t2t190_n8_k2")
    layer = golden_mixture(golden, loss_weight=1e-2)
    y, routing = run(layer, golden)
    assert golden.is_close(y, "out/distributed_moe_eval/y")
    used = np.flatnonzero(np.asarray(routing.share_E))
    for kernel in layer.kernels:
        before = np.asarray(kernel.value)
        changed = before.copy()
        changed[used[-1]] *= 1.01
        kernel.assign(changed)
        assert not golden.is_close(run(layer, golden)[0], "out/distributed_moe_eval/y")
        kernel.assign(before)


def test_autoscale_matters_where_widths_differ():
    golden = Golden("06_moe_t2t190_n30_k4")
    y, _ = run(golden_mixture(golden, autoscale=False), golden)
    assert not golden.is_close(y, "out/distributed_moe_eval/y")


def test_two_levels_are_v1s():
    golden = Golden("06h_moe_hierarchical_v1")
    spec = MixtureSpec(12, 2, (10,), groups=4, loss_weight=1.0, autoscale=True)
    layer = MixtureOfExperts(12, spec)
    layer.build()
    golden.put([(layer.gating.gate, "gate"), (layer.gating.noise, "noise")])
    groups = range(4)
    for ours, key in (("secondary_gate", "gate"), ("secondary_noise", "noise")):
        getattr(layer.gating, ours).assign(
            np.stack([golden[f"w/secondary{i}/{key}"] for i in groups])
        )
    for i, kernel in enumerate(layer.kernels):
        kernel.assign(np.concatenate([golden[f"w/secondary{j}/experts/w{i}"] for j in groups]))
    y, routing = layer(golden["in/x"][None])
    golden.check(y, "out/y")
    golden.check(routing.loss, "out/loss")
    gates = layer.gating(golden["in/x"])
    golden.check(np.reshape(gates.importance_E, (4, 3)), "out/importance")
    golden.check(np.reshape(gates.load_E, (4, 3)), "out/load")


def trained_like(layer):
    """A router that prefers, since a fresh one sends every token alike."""
    rng = np.random.default_rng(1)
    layer.gating.gate.assign(rng.normal(size=layer.gating.gate.shape))
    return layer


@pytest.mark.parametrize("groups", [1, 4])
def test_padding_changes_neither_output_nor_loss(groups):
    layer = MixtureOfExperts(6, MixtureSpec(8, 2, (5,), groups=groups))
    layer.build()
    trained_like(layer)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 7, 6)).astype("float32")
    mask = np.array([[1] * 7, [1] * 3 + [0] * 4], "float32")
    y, routing = layer(x, mask_BL=mask)
    x[1, 3:] = 100.0
    longer = np.concatenate([x, rng.normal(size=(2, 5, 6)).astype("float32")], axis=1)
    longer_mask = np.pad(mask, [[0, 0], [0, 5]])
    y2, routing2 = layer(longer, mask_BL=longer_mask)
    np.testing.assert_allclose(np.asarray(y2)[:, :7], y, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(y2)[longer_mask == 0], 0)
    np.testing.assert_allclose(routing2.loss, routing.loss, rtol=1e-5)
    np.testing.assert_allclose(routing2.share_E, routing.share_E, rtol=1e-6)


def test_share_and_entropy_tell_where_tokens_went():
    layer = MixtureOfExperts(6, MixtureSpec(8, 2, (5,)))
    layer.build()
    x = np.random.default_rng(0).normal(size=(1, 9, 6)).astype("float32")
    _, fresh = layer(x)
    np.testing.assert_allclose(fresh.share_E, [0.5, 0.5, 0, 0, 0, 0, 0, 0])
    assert float(fresh.entropy) == pytest.approx(np.log(2), abs=1e-6)
    _, routing = trained_like(layer)(x)
    assert float(np.sum(routing.share_E)) == pytest.approx(1.0)
    assert float(routing.entropy) > np.log(4)


def test_a_batch_of_padding_alone_is_finite():
    layer = MixtureOfExperts(6, MixtureSpec(8, 2, (5,)))
    layer.build()
    y, routing = layer(np.ones((2, 3, 6), "float32"), mask_BL=np.zeros((2, 3), "float32"))
    np.testing.assert_array_equal(y, np.zeros((2, 3, 6)))
    assert float(routing.loss) == 0.0
