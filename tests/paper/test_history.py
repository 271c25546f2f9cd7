"""What a record keeps of a run's curves."""

from __future__ import annotations

import json
from pathlib import Path

from t2t_multimodel.paper.history import POINTS, history_of, kept_curves, thinned


def test_curves_are_thinned_evenly_to_their_last_point() -> None:
    curve = [(step, float(step)) for step in range(1, 101)]
    found = thinned(curve)
    assert len(found) == POINTS
    assert (found[0], found[-1]) == ((1, 1.0), (100, 100.0))
    gaps = {after[0] - before[0] for before, after in zip(found, found[1:], strict=False)}
    assert gaps == {4, 5}
    assert thinned(curve[:3]) == curve[:3]


def test_losses_shares_and_affinity_are_kept_with_4_digits(tmp_path: Path) -> None:
    values = {
        "step": 1,
        "time": 0.0,
        "a/train/xent": 1.23456,
        "a/train/accuracy": 0.5,
        "a/train/share_encoder": [0.123456, 0.876544],
        "affinity/a": [0.00123456],
        "affinity_cpu_seconds": 2.0,
        "train/learning_rate": 0.1,
    }
    (tmp_path / "scalars.jsonl").write_text(json.dumps(values) + "\n")
    found = kept_curves(tmp_path)
    assert found == {
        "a/train/xent": [(1, 1.235)],
        "a/train/share_encoder": [(1, [0.1235, 0.8765])],
        "affinity/a": [(1, [0.001235])],
        "affinity_cpu_seconds": [(1, 2.0)],
    }
    again = history_of(json.loads(json.dumps(found)))
    assert again.curves == found
