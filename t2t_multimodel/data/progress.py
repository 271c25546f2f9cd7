"""Shows how far datagen is: a bar for each split on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any

from t2t_multimodel.data.shards import ShardJob, Summary
from t2t_multimodel.data.splits import SplitOnDisk
from t2t_multimodel.terminal import make_console

LINE_SECONDS = 10.0
"""Between two plain lines."""


@dataclass
class Tally:
    """Counts what was written of one split in this run, and what is left."""

    name: str
    """Problem and split."""
    shards: int
    declared: int | None = None
    """Examples of the whole split, if its problem says so."""
    begin: float = 0.0
    """`begin` is the time at which its first shard began."""
    found: int = 0
    """Examples in shards that were there before."""
    examples: int = 0
    bytes: int = 0
    done: int = 0
    """Shards that were there before or are written by now."""
    counted: int = 0
    """Examples, those left out included, in the shards that are done."""
    told: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Shard -> examples and bytes heard of so far."""

    def tell(self, shard: int, examples: int, size: int) -> None:
        """Adds what a running shard has written since it was last heard of."""
        self.begin = self.begin or time.monotonic()
        before = self.told.get(shard, (0, 0))
        self.told[shard] = before[0] + examples, before[1] + size
        self.examples, self.bytes = self.examples + examples, self.bytes + size

    def find(self, summary: Summary) -> None:
        """Counts a shard that was there before."""
        self.found += summary["examples"]
        self._count(summary)

    def finish(self, shard: int, summary: Summary) -> None:
        """Counts a shard that is done by its summary, instead of by what was heard."""
        examples, size = self.told.pop(shard, (0, 0))
        self.examples += summary["examples"] - examples
        self.bytes += summary["bytes"] - size
        self._count(summary)

    def _count(self, summary: Summary) -> None:
        self.done += 1
        self.counted += summary["examples"] + sum(summary["rejected"].values())

    @property
    def total(self) -> int | None:
        """Examples of the split: as declared, or judged by the shards that are done."""
        if self.declared is None and not self.done:
            return None
        judged = self.declared or self.counted * self.shards // self.done
        return max(judged, self.found + self.examples)

    @property
    def rate(self) -> float:
        """Examples a second; 0 before any."""
        return self.examples / self.seconds if self.seconds else 0.0

    @property
    def seconds(self) -> float:
        """Counts the seconds since its first shard began; 0 before."""
        return time.monotonic() - self.begin if self.begin else 0.0

    def line(self) -> str:
        """`octet_ende train: 12,345 examples, 4.2 MB, 5,100 examples/s, 1 of 4 shards, ...`."""
        parts = [
            f"{self.examples:,} examples",
            f"{self.bytes / 1e6:.1f} MB",
            f"{self.rate:,.0f} examples/s",
            f"{self.done} of {self.shards} shards",
        ]
        if self.total is not None and self.rate:
            left = int((self.total - self.found - self.examples) / self.rate)
            parts.append(f"{timedelta(seconds=left)} left")
        return f"{self.name}: {', '.join(parts)}"


class DatagenProgress:
    """Shows tallies while it is open."""

    def __init__(self, report: Callable[[str], None]) -> None:
        """
        Args:
            report: takes the plain lines where there is no terminal.
        """
        self._report = report
        self._tallies: dict[str, Tally] = {}
        self._bars: dict[str, Any] = {}
        self._rich: Any = None
        self._next_line = time.monotonic() + LINE_SECONDS

    def __enter__(self) -> DatagenProgress:
        if sys.stderr.isatty():
            self._rich = _bars()
            self._rich.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._rich is not None:
            self._rich.stop()

    def begin(self, split: SplitOnDisk, declared: int | None) -> None:
        """Makes a split known before its first shard.

        Args:
            split: what is to be written.
            declared: examples that its problem says it has.
        """
        tally = self._tallies[split.name] = Tally(split.name, len(split.jobs), declared)
        for summary in split.summaries.values():
            tally.find(summary)

    def tell(self, job: ShardJob, examples: int, size: int) -> None:
        """Adds what a running shard has written since it was last heard of."""
        tally = self._tallies[job.split_name]
        tally.tell(job.shard, examples, size)
        self._show(tally)

    def finish(self, job: ShardJob, summary: Summary) -> None:
        """Counts a shard that is done."""
        tally = self._tallies[job.split_name]
        tally.finish(job.shard, summary)
        self._show(tally)

    def end(self, split: SplitOnDisk) -> float:
        """Takes a split away that is done; returns how many seconds it took."""
        tally = self._tallies.pop(split.name)
        if tally.name in self._bars:
            self._rich.remove_task(self._bars.pop(tally.name))
        return tally.seconds

    def _show(self, tally: Tally) -> None:
        if self._rich is not None:
            if tally.name not in self._bars:
                self._bars[tally.name] = self._rich.add_task(tally.name, total=None, speed="")
            speed = f"{tally.bytes / 1e6:.1f} MB, {tally.rate:,.0f} examples/s"
            self._rich.update(
                self._bars[tally.name],
                completed=tally.found + tally.examples,
                total=tally.total,
                speed=speed,
            )
        elif time.monotonic() >= self._next_line:
            self._report(tally.line())
            self._next_line = time.monotonic() + LINE_SECONDS


def _bars() -> Any:
    from rich import progress

    return progress.Progress(
        "{task.description}",
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        "{task.fields[speed]}",
        progress.TimeRemainingColumn(),
        console=make_console(stderr=True),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # else lines meant for a file go to the terminal
    )
