"""Which tokens can be drawn, and how often they are."""

from __future__ import annotations

import numpy as np
import pytest

from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.decode.sample import among_best, in_nucleus, sampler

LOGITS = np.log(np.array([[0.1, 0.4, 0.2, 0.3], [0.05, 0.05, 0.6, 0.3]], np.float32))


def kept(logits: object) -> list[list[int]]:
    return [np.flatnonzero(row > -1e8).tolist() for row in np.asarray(logits)]


@pytest.mark.parametrize(
    ("k", "expected"),
    [(1, [[1], [2]]), (2, [[1, 3], [2, 3]]), (4, [[0, 1, 2, 3]] * 2), (9, [[0, 1, 2, 3]] * 2)],
)
def test_top_k_keeps_the_k_best(k: int, expected: list[list[int]]) -> None:
    assert kept(among_best(LOGITS, k)) == expected


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.01, [[1], [2]]),
        (0.5, [[1, 3], [2]]),
        (0.65, [[1, 3], [2, 3]]),
        (0.75, [[1, 2, 3], [2, 3]]),
        (0.999, [[0, 1, 2, 3]] * 2),
    ],
)
def test_top_p_keeps_the_fewest_with_that_much_probability(
    p: float, expected: list[list[int]]
) -> None:
    assert kept(in_nucleus(LOGITS, p)) == expected


def shares(config: DecodeConfig, rows: int = 4000) -> np.ndarray:
    drawn = np.asarray(sampler(config)(np.repeat(LOGITS[:1], rows, axis=0), np.int32(3)))
    return np.bincount(drawn, minlength=4) / rows


def test_tokens_come_as_often_as_they_are_probable() -> None:
    assert shares(DecodeConfig(method="sample")) == pytest.approx([0.1, 0.4, 0.2, 0.3], abs=0.03)


def test_a_low_temperature_sharpens() -> None:
    squares = np.array([0.1, 0.4, 0.2, 0.3]) ** 2
    found = shares(DecodeConfig(method="sample", temperature=0.5))
    assert found == pytest.approx(squares / squares.sum(), abs=0.03)


def test_what_is_cut_off_never_comes() -> None:
    assert shares(DecodeConfig(method="sample", top_k=2)) == pytest.approx(
        [0, 4 / 7, 0, 3 / 7], abs=0.03
    )
    assert shares(DecodeConfig(method="sample", top_p=0.75))[0] == 0


def test_draws_repeat_with_seed_and_position_and_differ_otherwise() -> None:
    logits = np.zeros((50, 30), np.float32)

    def draw(seed: int, t: int) -> list[int]:
        config = DecodeConfig(method="sample", seed=seed)
        return np.asarray(sampler(config)(logits, np.int32(t))).tolist()

    assert draw(1, 2) == draw(1, 2)
    assert draw(1, 2) != draw(1, 3)
    assert draw(1, 2) != draw(2, 2)
