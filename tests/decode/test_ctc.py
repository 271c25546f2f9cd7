"""CTC as an output of its own and as the probability of prefixes, against sums over all paths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from helpers.small_models import EN_DE, PROBLEMS
from keras import ops

from t2t_multimodel.decode.ctc import CtcGuide, _Heard, best_path, ids_of_bytes
from t2t_multimodel.decode.guide import FORBIDDEN
from t2t_multimodel.layers.ctc import CLASSES

A, B = 97, 98
SPELLING = np.zeros((8, 3), np.uint8)
SPELLING[3, 0], SPELLING[4, 0] = A, B  # single bytes
SPELLING[5, :2] = A, B
SPELLING[6, :3] = A, A, B
SPELLING[7, 0] = A  # a piece behind the bytes
END, NONE = 1, 2


def heard(frames: int, seed: int = 0) -> np.ndarray:
    """Log-probabilities of one row where blank, a and b share nearly everything."""
    logits = np.full((1, frames, CLASSES), -30.0, np.float32)
    logits[:, :, [0, A, B]] = np.random.default_rng(seed).normal(size=(1, frames, 3))
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def paths(log_p: np.ndarray) -> dict[bytes, float]:
    """Probability of each output, by enumeration of all paths of blank, a and b."""
    found: dict[bytes, float] = {}
    for path in itertools.product((0, A, B), repeat=log_p.shape[1]):
        output = bytes(c for c, _ in itertools.groupby(path) if c)
        p = np.exp(sum(log_p[0, t, c] for t, c in enumerate(path)))
        found[output] = found.get(output, 0.0) + p
    return found


def of_prefix(log_p: np.ndarray, prefix: bytes) -> float:
    p = sum(p for output, p in paths(log_p).items() if output.startswith(prefix))
    return np.log(max(p, 1e-12))


class Told:
    """Stands for a model: the guide asks how the pieces of its targets are spelt."""

    spellings = {EN_DE.identity: SPELLING}

    def signature(self, problem):
        return PROBLEMS[3]


def weighed(log_p, tokens, weight, frames=None, beams=1, most=8):
    """What the guide makes of the tokens after `tokens`, from a decoder that prefers none."""
    guide = CtcGuide(Told(), "speech", weight, most)
    rows = len(log_p)
    frames = np.full(rows, log_p.shape[1], np.int32) if frames is None else frames
    state, weigh = guide.begin((ops.convert_to_tensor(log_p), frames), beams, 9)
    even = np.full((rows * beams, len(SPELLING)), -np.log(8), np.float32)
    for t, last in enumerate([0, *tokens]):
        last_R = np.full(rows * beams, last, np.int32)
        values, state = weigh(ops.convert_to_tensor(even), last_R, t, state)
    return ops.convert_to_numpy(values), state


@pytest.mark.parametrize("tokens", [(), (3,), (4,), (3, 3), (5,), (5, 3), (3, 4, 7)])
def test_tokens_gain_what_their_prefix_is_worth(tokens):
    log_p = heard(6)
    values, _ = weighed(log_p, tokens, weight=1.0)
    prefix = b"".join(bytes(SPELLING[i][SPELLING[i] > 0]) for i in tokens)
    before = of_prefix(log_p, prefix)
    for piece in (3, 4, 5, 6, 7):
        longer = prefix + bytes(SPELLING[piece][SPELLING[piece] > 0])
        expected = of_prefix(log_p, longer) - before
        if expected > -20:
            assert values[0, piece] == pytest.approx(expected, abs=2e-3), longer
        else:  # longer than there are times
            assert values[0, piece] < -20
    assert values[0, END] == pytest.approx(np.log(paths(log_p)[prefix]) - before, abs=2e-3)


def test_a_prefix_of_two_equal_letters_needs_a_blank_between():
    """Two times: nothing is heard but a and blank, half each, so "aa" cannot be written."""
    log_p = np.full((1, 2, CLASSES), -30.0, np.float32)
    log_p[:, :, [0, A]] = np.log(0.5)
    values, _ = weighed(log_p, (), weight=1.0)
    assert values[0, 3] == pytest.approx(np.log(0.75), abs=1e-4)  # all paths but two blanks
    assert values[0, END] == pytest.approx(np.log(0.25), abs=1e-4)
    after, _ = weighed(log_p, (3,), weight=1.0)
    assert after[0, END] == pytest.approx(0.0, abs=1e-4)
    assert after[0, 3] < -25


def test_the_weight_shares_between_decoder_and_ctc():
    alone, _ = weighed(heard(5), (4,), weight=1.0)
    shared, _ = weighed(heard(5), (4,), weight=0.3)
    np.testing.assert_allclose(shared[0, 3:], 0.7 * -np.log(8) + 0.3 * alone[0, 3:], rtol=1e-4)
    assert shared[0, END] == pytest.approx(0.7 * -np.log(8) + 0.3 * alone[0, END], rel=1e-4)


def test_what_is_not_spelt_is_forbidden():
    values, _ = weighed(heard(5), (), weight=0.5)
    assert values[0, [0, NONE]].tolist() == [np.float32(FORBIDDEN)] * 2


def test_few_tokens_are_looked_at_those_that_begin_with_what_is_heard():
    log_p = heard(5)
    log_p[:, :, A] -= 5  # b is heard
    values, _ = weighed(log_p, (), weight=0.9, most=1)
    assert np.flatnonzero(values[0] > FORBIDDEN).tolist() == [END, 4]


def test_the_bytes_that_may_come_next_are_prefixes_too():
    log_p = heard(6)
    times = _Heard(ops.convert_to_tensor(log_p), np.array([6], np.int32), 1)
    found = ops.convert_to_numpy(times.next_bytes(times.empty()))[0]
    assert found[A] == pytest.approx(of_prefix(log_p, b"a"), abs=1e-3)
    assert found[B] == pytest.approx(of_prefix(log_p, b"b"), abs=1e-3)


def test_padded_times_and_other_rows_change_nothing():
    alone, _ = weighed(heard(4), (3,), weight=1.0)
    padded = np.concatenate([np.pad(heard(4), [[0, 0], [0, 3], [0, 0]]), heard(7, seed=1)])
    together, _ = weighed(padded, (3,), 1.0, frames=np.array([4, 7], np.int32), beams=2)
    np.testing.assert_allclose(together[0], alone[0], rtol=1e-4)
    np.testing.assert_allclose(together[1], alone[0], rtol=1e-4)
    np.testing.assert_allclose(together[2], weighed(heard(7, 1), (3,), 1.0)[0][0], rtol=1e-4)


def test_long_silence_keeps_its_digits():
    """A thousand times of sure blanks: an ordinary sum of probabilities would be 0."""
    log_p = np.full((1, 1000, CLASSES), -20.0, np.float32)
    log_p[:, :, 0] = 0.0
    log_p[:, 500, 0], log_p[:, 500, A] = -20.0, 0.0
    values, state = weighed(log_p, (3,), weight=1.0)
    assert float(ops.convert_to_numpy(state.score)[0]) == pytest.approx(0.0, abs=0.02)
    assert values[0, END] == pytest.approx(0.0, abs=0.02)


def test_the_best_path_is_read_without_repeats_and_blanks():
    classes = [[0, A, A, 0, A, B, B, 0], [B, B, 0, A, 0, 0, 0, 0]]
    log_p = np.full((2, 8, CLASSES), -9.0, np.float32)
    for row, path in enumerate(classes):
        log_p[row, np.arange(8), path] = -0.5
    ids, scores = best_path(ops.convert_to_tensor(log_p), np.array([8, 3], np.int32), SPELLING)
    assert ops.convert_to_numpy(ids).tolist() == [[7, 7, 4, 1, 0, 0, 0, 0, 0], [4, 1, *[0] * 7]]
    np.testing.assert_allclose(ops.convert_to_numpy(scores), [-4.0, -1.5])


def test_a_byte_is_written_by_the_last_piece_that_is_it_alone():
    assert ids_of_bytes(SPELLING)[[0, A, B, 99]].tolist() == [0, 7, 4, 0]
