"""TensorFlow is imported without its greetings, with its warnings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

NOISY = """
import os, sys
for line in (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    b"I0000 00:00:1.0 1 port.cc:153] oneDNN custom operations are on.",
    b"To enable the following instructions: AVX2, rebuild TensorFlow.",
    b"E0000 00:00:1.0 1 gpu.cc:1] the device is lost",
):
    os.write(2, line + b"\\n")
print("a Python warning", file=sys.stderr)
"""


def import_in_a_process(folder: Path, stub: str) -> subprocess.CompletedProcess[str]:
    (folder / "tensorflow.py").write_text(stub)
    source = (
        "import os, sys\nfrom t2t_multimodel import quiet\nquiet.import_tensorflow()\n"
        "print('after', file=sys.stderr)\nprint(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    )
    inherited = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        env={**inherited, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
    )


def test_greetings_are_dropped_and_everything_else_is_passed_on(tmp_path: Path) -> None:
    done = import_in_a_process(tmp_path, NOISY)
    assert done.stderr.splitlines() == [
        "E0000 00:00:1.0 1 gpu.cc:1] the device is lost",
        "a Python warning",
        "after",
    ]
    has_driver = Path("/proc/driver/nvidia").exists()
    assert done.stdout == ("2\n" if has_driver else "3\n")


def test_an_import_that_fails_tells_all(tmp_path: Path) -> None:
    done = import_in_a_process(tmp_path, NOISY + "raise ImportError('no library')")
    assert done.returncode == 1
    assert "the device is lost" in done.stderr
    assert done.stderr.endswith("ImportError: no library\n")
