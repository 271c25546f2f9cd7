"""Tests for what users add: problems, layers and modality nets, and makers of tiny data.

The names below are loaded when they are first used: a test of a problem imports no TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from t2t_multimodel.testing.batches import random_batch as random_batch
    from t2t_multimodel.testing.layer_test import LayerTest as LayerTest
    from t2t_multimodel.testing.modality_test import ModalityTest as ModalityTest
    from t2t_multimodel.testing.problem_test import ProblemTest as ProblemTest
    from t2t_multimodel.testing.tiny_data import as_png as as_png
    from t2t_multimodel.testing.tiny_data import as_wav as as_wav
    from t2t_multimodel.testing.tiny_data import tiny_images as tiny_images
    from t2t_multimodel.testing.tiny_data import tiny_sounds as tiny_sounds
    from t2t_multimodel.testing.tiny_data import tiny_texts as tiny_texts
    from t2t_multimodel.testing.tiny_data import tiny_trees as tiny_trees

_HOME_OF = {
    "LayerTest": "layer_test",
    "ModalityTest": "modality_test",
    "ProblemTest": "problem_test",
    "as_png": "tiny_data",
    "as_wav": "tiny_data",
    "random_batch": "batches",
    "tiny_images": "tiny_data",
    "tiny_sounds": "tiny_data",
    "tiny_texts": "tiny_data",
    "tiny_trees": "tiny_data",
}

__all__ = [*_HOME_OF]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
