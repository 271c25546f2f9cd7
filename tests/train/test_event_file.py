"""What TensorBoard gets to show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from t2t_multimodel.train.event_file import EventFile


def read(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return events


def arrays(folder: Path, name: str) -> list[tuple[int, np.ndarray]]:
    from tensorboard.util.tensor_util import make_ndarray

    return [(event.step, make_ndarray(event.tensor_proto)) for event in read(folder).Tensors(name)]


def test_numbers_are_scalars(tmp_path: Path) -> None:
    events = EventFile(tmp_path)
    events.add(1, {"a/train/xent": 2.5})
    events.add(2, {"a/train/xent": np.float32(1.5), "train/traces": 3})
    assert [(s, float(v)) for s, v in arrays(tmp_path, "a/train/xent")] == [(1, 2.5), (2, 1.5)]
    assert [(s, float(v)) for s, v in arrays(tmp_path, "train/traces")] == [(2, 3.0)]


def test_shares_of_experts_are_a_histogram(tmp_path: Path) -> None:
    EventFile(tmp_path).add(7, {"a/train/share_encoder": np.array([0.0, 0.0, 0.25, 0.75])})
    ((step, buckets),) = arrays(tmp_path, "a/train/share_encoder")
    assert step == 7
    assert buckets[:, 2].sum() == 4  # left edge, right edge, count
    assert (buckets[0, 0], buckets[-1, 1]) == (0.0, pytest.approx(0.75))
    assert (buckets[0, 2], buckets[-1, 2]) == (2, 1)


def test_samples_are_a_table(tmp_path: Path) -> None:
    EventFile(tmp_path).add_samples(3, "a/dev/samples", [("two", "too"), ("drei\n", "")])
    ((step, table),) = arrays(tmp_path, "a/dev/samples")
    assert step == 3
    cells = [[cell.decode() for cell in row] for row in table]
    assert cells == [["target", "output"], ["two", "too"], ["drei\n", ""]]
