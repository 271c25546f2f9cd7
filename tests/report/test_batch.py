"""A batch that made a run diverge, as a person sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from t2t_multimodel.report.batch import print_batches


def test_arrays_are_shown_with_range_first_rows_and_what_is_not_finite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = np.zeros((7, 20), np.float32)
    inputs[0, 1], inputs[1, 0] = np.inf, -2.5
    file = tmp_path / "diverged-step-00000002.npz"
    arrays = {"1/speech/inputs": inputs, "1/speech/targets": np.array([[3, 4], [5, 0]])}
    np.savez(file, **arrays)  # type: ignore[arg-type]
    print_batches(file)
    assert capsys.readouterr().out.splitlines() == [
        "speech",
        "  inputs: float32 [7, 20], -2.5 to inf, 1 not finite",
        "    0 inf" + " 0" * 14 + " ...",
        "    -2.5" + " 0" * 15 + " ...",
        *["    0" + " 0" * 15 + " ..."] * 3,
        "  targets: int64 [2, 2], 0 to 5",
        "    3 4",
        "    5 0",
    ]
