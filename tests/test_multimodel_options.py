"""Options that are off by default, and ablations."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers.small_models import OCTET, PAPER, PROBLEMS, batch_for

from t2t_multimodel.config.tree import updated
from t2t_multimodel.layers.attention import MultiHeadAttention
from t2t_multimodel.layers.experts import MixtureOfExperts, MixtureSpec
from t2t_multimodel.layers.gating import top_k_gates
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.losses import problem_loss
from t2t_multimodel.multimodel import MultiModel

TRANSLATE, CAPTION = PROBLEMS[0], PROBLEMS[2]
D, E, K, F = OCTET.hidden_size, OCTET.moe.experts, OCTET.moe.per_token, OCTET.moe.hidden


def logits_of(model, problem=TRANSLATE, batch=None):
    return np.asarray(model(batch or batch_for(problem), problem=problem.name)["logits"])


def seeded(config, problems=PROBLEMS[:1]):
    keras.utils.set_random_seed(2)
    return MultiModel(config, problems)


def test_a_bias_changes_the_choice_and_not_the_gates():
    logits = np.log(np.array([[0.5, 0.3, 0.2]], "float32"))
    choice = top_k_gates(logits, None, 2, bias=np.array([0.0, -1.0, 0.0], "float32"))
    np.testing.assert_array_equal(choice.experts, [[0, 2]])
    np.testing.assert_allclose(choice.weights, [[5 / 7, 2 / 7]], rtol=1e-5)


def test_a_balanced_layer_tells_the_number_of_tokens_that_each_expert_got():
    layer = MixtureOfExperts(D, MixtureSpec(E, 1, (F,), balanced=True))
    layer.build()
    x = np.random.default_rng(0).normal(size=(1, 64, D)).astype("float32")
    preference = np.zeros((D, E), "float32")
    preference[:, 2] = 0.05
    layer.gating.gate.assign(preference)
    mask = np.repeat([[1.0, 0.0]], [40, 24], axis=1).astype("float32")
    _, routing = layer(np.abs(x), mask_BL=mask)
    assert list(routing.loads) == [layer.gating.bias.path]
    np.testing.assert_array_equal(routing.loads[layer.gating.bias.path], [0, 0, 40, 0])
    assert not np.any(layer.gating.bias)
    assert not any(v.path.endswith("bias") for v in layer.trainable_variables)
    layer.trainable = False
    assert layer(x)[1].loads == {}


def test_two_levels_are_not_balanced_by_a_bias():
    with pytest.raises(ValueError, match="^A router of two levels has no balancing bias.$"):
        MixtureSpec(E, 1, (F,), groups=2, balanced=True)


def test_z_loss_is_the_mean_square_of_log_z_over_real_tokens():
    plain, with_z = (
        MixtureOfExperts(D, MixtureSpec(E, K, (F,), z_loss_weight=w)) for w in (0.0, 0.5)
    )
    x = np.random.default_rng(0).normal(size=(2, 5, D)).astype("float32")
    gate = np.random.default_rng(1).normal(size=(D, E)).astype("float32")
    mask = np.array([[1] * 5, [1, 1, 0, 0, 0]], "float32")
    losses = []
    for layer in (plain, with_z):
        layer.build()
        layer.gating.gate.assign(gate)
        losses.append(float(layer(x, mask_BL=mask)[1].loss))
    squares = np.log(np.exp(x @ gate).sum(axis=-1)) ** 2
    assert losses[1] - losses[0] == pytest.approx(0.5 * squares[mask == 1].mean(), rel=1e-4)


def test_routers_told_of_the_task_start_as_if_they_were_not():
    model, plain = (seeded(updated(OCTET, {"moe.task_router": t}), PROBLEMS) for t in (True, False))
    assert model.count_params() - plain.count_params() == 3 * D  # three commands
    for variable in plain.variables:
        next(v for v in model.variables if v.path == variable.path).assign(variable.value)
    np.testing.assert_allclose(logits_of(model), logits_of(plain), atol=1e-6)


def test_a_task_moves_its_own_routing_alone():
    model = seeded(updated(OCTET, {"moe.task_router": True}), PROBLEMS)
    rng = np.random.default_rng(0)
    for layer in (model.body.encoder, model.body.decoder):
        gate = layer.experts.mixture.gating.gate
        gate.assign(rng.normal(size=gate.shape))

    def shares():
        return {
            problem.name: model(batch_for(problem), problem=problem.name)["routing"]["encoder"]
            for problem in (TRANSLATE, CAPTION)
        }

    before = shares()
    model.commands["to_german"].task.assign(rng.normal(size=D) * 3)
    after = shares()
    assert not np.allclose(before["translate"].share_E, after["translate"].share_E)
    np.testing.assert_array_equal(before["caption"].share_E, after["caption"].share_E)


def test_normed_queries_do_not_depend_on_their_size():
    rng = np.random.default_rng(0)
    q, m = (rng.normal(size=(1, n, 8)).astype("float32") for n in (3, 5))
    for qk_norm in (True, False):
        layer = MultiHeadAttention(8, 2, qk_norm=qk_norm)
        layer.build()
        once, fivefold = (layer.look(scale * q, layer.keys(m)) for scale in (1, 5))
        assert np.allclose(once, fivefold, atol=1e-4) == qk_norm
    model, plain = (seeded(updated(OCTET, {"body.attention.qk_norm": n})) for n in (True, False))
    # scale and bias over a head's channels, for q and k of 2 attentions in 3 blocks
    assert model.count_params() - plain.count_params() == 3 * 2 * 2 * 2 * (D // 2)


def test_attention_may_map_all_that_it_compares():
    mapped, plain = (seeded(updated(OCTET, {"body.attention.maps": on})) for on in (True, False))
    shapes = {v.path: tuple(v.shape) for v in mapped.trainable_variables}
    added = shapes.keys() - {v.path for v in plain.trainable_variables}
    assert {tuple(path.split("/")[-3:]) for path in added} == {
        *(("self_attention", letter, "kernel") for letter in ("query", "key", "value")),
        ("source_attention", "query", "kernel"),
    }
    assert len(added) == 3 * 4 and {shapes[path] for path in added} == {(D, D)}
    index = list(shapes).index("multimodel/body/mixer/attention/self_attention/query/kernel")
    before = logits_of(mapped)
    mapped.trainable_variables[index].assign(np.zeros((D, D)))
    assert not np.allclose(logits_of(mapped), before)


EXPERT_PARAMETERS = E * 2 * D * F
ROUTER_PARAMETERS = 2 * D * E


@pytest.mark.parametrize(
    "moe, fewer",
    [
        ("none", EXPERT_PARAMETERS + ROUTER_PARAMETERS),
        ("dense_params", ROUTER_PARAMETERS),
        ("dense_compute", EXPERT_PARAMETERS + ROUTER_PARAMETERS - K * 2 * D * F),
    ],
)
def test_without_experts(moe, fewer):
    model = seeded(updated(OCTET, {"moe": moe}))
    assert seeded(OCTET).count_params() - model.count_params() == 2 * fewer
    assert model(batch_for(TRANSLATE), problem="translate")["routing"] == {}
    loss, metrics, _ = problem_loss(
        model, batch_for(TRANSLATE), "translate", training=True, seed=StepSeed(1)
    )
    assert np.isfinite(float(loss)) and float(metrics["aux_loss"]) == 0.0


@pytest.mark.parametrize("config", [PAPER, OCTET])
def test_without_attention_the_source_is_seen_and_the_future_is_not(config):
    model = seeded(updated(config, {"body.attention": "source_mean"}))
    assert not any("attention/key" in v.path for v in model.variables)
    batch = batch_for(TRANSLATE)
    before = logits_of(model, batch=batch)
    other_source = {**batch, "inputs": np.where(batch["inputs"] == 0, 0, 5)}
    assert np.abs(logits_of(model, batch=other_source) - before).max() > 1e-4
    targets = batch["targets"].copy()
    targets[0, 3] = 2 + (targets[0, 3] + 1) % 20
    after = logits_of(model, batch={**batch, "targets": targets})
    changed = np.abs(after - before).max(axis=-1)[0] > 1e-6
    np.testing.assert_array_equal(changed, [False] * 4 + [True] * 3)


def test_kernels_of_one_leave_each_position_to_itself():
    sizes = {"block_kernels": (1, 1, 1, 1), "block_dilations": (1, 1, 1, 1)}
    batch = batch_for(TRANSLATE)
    changed = {**batch, "inputs": batch["inputs"].copy()}
    changed["inputs"][0, 2] = 29
    for config, alone in ((OCTET.replace(**sizes), True), (OCTET, False)):
        model = seeded(config)
        difference = (
            model.encode(changed, "translate").x_BLD - model.encode(batch, "translate").x_BLD
        )
        moved = np.abs(difference).max(axis=-1)[0] > 1e-6
        assert moved[2] and (moved.sum() == 1) == alone


def test_two_level_routing_trains():
    model = seeded(updated(OCTET, {"moe.groups": 2}))
    gates = [v for v in model.trainable_variables if "secondary_gate" in v.path]
    with tf.GradientTape() as tape:
        loss, _, _ = problem_loss(
            model, batch_for(TRANSLATE), "translate", training=True, seed=StepSeed(1)
        )
    gradients = tape.gradient(loss, [v.value for v in gates])
    assert len(gates) == 2
    assert all(np.abs(g).max() > 0 for g in gradients)
