"""The decoder of a problem from audio to text, with CTC having a say."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import pytest
from helpers.small_models import EN_DE, FLAT_CONFIGS, PROBLEMS, batch_for
from keras import ops

from t2t_multimodel.config import DecodeConfig
from t2t_multimodel.decode.beam import length_penalty
from t2t_multimodel.decode.ctc import best_path, heard
from t2t_multimodel.decode.decoder import Decoded, Decoder
from t2t_multimodel.decode.scoring import score_targets
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import EOS_ID
from t2t_multimodel.layers import fast
from t2t_multimodel.layers.ctc import CLASSES, spelt
from t2t_multimodel.multimodel import MultiModel

SPELLING = np.zeros((EN_DE.size, 2), np.uint8)
SPELLING[2:, 0] = np.arange(97, 97 + EN_DE.size - 2) % 120 + 1
SPELLING[20:, 1] = 97
BATCH = batch_for(PROBLEMS[3])


@functools.cache
def model_of(ctc_decoding: float = 0.0, weight: float = 1.0) -> MultiModel:
    keras.utils.set_random_seed(7)
    settings = {"ctc_weight": weight, "ctc_decoding": ctc_decoding}
    config = FLAT_CONFIGS["octet"].replace(**settings)
    model = MultiModel(config, PROBLEMS, {EN_DE.identity: SPELLING})
    for net in model.ctc.values():  # a clear opinion, of the bytes that pieces have
        net.classes.kernel.assign(np.random.default_rng(2).normal(size=net.classes.kernel.shape))
        unused = np.isin(np.arange(CLASSES), [0, *SPELLING[:, 0]], invert=True)
        net.classes.bias.assign(np.where(unused, -30.0, 0.0))
    return model


def decoded(model: MultiModel, problem: str = "transcribe", **settings: Any) -> Decoded:
    return Decoder(model, problem, DecodeConfig(max_length=6, **settings))(BATCH)


def test_scores_of_a_search_are_those_of_decoder_and_ctc_together() -> None:
    model, weight = model_of(), 0.4
    found = decoded(model, method="beam", beam_size=3, nbest=2, ctc_weight=weight)
    found_BFC = heard(model, model.encode(BATCH, "transcribe"), "transcribe")
    ended = 0
    for n in range(2):
        ids = found.ids[:, n]
        ends = (ids == EOS_ID).any(axis=1) & np.isfinite(found.scores[:, n])
        lengths = np.where(ends, (ids == EOS_ID).argmax(axis=1) + 1, 1).astype(np.int32)
        own = score_targets(
            model, "transcribe", {**BATCH, "targets": ids, "targets_length": lengths}
        )
        letters = ops.convert_to_numpy(spelt(ids, (ids > EOS_ID).astype("float32"), SPELLING))
        counts = (letters > 0).sum(axis=1).astype("int32")
        for row in np.flatnonzero(ends & (counts > 0)):
            one = slice(row, row + 1)
            nats = fast.ctc_nats(found_BFC[0][one], found_BFC[1][one], letters[one], counts[one])
            joint = (1 - weight) * own[row] - weight * float(nats[0])
            expected = joint / float(length_penalty(int(lengths[row]), 0.6))
            assert found.scores[row, n] == pytest.approx(expected, rel=1e-3)
            ended += 1
    assert ended >= 3


def test_with_all_the_say_a_greedy_output_is_what_is_heard() -> None:
    model = model_of()
    found = decoded(model, ctc_weight=1)
    found_BFC = heard(model, model.encode(BATCH, "transcribe"), "transcribe")
    ids, scores = best_path(*found_BFC, SPELLING)
    assert np.array_equal(found.ids[:, 0], ids)
    np.testing.assert_allclose(found.scores[:, 0], scores, rtol=1e-4)
    assert (found.ids > EOS_ID).any()


def test_the_model_says_it_unless_decoding_does() -> None:
    loud, mute = model_of(ctc_decoding=0.5), model_of()
    expected = decoded(mute, method="beam", ctc_weight=0.5)
    assert np.array_equal(decoded(loud, method="beam").ids, expected.ids)
    quiet = decoded(loud, method="beam", ctc_weight=0)
    assert np.array_equal(quiet.ids, decoded(mute, method="beam").ids)
    assert not np.array_equal(quiet.ids, expected.ids)
    drawn = decoded(loud, method="sample")
    assert np.array_equal(drawn.ids, decoded(mute, method="sample").ids)


@pytest.mark.parametrize("method", ["greedy", "beam"])
def test_xla_writes_the_same(method: Any) -> None:
    plain = decoded(model_of(), method=method, ctc_weight=0.4)
    jit = decoded(model_of(), method=method, ctc_weight=0.4, jit=True)
    assert np.array_equal(jit.ids, plain.ids)
    np.testing.assert_allclose(jit.scores, plain.scores, rtol=1e-3)


@pytest.mark.parametrize("weight", [0.4, 1.0])
def test_an_export_gets_the_same(weight: float) -> None:
    config = DecodeConfig(max_length=6, ctc_weight=weight)
    source = {name: BATCH[name] for name in ("inputs", "inputs_length")}
    ids, _ = Decoder(model_of(), "transcribe", config).outputs(source)
    assert np.array_equal(ids, decoded(model_of(), ctc_weight=weight).ids)


def test_where_nothing_spells_a_weight_is_refused() -> None:
    for model, problem in ((model_of(), "translate"), (model_of(weight=0.0), "transcribe")):
        with pytest.raises(UserError) as caught:
            Decoder(model, problem, DecodeConfig(ctc_weight=0.3))
        assert str(caught.value).startswith(
            f"ctc_weight is 0.3, but nothing spells {problem} by CTC."
        )


def test_a_prefix_is_refused() -> None:
    with pytest.raises(UserError, match="A prefix of transcribe is the decoder's, but CTC has"):
        Decoder(model_of(), "transcribe", DecodeConfig(ctc_weight=0.3))(BATCH, np.ones((3, 1)))
