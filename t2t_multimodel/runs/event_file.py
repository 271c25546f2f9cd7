"""TensorBoard's event file: scalars, routing, samples; written by TensorBoard alone."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel.data.files import writing
from t2t_multimodel.evaluate.samples import Sample
from t2t_multimodel.features.people import PICTURE


class EventFile:
    """Appends to a new event file in a folder; each call is in the file when it returns.

    Args:
        folder: of the event files of a run.
        first_step: that it will hold. TensorBoard drops what older files say of it and later
            steps, which a run that goes on does again.
    """

    def __init__(self, folder: Path, first_step: int = 0) -> None:
        from tensorboard.compat.proto.event_pb2 import SessionLog
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._folder = folder
        with writing(folder):
            _wait_for_a_later_name(folder)
            self._writer = EventFileWriter(str(folder))
            self._write(first_step, session_log=SessionLog(status=SessionLog.START))

    def add(self, step: int, values: dict[str, Any]) -> None:
        """Numbers become scalars, arrays [E] histograms with a bar of that height for each."""
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        with writing(self._folder):
            for name, value in values.items():
                array = np.asarray(value)
                bars = _bars(name, array) if array.ndim else scalar_pb(name, array)
                self._write(step, summary=bars)
            self._writer.flush()

    def add_samples(self, step: int, problem: str, samples: Sequence[Sample]) -> None:
        """Inputs, targets and outputs as a table, and pictures of the inputs that are some."""
        from tensorboard.plugins.text.summary_v2 import text_pb

        rows = [["input", "target", "output"]]
        with writing(self._folder):
            for number, sample in enumerate(samples):
                rows.append([sample.words, sample.target, sample.output])
                if sample.type == PICTURE:
                    self._write(step, summary=_picture(f"{problem}/samples/{number}", sample))
            table = text_pb(f"{problem}/samples", np.array(rows, dtype=object))
            self._write(step, summary=table)
            self._writer.flush()

    def _write(self, step: int, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._writer.add_event(Event(step=step, wall_time=time.time(), **content))


def _wait_for_a_later_name(folder: Path) -> None:
    """Lets the second of the newest file pass.

    TensorBoard reads the files in the order of their names, which begin with the second in which
    they were made; what follows has no order.
    """
    while any(folder.glob(f"events.out.tfevents.{int(time.time())}.*")):
        time.sleep(0.05)


def _bars(name: str, heights_E: np.ndarray) -> Any:
    """Bar i, from i to i + 1, for entry i: an expert's share, not how often a share came."""
    from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary

    middle = np.arange(len(heights_E)) + 0.5
    bars = HistogramProto(
        min=0,
        max=len(heights_E),
        num=heights_E.sum(),
        sum=heights_E @ middle,
        sum_squares=heights_E @ middle**2,
        bucket_limit=middle + 0.5,
        bucket=heights_E,
    )
    return Summary(value=[Summary.Value(tag=name, histo=bars)])


def _picture(name: str, sample: Sample) -> Any:
    from PIL import Image
    from tensorboard.compat.proto.summary_pb2 import Summary

    data = base64.b64decode(sample.data)
    with Image.open(io.BytesIO(data)) as opened:
        width, height = opened.size
        channels = len(opened.getbands())
    image = Summary.Image(
        width=width, height=height, colorspace=channels, encoded_image_string=data
    )
    return Summary(value=[Summary.Value(tag=name, image=image)])
