"""The lines of a run."""

from __future__ import annotations

import pytest

from t2t_multimodel.train import progress as module
from t2t_multimodel.train.progress import Progress, duration


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_a_report_holds_means_since_the_last(clock: Clock) -> None:
    progress = Progress(10, 40)
    assert (progress.step, progress.steps_done) == (10, 0)
    for xent in (3.0, 1.0):
        progress.add("b", {"xent": xent, "accuracy": 0.5}, 8)
        progress.add_step(xent)
    progress.add("a", {"xent": 5.0, "accuracy": 0.0}, 4)
    progress.wait(1.5)
    progress.wait(1.0)
    clock.now += 10
    line, scalars = progress.report(0.01)
    assert line == "step 12/40  a 5.000  b 2.000  | 2 examples/s, 2m20s left"
    assert scalars == {
        "a/train/xent": 5.0,
        "a/train/accuracy": 0.0,
        "b/train/xent": 2.0,
        "b/train/accuracy": 0.5,
        "train/examples_per_second": 2.0,
        "train/learning_rate": 0.01,
        "train/gradient_norm": 2.0,
        "train/waiting": 0.25,
    }
    assert progress.losses == {"a": 5.0, "b": 2.0}
    progress.add("b", {"xent": 0.5}, 1000)
    for _ in range(13):
        progress.add_step(1.0)
    clock.now += 1
    line, _ = progress.report(0.01)
    assert line == "step 25/40  b 0.500  | 1,000 examples/s, 11s left"
    assert progress.losses == {"a": 5.0, "b": 0.5}  # the newest of each
    assert progress.examples_per_second == 1000


def test_time_that_is_skipped_counts_neither_for_speed_nor_for_what_is_left(clock: Clock) -> None:
    progress = Progress(0, 20)
    clock.now += 60  # an evaluation
    progress.skip(60)
    progress.add("a", {"xent": 1.0}, 30)
    for _ in range(10):
        progress.add_step(1.0)
    clock.now += 10
    line, _ = progress.report(0.01)
    assert line == "step 10/20  a 1.000  | 3 examples/s, 10s left"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0s"), (59.9, "59s"), (75, "1m15s"), (3600, "1h00m"), (7384, "2h03m")],
)
def test_durations_read_as_a_person_says_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
