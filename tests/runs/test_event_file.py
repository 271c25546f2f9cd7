"""What TensorBoard gets to show."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from t2t_multimodel.evaluate.samples import Sample
from t2t_multimodel.features.pictures import png
from t2t_multimodel.runs.event_file import EventFile


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


def test_files_that_are_made_at_once_sort_in_the_order_in_which_they_were_made(
    tmp_path: Path,
) -> None:
    seconds = []
    for _ in range(2):
        EventFile(tmp_path).add(1, {"loss": 1.0})
        seconds.append(sorted(file.name.split(".")[3] for file in tmp_path.iterdir()))
    first, both = seconds
    assert len(both) == 2
    assert first[0] == both[0] < both[1]


def test_shares_of_experts_are_a_histogram_with_a_bar_for_each(tmp_path: Path) -> None:
    EventFile(tmp_path).add(7, {"a/train/share_encoder": np.array([0.5, 0.25, 0.25, 0.0])})
    (event,) = read(tmp_path).Histograms("a/train/share_encoder")
    bars = event.histogram_value
    assert event.step == 7
    assert (bars.min, bars.max, bars.num) == (0, 4, 1)
    assert bars.bucket_limit == [1, 2, 3, 4]
    assert bars.bucket == [0.5, 0.25, 0.25, 0]


def test_samples_are_a_table_and_pictures(tmp_path: Path) -> None:
    pixels = base64.b64encode(png(np.zeros((2, 3, 1), np.uint8))).decode()
    text = Sample(5, "text/plain", "", "zwei", "two", "too")
    picture = Sample(6, "image/png", pixels, "picture 3x2", "drei\n", "")
    EventFile(tmp_path).add_samples(3, "a", [text, picture])
    ((step, table),) = arrays(tmp_path, "a/samples")
    assert step == 3
    cells = [[cell.decode() for cell in row] for row in table]
    assert cells == [
        ["input", "target", "output"],
        ["zwei", "two", "too"],
        ["picture 3x2", "drei\n", ""],
    ]
    (shown,) = read(tmp_path).Images("a/samples/1")
    assert (shown.step, shown.width, shown.height) == (3, 3, 2)
    assert shown.encoded_image_string == base64.b64decode(pixels)


def test_it_is_written_where_there_is_no_tensorflow(tmp_path: Path, run_python: Callable) -> None:
    pytest.importorskip("jax")
    done = run_python(
        "import os, sys\n"
        "os.environ['KERAS_BACKEND'] = 'jax'\n"
        "sys.modules['tensorflow'] = None\n"
        "from pathlib import Path\n"
        "from t2t_multimodel.runs.event_file import EventFile\n"
        f"EventFile(Path({str(tmp_path)!r})).add(1, {{'loss': 2.0, 'share': [0.5, 0.5]}})\n"
    )
    assert done.code == 0, done.err
    assert [(s, float(v)) for s, v in arrays(tmp_path, "loss")] == [(1, 2.0)]
