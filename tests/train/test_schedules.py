"""Learning rates, worked out by hand."""

from __future__ import annotations

import pytest

from t2t_multimodel import (
    ConstantScheduleConfig,
    CosineScheduleConfig,
    LinearScheduleConfig,
    OptimizerConfig,
    RsqrtScheduleConfig,
    ScheduleConfig,
    T2TScheduleConfig,
)
from t2t_multimodel.train.schedules import learning_rate

KINDS = {
    "constant": ConstantScheduleConfig,
    "rsqrt": RsqrtScheduleConfig,
    "cosine": CosineScheduleConfig,
    "linear": LinearScheduleConfig,
}


def rates(steps: int, *at: int, schedule: ScheduleConfig) -> list[float]:
    config = OptimizerConfig(learning_rate=0.8, schedule=schedule)
    return [learning_rate(config, step, steps, 128) for step in at]


@pytest.mark.parametrize("kind", KINDS)
def test_the_warm_up_is_a_line_to_the_peak(kind: str) -> None:
    warm = rates(100, 0, 1, 3, schedule=KINDS[kind](warmup_steps=4))
    assert warm == pytest.approx([0.2, 0.4, 0.8])


def test_constant_stays_at_the_peak() -> None:
    schedule = ConstantScheduleConfig(warmup_steps=4)
    assert rates(100, 4, 50, 99, 500, schedule=schedule) == [0.8] * 4


def test_rsqrt_falls_with_the_root_of_the_step() -> None:
    at = rates(100, 3, 15, 35, 399, schedule=RsqrtScheduleConfig(warmup_steps=4))
    assert at == pytest.approx([0.8, 0.4, 0.8 * (4 / 36) ** 0.5, 0.08])


def test_linear_falls_to_its_last_share_at_the_end() -> None:
    schedule = LinearScheduleConfig(warmup_steps=20, final_fraction=0.1)
    at = rates(100, 20, 60, 100, 150, schedule=schedule)
    assert at == pytest.approx([0.8, 0.8 * 0.55, 0.08, 0.08])


def test_cosine_falls_along_half_a_wave() -> None:
    schedule = CosineScheduleConfig(warmup_steps=20, final_fraction=0.0)
    at = rates(100, 20, 40, 60, 80, 100, schedule=schedule)
    half = 2**-0.5
    expected = [0.8, 0.4 * (1 + half), 0.4, 0.4 * (1 - half), 0.0]
    assert at == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_without_warm_up_the_first_step_is_at_the_peak(kind: str) -> None:
    assert rates(10, 0, schedule=KINDS[kind](warmup_steps=0)) == [0.8]


def test_a_warm_up_longer_than_the_run_is_only_a_line() -> None:
    schedule = LinearScheduleConfig(warmup_steps=8)
    assert rates(2, 0, 1, schedule=schedule) == pytest.approx([0.1, 0.2])


def test_a_schedule_of_tensor2tensor_is_a_500th_of_its_declared_rate() -> None:
    schedule = T2TScheduleConfig(scheme="noam", warmup_steps=4000)
    config = OptimizerConfig(schedule=schedule, learning_rate=0.1)
    # 0.1 * 5000 * 512 ** -0.5 * 4000 ** -0.5 / 500 at the end of the warm-up
    assert learning_rate(config, 3999, 250_000, 512) == pytest.approx(6.987712e-4, rel=1e-6)
