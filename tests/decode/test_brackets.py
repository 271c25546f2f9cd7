"""Whatever the model prefers, an output with a grammar is a whole tree with a leaf a word."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import pytest
from helpers.small_models import EN_DE, FLAT_CONFIGS, PROBLEMS, batch_for

from t2t_multimodel.config import DecodeConfig
from t2t_multimodel.decode.brackets import BracketGuide
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.decode.grammar import guides
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import EOS_ID, Brackets, BracketTables, Image, Text
from t2t_multimodel.metrics.brackets import read_tree
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.problem import Problem

NAMES = {1: "", 3: "XX", 4: "(S", 5: "S)", 6: "(NP", 7: "NP)", 8: "(VP", 9: "VP)", 10: "."}
SIZE = EN_DE.size
OPENS, CLOSES, LEAF = np.full(SIZE, -1, np.int32), np.full(SIZE, -1, np.int32), np.zeros(SIZE, bool)
OPENS[[4, 6, 8]] = CLOSES[[5, 7, 9]] = 0, 1, 2
LEAF[[3, 10]] = True
WORDS = (np.arange(SIZE) % 3 > 0, np.arange(SIZE) % 2 > 0, (np.arange(SIZE) % 5 == 0).astype(int))
TABLES = BracketTables(OPENS, CLOSES, LEAF, *WORDS)
BATCH = batch_for(PROBLEMS[0], rows=5)


def words_of(batch: dict[str, Any]) -> list[int]:
    """Words of each input, one token after the other."""
    counts = []
    for ids, length in zip(batch["inputs"], batch["inputs_length"], strict=True):
        count, after_blank = 0, True
        for i in ids[:length]:
            count += int(TABLES.words_inside_U[i]) + (TABLES.word_at_once_U[i] and after_blank)
            after_blank = bool(TABLES.blank_behind_U[i])
        counts.append(int(count))
    return counts


@functools.cache
def model_of(seed: int) -> MultiModel:
    keras.utils.set_random_seed(seed)
    model = MultiModel(FLAT_CONFIGS["octet"], PROBLEMS[:1])
    for variable in model.trainable_variables:
        if variable.path.endswith("embedding"):
            variable.assign(np.random.default_rng(seed).normal(size=variable.shape))
    return model


def written(seed: int = 0, batch: Any = BATCH, **settings: Any) -> Any:
    config = DecodeConfig(**{"max_length": 24, **settings})
    return Decoder(model_of(seed), "translate", config, [BracketGuide(TABLES)])(batch)


def text(ids: np.ndarray) -> str:
    assert (ids == EOS_ID).sum() == 1, ids
    return " ".join(NAMES[i] for i in ids[: ids.tolist().index(EOS_ID)].tolist())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"method": "beam", "beam_size": 3, "nbest": 3},
        {"method": "beam", "beam_size": 3, "nbest": 3, "jit": True},
        {"method": "sample", "nbest": 4, "temperature": 3.0, "top_k": 2},
    ],
    ids=str,
)
def test_every_output_is_a_whole_tree(settings: dict[str, Any]) -> None:
    counts = words_of(BATCH)
    assert min(counts) >= 1 and len(set(counts)) > 1
    for seed in range(2):
        decoded = written(seed, **settings)
        assert np.isfinite(decoded.scores).any(axis=1).all()
        for row, count in enumerate(counts):
            for ids in decoded.ids[row][np.isfinite(decoded.scores[row])]:
                tree = read_tree(text(ids), count)
                assert tree.well_formed, (text(ids), count)
                assert all(start < end for _, start, end in tree.brackets)


def test_no_bracket_is_empty_and_trees_end_in_time() -> None:
    """As many positions as the smallest tree takes: nothing but one bracket fits."""
    longest = max(words_of(BATCH)) + 3
    for ids, count in zip(written(max_length=longest).ids[:, 0], words_of(BATCH), strict=True):
        assert read_tree(text(ids), count).well_formed
        assert "(S S)" not in text(ids) and "(NP NP)" not in text(ids)


def test_where_no_tree_fits_the_output_is_the_beginning_of_one() -> None:
    decoded = written(max_length=3)
    begins = (decoded.ids[:, 0, 0] >= 4) & (decoded.ids[:, 0, 0] % 2 == 0)
    long = np.array(words_of(BATCH)) > 1
    assert not (decoded.ids[:, 0] == EOS_ID)[long].any()
    assert begins[np.array(words_of(BATCH)) < 24].all() or not begins.any()


def test_a_batch_that_is_filled_up_and_rows_without_words_are_no_trouble() -> None:
    empty = {**BATCH, "inputs_length": np.where(np.arange(5) == 2, 0, BATCH["inputs_length"])}
    decoded = written(batch=empty)
    assert not decoded.ids[2].any()
    assert np.array_equal(decoded.ids[0], written().ids[0])


def test_it_can_be_switched_off() -> None:
    free = Decoder(model_of(0), "translate", DecodeConfig(max_length=24))(BATCH)
    assert np.array_equal(written(grammar=False).ids, free.ids)
    assert not np.array_equal(written().ids, free.ids)


def test_an_export_gets_the_same() -> None:
    decoder = Decoder(model_of(0), "translate", DecodeConfig(max_length=24), [BracketGuide(TABLES)])
    source = {name: BATCH[name] for name in ("inputs", "inputs_length")}
    assert np.array_equal(decoder.outputs(source)[0], decoder(BATCH).ids)


def test_scores_are_the_models_own() -> None:
    from t2t_multimodel.decode.scoring import score_targets

    decoded = written()
    lengths = (decoded.ids[:, 0] > 0).sum(axis=1).astype(np.int32)
    batch = {**BATCH, "targets": decoded.ids[:, 0], "targets_length": lengths}
    own = score_targets(model_of(0), "translate", batch)
    np.testing.assert_allclose(decoded.scores[:, 0], own, rtol=1e-4)


def test_trees_over_pictures_are_refused() -> None:
    class Drawn(Problem):
        name = "drawn"
        inputs = Image(8, 8)
        targets = Text(vocab="octet", symbols=True, grammar=Brackets())

    with pytest.raises(UserError) as caught:
        guides(Drawn(), {})
    assert str(caught.value).startswith(
        "The grammar of drawn needs text for inputs, and a target with symbols."
    )
