"""One model for many tasks: images, speech, parsing, captions and translation, trained jointly.

After "One Model To Learn Them All" (Kaiser et al. 2017, arXiv 1706.05137). The names below are
loaded when they are first used: `import t2t_multimodel` alone imports no TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from t2t_multimodel import _checkout

if TYPE_CHECKING:
    from t2t_multimodel.config import Config as Config
    from t2t_multimodel.config import DataConfig as DataConfig
    from t2t_multimodel.config import EvalConfig as EvalConfig
    from t2t_multimodel.config import MixtureConfig as MixtureConfig
    from t2t_multimodel.config import ModelConfig as ModelConfig
    from t2t_multimodel.config import OptimizerConfig as OptimizerConfig
    from t2t_multimodel.config import TrainConfig as TrainConfig
    from t2t_multimodel.data.tfrecords import read_tfrecords as read_tfrecords
    from t2t_multimodel.errors import UserError as UserError
    from t2t_multimodel.features import Audio as Audio
    from t2t_multimodel.features import BadValue as BadValue
    from t2t_multimodel.features import Brackets as Brackets
    from t2t_multimodel.features import ClassLabel as ClassLabel
    from t2t_multimodel.features import Image as Image
    from t2t_multimodel.features import Text as Text
    from t2t_multimodel.multimodel import MultiModel as MultiModel
    from t2t_multimodel.problem import Declared as Declared
    from t2t_multimodel.problem import Problem as Problem
    from t2t_multimodel.registry import register_hparams as register_hparams
    from t2t_multimodel.registry import register_metric as register_metric
    from t2t_multimodel.registry import register_modality as register_modality
    from t2t_multimodel.registry import register_problem as register_problem
    from t2t_multimodel.registry import register_vocabulary as register_vocabulary
    from t2t_multimodel.vocabulary import Vocabulary as Vocabulary

__version__ = "0.1.0"

_HOMES = {
    "config": (
        "Config",
        "DataConfig",
        "EvalConfig",
        "MixtureConfig",
        "ModelConfig",
        "OptimizerConfig",
        "TrainConfig",
    ),
    "data.tfrecords": ("read_tfrecords",),
    "errors": ("UserError",),
    "features": ("Audio", "BadValue", "Brackets", "ClassLabel", "Image", "Text"),
    "multimodel": ("MultiModel",),
    "problem": ("Declared", "Problem"),
    "registry": (
        "register_hparams",
        "register_metric",
        "register_modality",
        "register_problem",
        "register_vocabulary",
    ),
    "vocabulary": ("Vocabulary",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [*_HOME_OF]

_checkout.install()


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 't2t_multimodel' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"t2t_multimodel.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
