"""What the decoder writes is what computing each prefix anew would give."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import pytest
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for
from helpers.uncached_greedy import recomputed

from t2t_multimodel.config import DecodeConfig, ModelConfig
from t2t_multimodel.config.tree import updated
from t2t_multimodel.decode.beam import length_penalty
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.decode.filling import next_size
from t2t_multimodel.decode.scoring import Scorer, score_targets
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import EOS_ID
from t2t_multimodel.multimodel import Batch, MultiModel

PAPER, OCTET = FLAT_CONFIGS["paper"], FLAT_CONFIGS["octet"]
SHORT_RINGS = {"block_kernels": (3, 3, 4, 3), "block_dilations": (1, 1, 1, 3)}
"""Windows that come round several times in the longest output."""
CONFIGS = {
    **FLAT_CONFIGS,
    "rings": PAPER.replace(**SHORT_RINGS),
    "more blocks": updated(PAPER, {"body.mixer_pre_blocks": 0}),
    "experts last": updated(PAPER, {"body.decoder_blocks": (1, 0)}),
    "no attention": updated(PAPER, {"body.attention": "source_mean"}),
    "no experts": updated(PAPER, {"moe": "none"}),
    "dense": updated(PAPER, {"moe": "dense_compute"}),
    "two levels": updated(PAPER, {"moe.groups": 2}),
    "attention maps": updated(OCTET, {"body.attention.maps": True}),
    "query norm": updated(OCTET, {"body.attention.qk_norm": True}),
    "task router": updated(OCTET, {"moe.task_router": True, "moe.balance_rate": 1e-3}),
    "kernels of 1": updated(
        FLAT_CONFIGS["t2t_v1"], {"body.separability": 0, "block_kernels": (1, 2, 3, 4)}
    ),
}
BY_NAME = {problem.name: problem for problem in PROBLEMS}


@functools.cache
def model_of(config: ModelConfig, name: str = "translate") -> MultiModel:
    """Weights with an opinion: routers that choose, outputs that vary and sometimes end."""
    keras.utils.set_random_seed(7)
    model = MultiModel(config, [BY_NAME[name]])
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        last = variable.path.rsplit("/", 1)[-1]
        if last in ("gate", "secondary_gate", "task"):
            variable.assign(rng.normal(size=variable.shape))
        elif last == "softmax":
            variable.assign(0.5 * rng.normal(size=variable.shape))
    return model


def decoder(model: MultiModel, name: str = "translate", **settings: Any) -> Decoder:
    return Decoder(model, name, DecodeConfig(**settings))


def lengths_of(ids_BT: np.ndarray) -> np.ndarray:
    """Tokens up to the end, or all."""
    ends = ids_BT == EOS_ID
    return np.where(ends.any(axis=1), ends.argmax(axis=1) + 1, ids_BT.shape[1]).astype(np.int32)


def with_targets(batch: Batch, ids_BT: np.ndarray) -> Batch:
    return {**batch, "targets": ids_BT, "targets_length": lengths_of(ids_BT)}


@pytest.mark.parametrize("name", CONFIGS)
def test_greedy_output_equals_recomputing_each_prefix(name: str) -> None:
    model, batch = model_of(CONFIGS[name]), batch_for(BY_NAME["translate"])
    decoded = decoder(model, max_length=14)(batch)
    expected = recomputed(model, "translate", batch, 14)
    assert np.array_equal(decoded.ids[:, 0], expected)
    assert len(np.unique(expected)) > 1
    scores = score_targets(model, "translate", with_targets(batch, expected))
    np.testing.assert_allclose(decoded.scores[:, 0], scores, rtol=1e-4)


@pytest.mark.parametrize("name", ["caption", "transcribe"])
def test_pictures_and_sounds_are_sources_too(name: str) -> None:
    model, batch = model_of(OCTET, name), batch_for(BY_NAME[name])
    expected = recomputed(model, name, batch, 6)
    assert np.array_equal(decoder(model, name, max_length=6)(batch).ids[:, 0], expected)


@pytest.mark.parametrize("name", ["paper", "t2t_v1", "t2t_v2", "no attention"])
def test_xla_writes_the_same_in_batches_that_are_filled_up(name: str) -> None:
    model, batch = model_of(CONFIGS[name]), batch_for(BY_NAME["translate"], rows=5)
    plain = decoder(model, max_length=9)(batch)
    jit = decoder(model, max_length=9, jit=True)(batch)
    assert jit.ids.shape == (5, 1, 9)
    assert np.array_equal(jit.ids, plain.ids)
    np.testing.assert_allclose(jit.scores, plain.scores, rtol=1e-4)


@pytest.mark.parametrize("method", ["greedy", "beam"])
@pytest.mark.parametrize("name", ["octet", "no attention", "t2t_v1"])
def test_rows_and_padding_do_not_matter(name: str, method: str) -> None:
    model, batch = model_of(CONFIGS[name]), batch_for(BY_NAME["translate"])
    decode = decoder(model, method=method, beam_size=3, max_length=8)
    together = decode(batch)
    for row in range(3):
        length = batch["inputs_length"][row]
        alone = decode(
            {
                "inputs": batch["inputs"][row : row + 1, :length],
                "inputs_length": batch["inputs_length"][row : row + 1],
            }
        )
        assert np.array_equal(alone.ids[0], together.ids[row])
        np.testing.assert_allclose(alone.scores[0], together.scores[row], rtol=1e-4)


@pytest.mark.parametrize("jit", [False, True])
def test_nothing_is_written_for_rows_without_a_source(jit: bool) -> None:
    batch = batch_for(PROBLEMS[0])
    written = decoder(model_of(FLAT_CONFIGS["octet"]), jit=jit)
    whole = written(batch).ids
    batch["inputs_length"][1] = 0
    ids = written(batch).ids
    assert not ids[1].any()
    assert np.array_equal(ids[[0, 2]], whole[[0, 2]])


@pytest.mark.parametrize("name", ["octet", "no attention", "t2t_v2"])
@pytest.mark.parametrize("jit", [False, True])
def test_scores_of_a_beam_are_those_of_its_outputs(name: str, jit: bool) -> None:
    model, batch = model_of(CONFIGS[name]), batch_for(BY_NAME["translate"])
    decode = decoder(model, method="beam", beam_size=4, nbest=3, max_length=8, jit=jit)
    ids, scores = decode(batch)
    assert ids.shape == (3, 3, 8) and scores.shape == (3, 3)
    assert (np.diff(scores, axis=1) <= 0).all()
    for rank in range(3):
        total = score_targets(model, "translate", with_targets(batch, ids[:, rank]))
        ended = (ids[:, rank] == EOS_ID).any(axis=1)
        penalty = np.asarray(length_penalty(lengths_of(ids[:, rank]), 0.6))
        expected = np.where(ended, total / penalty, total)
        found = np.isfinite(scores[:, rank])
        np.testing.assert_allclose(scores[found, rank], expected[found], rtol=1e-4)
    assert np.isfinite(scores).sum() >= 5


def test_a_beam_of_one_is_greedy() -> None:
    model, batch = model_of(OCTET), batch_for(BY_NAME["translate"])
    greedy = decoder(model)(batch)
    beam = decoder(model, method="beam", beam_size=1)(batch)
    assert np.array_equal(beam.ids, greedy.ids)
    penalty = np.asarray(length_penalty(lengths_of(greedy.ids[:, 0]), 0.6))
    np.testing.assert_allclose(beam.scores[:, 0], greedy.scores[:, 0] / penalty, rtol=1e-5)


@pytest.mark.parametrize("method", ["greedy", "beam", "sample"])
def test_outputs_begin_with_the_prefix(method: str) -> None:
    model, batch = model_of(PAPER), batch_for(BY_NAME["translate"])
    prefix = np.array([[5, 9, 2], [7, 0, 0], [0, 0, 0]], np.int32)
    decode = decoder(model, method=method, beam_size=3, max_length=6)
    ids, scores = decode(batch, prefix)
    assert ids[0, 0, :3].tolist() == [5, 9, 2] and ids[1, 0, 0] == 7
    assert np.array_equal(ids[2, 0], decode(batch).ids[2, 0])
    if method == "greedy":
        assert np.array_equal(ids[:, 0], recomputed(model, "translate", batch, 6, prefix))
        total = score_targets(model, "translate", with_targets(batch, ids[:, 0]))
        np.testing.assert_allclose(scores[:, 0], total, rtol=1e-4)


def test_a_prefix_that_can_not_be_is_refused() -> None:
    model, batch = model_of(PAPER), batch_for(BY_NAME["translate"])
    padded = np.pad(np.full((3, 6), 5, np.int32), [[0, 0], [0, 3]])
    assert (decoder(model, max_length=6)(batch, padded).ids == 5).all()
    padded[1, 7] = 5
    with pytest.raises(UserError) as caught:
        decoder(model, max_length=6)(batch, padded)
    assert str(caught.value) == ("A prefix has 8 tokens, but outputs of translate have 6 at most.")


def test_samples_vary_repeat_and_carry_their_log_probability() -> None:
    model, batch = model_of(PAPER), batch_for(BY_NAME["translate"])
    decode = decoder(model, method="sample", nbest=4, max_length=6, seed=3)
    ids, scores = decode(batch)
    assert ids.shape == (3, 4, 6)
    assert (np.diff(scores, axis=1) <= 0).all()
    assert all(len({tuple(one) for one in row}) > 1 for row in ids.tolist())
    for rank in range(4):
        total = score_targets(model, "translate", with_targets(batch, ids[:, rank]))
        np.testing.assert_allclose(scores[:, rank], total, rtol=1e-4)
    assert np.array_equal(decode(batch).ids, ids)
    other = decoder(model, method="sample", nbest=4, max_length=6, seed=4)
    assert not np.array_equal(other(batch).ids, ids)


@pytest.mark.parametrize("cut", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-4}])
def test_samples_without_choice_are_greedy(cut: dict[str, Any]) -> None:
    model, batch = model_of(PAPER), batch_for(BY_NAME["translate"])
    greedy = decoder(model, max_length=6)(batch)
    sampled = decoder(model, method="sample", max_length=6, **cut)(batch)
    assert np.array_equal(sampled.ids, greedy.ids)


@pytest.mark.parametrize("path", ["encoder", "decoder"])
def test_classes_come_best_first(path: str) -> None:
    config = updated(OCTET, {"nets.class_path": path})
    model, batch = model_of(config, "classify"), batch_for(BY_NAME["classify"])
    ids, scores = decoder(model, "classify", nbest=3)(batch)
    logits = np.asarray(model(batch, problem="classify")["logits"])[:, 0]
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    assert np.array_equal(ids[:, :, 0], np.argsort(-log_p, axis=-1)[:, :3])
    np.testing.assert_allclose(scores, -np.sort(-log_p, axis=-1)[:, :3], rtol=1e-4)
    assert decoder(model, "classify", nbest=50)(batch).ids.shape == (3, 5, 1)


def test_weights_are_read_anew_in_each_call() -> None:
    model, batch = MultiModel(OCTET, [BY_NAME["translate"]]), batch_for(BY_NAME["translate"])
    for jit in (False, True):
        decode = decoder(model, max_length=5, jit=jit)
        decode(batch)
        for variable in model.trainable_variables:
            variable.assign(1.1 * variable + 0.05)
        assert np.array_equal(decode(batch).ids[:, 0], recomputed(model, "translate", batch, 5))


def test_compiled_scores_equal_plain_ones_and_padding_counts_nothing() -> None:
    model, batch = model_of(OCTET), batch_for(BY_NAME["translate"])
    scores = Scorer(model, "translate")(batch)
    np.testing.assert_allclose(scores, score_targets(model, "translate", batch), rtol=1e-5)
    logits = np.asarray(model(batch, problem="translate")["logits"])
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    for row in range(3):
        length = batch["targets_length"][row]
        by_hand = sum(log_p[row, t, batch["targets"][row, t]] for t in range(length))
        assert scores[row] == pytest.approx(by_hand, rel=1e-4)


def test_several_greedy_outputs_are_refused() -> None:
    with pytest.raises(UserError) as caught:
        decoder(model_of(OCTET), nbest=2)
    assert caught.value.message == "Greedy output is one sequence, but nbest is 2."
    assert caught.value.fix == "Use method beam, or sample."


def test_sizes_that_are_compiled_are_few() -> None:
    sizes = sorted({next_size(size) for size in range(1, 100)})
    assert sizes == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]
    assert all(size <= next_size(size) < 1.5 * size + 1 for size in range(1, 1000))
