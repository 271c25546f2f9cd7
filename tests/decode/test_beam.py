"""Beam search: the original's numbers, and what can be said without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from golden import Golden
from keras import ops

from t2t_multimodel.decode.beam import Beam, beam_search, length_penalty

FILES = ("v7_l6", "eos_rare", "early_stop", "no_eos")


def search(table: np.ndarray, beams: int, alpha: float, forced: Any = None, **options: Any) -> Any:
    """Beam search where logits are table[row, position, last id]; rows of it are sources."""
    rows, longest = table.shape[:2]
    of_beam = np.repeat(np.arange(rows), beams)

    def next_tokens(last_R: Any, t: Any, seen_RT: Any) -> tuple[Any, Any]:
        here = ops.take(ops.take(ops.convert_to_tensor(table), t, axis=1), of_beam, axis=0)
        logits = ops.take_along_axis(here, last_R[:, None, None], axis=1)[:, 0]
        return ops.log_softmax(logits), ops.slice_update(seen_RT, (0, t), last_R[:, None])

    forced = np.zeros((rows, longest), np.int32) if forced is None else forced
    cache = ops.zeros((rows * beams, longest), "int32")
    live = np.ones(rows, bool)
    found = beam_search(next_tokens, cache, forced, live, Beam(beams, alpha, **options))
    return tuple(np.asarray(part) for part in found)


@pytest.mark.parametrize("stops", [True, False])
@pytest.mark.parametrize("name", FILES)
def test_finds_what_the_original_found(name: str, stops: bool) -> None:
    golden = Golden(f"12_beam_search_{name}")
    beams, alpha = golden.meta["beam_size"], golden.meta["alpha"]
    ids, scores = search(golden["in/logit_table"], beams, alpha, stop_early=stops)
    end = "" if stops else "_no_early_stop"
    expected, expected_scores = golden["out/sequences" + end][:, :, 1:], golden["out/scores" + end]
    found = expected_scores > -1e6
    assert np.array_equal(scores > -1e6, found)
    np.testing.assert_allclose(scores[found], expected_scores[found], rtol=1e-5, atol=golden.atol)
    length = expected.shape[2]
    assert np.array_equal(ids[:, :, :length][found], expected[found])
    assert not ids[:, :, length:][found].any()


def all_sequences(table: np.ndarray, alpha: float) -> list[tuple[float, list[int]]]:
    """Every sequence that ends, of one source, with its score; the best first."""
    log_p = table - np.log(np.exp(table).sum(axis=-1, keepdims=True))
    found = []

    def grow(ids: list[int], total: float) -> None:
        t = len(ids)
        if t == len(table):
            return
        for token in range(table.shape[-1]):
            score = total + log_p[t, ids[-1] if ids else 0, token]
            if token == 1:
                found.append((score / ((5 + t + 1) / 6) ** alpha, [*ids, 1]))
            else:
                grow([*ids, token], score)

    grow([], 0.0)
    return sorted(found, reverse=True)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
def test_a_wide_beam_finds_the_best_of_all_sequences(alpha: float) -> None:
    table = np.random.default_rng(1).normal(size=(3, 4, 4, 4)).astype(np.float32)
    ids, scores = search(table, 40, alpha, stop_early=False)
    for row in range(3):
        best = all_sequences(table[row], alpha)[:5]
        np.testing.assert_allclose(scores[row, :5], [score for score, _ in best], rtol=1e-5)
        for found, (_, expected) in zip(ids[row], best, strict=False):
            assert found.tolist() == expected + [0] * (4 - len(expected))


def test_forced_tokens_are_taken_and_their_probability_counts() -> None:
    table = np.random.default_rng(2).normal(size=(2, 4, 5, 5)).astype(np.float32)
    forced = np.array([[3, 2, 0, 0], [4, 0, 0, 0]], np.int32)
    ids, scores = search(table, 30, 0.6, forced)
    for row in range(2):
        allowed = [
            (score, sequence)
            for score, sequence in all_sequences(table[row], 0.6)
            if all(f in (0, s) for f, s in zip(forced[row], sequence, strict=False))
        ]
        assert scores[row, 0] == pytest.approx(allowed[0][0], rel=1e-5)
        assert ids[row, 0].tolist() == allowed[0][1] + [0] * (4 - len(allowed[0][1]))
        real = scores[row] > -1e6
        assert (ids[row][real][:, forced[row] > 0] == forced[row][forced[row] > 0]).all()


def test_the_best_does_not_depend_on_the_other_rows() -> None:
    table = np.random.default_rng(3).normal(size=(6, 8, 6, 6)).astype(np.float32)
    ids, scores = search(table, 4, 0.6)
    for row in range(6):
        alone_ids, alone_scores = search(table[row : row + 1], 4, 0.6)
        assert np.array_equal(ids[row, 0], alone_ids[0, 0])
        assert scores[row, 0] == pytest.approx(alone_scores[0, 0], rel=1e-5)


def test_length_penalty_is_that_of_the_source() -> None:
    penalties = np.asarray(length_penalty(np.array([1, 7, 13]), 0.6))
    np.testing.assert_allclose(penalties, [1.0, 2**0.6, 3**0.6], rtol=1e-6)
    assert np.asarray(length_penalty(30, 0.0)) == 1.0
