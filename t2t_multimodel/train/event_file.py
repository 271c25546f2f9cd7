"""TensorBoard's event file: scalars, histograms of routing, samples of decoded text."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


class EventFile:
    """Appends to an event file in a folder, which appears with the first entry."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._writer = EventFileWriter(str(folder))

    def add(self, step: int, values: dict[str, Any]) -> None:
        """Numbers as scalars, arrays (such as the experts' shares) as histograms."""
        from tensorboard.plugins.histogram.summary_v2 import histogram_pb
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        for name, value in values.items():
            array = np.asarray(value)
            self._write(step, histogram_pb(name, array) if array.ndim else scalar_pb(name, array))
        self._writer.flush()

    def add_samples(self, step: int, name: str, samples: Sequence[tuple[Any, Any]]) -> None:
        """(target, output) pairs as a table."""
        from tensorboard.plugins.text.summary_v2 import text_pb

        rows = [["target", "output"], *([str(t), str(o)] for t, o in samples)]
        self._write(step, text_pb(name, np.array(rows, dtype=object)))
        self._writer.flush()

    def _write(self, step: int, summary: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._writer.add_event(Event(step=step, wall_time=time.time(), summary=summary))
