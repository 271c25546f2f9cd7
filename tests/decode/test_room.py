"""Outputs whose caches do not fit into memory are refused before any of it is taken."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for

from t2t_multimodel import UserError
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.decode import room
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.decode.room import Room
from t2t_multimodel.multimodel import MultiModel

TRANSLATE = PROBLEMS[0]


@pytest.fixture(scope="module")
def model() -> MultiModel:
    return MultiModel(FLAT_CONFIGS["octet"], [TRANSLATE])


def test_the_size_of_caches_is_that_of_their_arrays(model: MultiModel) -> None:
    one = Room(model.body, 1000, 1, 1)
    caches = keras.tree.flatten(model.body.cache(3, 17))
    taken = sum(keras.ops.convert_to_numpy(cache).nbytes for cache in caches)
    assert 3 * (one.rest + 17 * one.each_position) == taken
    assert one.each_position > 0 and one.rest > 0
    twice = Room(model.body, 1000, 1, 2)
    assert (twice.each_position, twice.rest) == (2 * one.each_position, 2 * one.rest)


def test_outputs_that_do_not_fit_are_refused_with_the_length_that_fits(model: MultiModel) -> None:
    free = 500_000_000
    wide = Room(model.body, 32_000, 4, 1, lambda: free)
    needed = 64 * 4 * (wide.rest + 32_000 * wide.each_position)
    with pytest.raises(UserError) as caught:
        wide.check(64)
    longest = (free // 256 - wide.rest) // wide.each_position
    assert str(caught.value) == (
        f"Outputs of up to 32,000 tokens need {needed / 1e9:.1f} GB of memory for 256 of them at "
        f"once, but 0.5 GB are free.\nGive --max_length={longest} or less, or a smaller "
        "--batch_size."
    )
    Room(model.body, longest, 4, 1, lambda: free).check(64)
    with pytest.raises(UserError):
        Room(model.body, longest + 1, 4, 1, lambda: free).check(64)


def test_where_no_length_fits_fewer_at_once_are_the_way_out(model: MultiModel) -> None:
    with pytest.raises(UserError) as caught:
        Room(model.body, 32_000, 1, 1, lambda: 1000).check(64)
    assert caught.value.fix == "Give a smaller --batch_size."


def test_memory_that_is_not_known_refuses_nothing(model: MultiModel) -> None:
    Room(model.body, 10**9, 1, 1, lambda: None).check(10**6)


def test_what_was_given_once_is_not_asked_for_again(model: MultiModel) -> None:
    frees = [10**12, 0]
    again = Room(model.body, 32_000, 1, 1, lambda: frees.pop(0))
    again.check(64)
    again.check(64)
    assert frees == [0]
    with pytest.raises(UserError):
        again.check(65)


def test_a_decoder_asks_for_each_batch(model: MultiModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_UNSEEN", 0)
    monkeypatch.setattr(room, "free_memory", lambda: 10)
    batch = batch_for(TRANSLATE, rows=2)
    beam = DecodeConfig(method="beam", beam_size=3, max_length=20)
    with pytest.raises(UserError, match="^Outputs of up to 20 tokens need 0.0 GB .* 6 of them"):
        Decoder(model, TRANSLATE.name, beam)(batch)
    monkeypatch.setattr(room, "free_memory", lambda: 10**12)
    assert np.asarray(Decoder(model, TRANSLATE.name, beam)(batch).ids).shape == (2, 1, 20)
