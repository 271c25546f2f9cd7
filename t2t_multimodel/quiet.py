"""Imports TensorFlow without the lines that its C++ side writes at every start."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

# absl's C++ log ignores TF_CPP_MIN_LOG_LEVEL until TensorFlow has set it up: greetings of
# oneDNN, the CPU features and missing CUDA come from there. Warnings and errors are kept.
_GREETING = re.compile(
    rb"(I\d{4} |WARNING: All log messages before absl::InitializeLog|To enable the following ins)"
)


def import_backend() -> None:
    """Imports TensorFlow as `import_tensorflow` does, where Keras is to run on it."""
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        import_tensorflow()


def import_tensorflow() -> None:
    """Imports TensorFlow; what it writes to stderr is passed on except for its greetings."""
    if "tensorflow" in sys.modules:
        return
    # Without an NVIDIA driver TensorFlow reports its absence as an error; with one, errors matter.
    has_driver = Path("/proc/driver/nvidia").exists()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if has_driver else "3")
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            log.seek(0)
            for line in log:
                if not _GREETING.match(line):
                    os.write(terminal, line)
            os.close(terminal)
