"""Progress: counts, rates and time left, on a terminal and without one."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import pytest

from t2t_multimodel.data import progress
from t2t_multimodel.data.progress import DatagenProgress, Tally
from t2t_multimodel.data.shards import ShardJob
from t2t_multimodel.data.splits import SplitOnDisk


class Clock:
    """Seconds that a test sets."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def summary(examples: int, size: int, rejected: int = 0) -> dict[str, Any]:
    return {"examples": examples, "bytes": size, "rejected": {"bad": rejected}}


def test_a_tally_judges_the_rest_by_the_shards_that_are_done(clock: Clock) -> None:
    tally = Tally("made train", shards=4)
    assert (tally.rate, tally.total) == (0, None)
    tally.tell(0, 0, 0)
    clock.now += 10
    tally.tell(0, 600, 5_000_000)
    assert tally.line() == "made train: 600 examples, 5.0 MB, 60 examples/s, 0 of 4 shards"
    tally.finish(0, summary(900, 9_000_000, rejected=100))
    tally.tell(1, 100, 1_000_000)
    assert tally.total == 4000
    assert tally.line() == (
        "made train: 1,000 examples, 10.0 MB, 100 examples/s, 1 of 4 shards, 0:00:30 left"
    )


def test_what_was_there_before_counts_as_done_but_not_as_speed(clock: Clock) -> None:
    tally = Tally("made train", shards=2)
    tally.find(summary(1000, 9_000_000))
    tally.tell(1, 0, 0)
    clock.now += 2
    tally.tell(1, 200, 1_000_000)
    assert (tally.rate, tally.total) == (100, 2000)
    assert tally.line() == (
        "made train: 200 examples, 1.0 MB, 100 examples/s, 1 of 2 shards, 0:00:08 left"
    )


def test_declared_sizes_give_the_time_left_from_the_start(clock: Clock) -> None:
    tally = Tally("made train", shards=4, declared=1000)
    tally.tell(0, 0, 0)
    clock.now += 1
    tally.tell(0, 250, 0)
    assert tally.line().endswith("0 of 4 shards, 0:00:03 left")
    tally.tell(0, 2000, 0)
    assert tally.total == 2250  # more than declared


def job(shard: int) -> ShardJob:
    return ShardJob("made", "train", shard, 2, "nowhere", None, {}, ())


def test_without_a_terminal_a_line_comes_every_ten_seconds(clock: Clock) -> None:
    lines: list[str] = []
    split = SplitOnDisk([job(0), job(1)], {})
    with DatagenProgress(lines.append) as shown:
        shown.begin(split, None)
        for _ in range(25):
            shown.tell(job(0), 10, 1000)
            clock.now += 1
        shown.finish(job(0), summary(250, 25_000))
        seconds = shown.end(split)
    assert [line.partition(":")[0] for line in lines] == ["made train"] * 2
    assert lines[0] == "made train: 110 examples, 0.0 MB, 11 examples/s, 0 of 2 shards"
    assert seconds == 25


def test_on_a_terminal_there_is_a_bar_with_speed_and_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    lines: list[str] = []
    split = SplitOnDisk([job(0), job(1)], {})
    with DatagenProgress(lines.append) as shown:
        shown.begin(split, 400)
        shown.tell(job(0), 0, 0)
        shown.tell(job(0), 100, 3_000_000)
        shown._rich.refresh()
        text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
        shown.end(split)
    assert re.search(r"made train ━.*100/400 3\.0 MB, [\d,]+ examples/s", text), text
    assert lines == []
