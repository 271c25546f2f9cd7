"""One model for many tasks: images, speech, parsing, captions and translation, trained jointly.

After "One Model To Learn Them All" (Kaiser et al. 2017, arXiv 1706.05137). The names below are
loaded when they are first used: `import t2t_multimodel` alone imports no TensorFlow.
"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2t_multimodel import _called, _checkout

if TYPE_CHECKING:
    from t2t_multimodel.api.examples import Example as Example
    from t2t_multimodel.api.examples import Examples as Examples
    from t2t_multimodel.api.generating import datagen as datagen
    from t2t_multimodel.api.loading import load as load
    from t2t_multimodel.api.model import Model as Model
    from t2t_multimodel.api.places import add_usr_dir as add_usr_dir
    from t2t_multimodel.api.prediction import Candidate as Candidate
    from t2t_multimodel.api.prediction import Prediction as Prediction
    from t2t_multimodel.api.training import Run as Run
    from t2t_multimodel.config import AdamConfig as AdamConfig
    from t2t_multimodel.config import AdaptiveMixtureConfig as AdaptiveMixtureConfig
    from t2t_multimodel.config import AttentionConfig as AttentionConfig
    from t2t_multimodel.config import BatchBudget as BatchBudget
    from t2t_multimodel.config import Config as Config
    from t2t_multimodel.config import ConstantScheduleConfig as ConstantScheduleConfig
    from t2t_multimodel.config import CosineScheduleConfig as CosineScheduleConfig
    from t2t_multimodel.config import DataConfig as DataConfig
    from t2t_multimodel.config import DecoupledDecayConfig as DecoupledDecayConfig
    from t2t_multimodel.config import DenseComputeConfig as DenseComputeConfig
    from t2t_multimodel.config import DenseParamsConfig as DenseParamsConfig
    from t2t_multimodel.config import DistributedMixtureConfig as DistributedMixtureConfig
    from t2t_multimodel.config import DistributionConfig as DistributionConfig
    from t2t_multimodel.config import EvalConfig as EvalConfig
    from t2t_multimodel.config import ExpertsConfig as ExpertsConfig
    from t2t_multimodel.config import LinearScheduleConfig as LinearScheduleConfig
    from t2t_multimodel.config import LossWeight as LossWeight
    from t2t_multimodel.config import MeshConfig as MeshConfig
    from t2t_multimodel.config import MirroredConfig as MirroredConfig
    from t2t_multimodel.config import MixtureConfig as MixtureConfig
    from t2t_multimodel.config import ModelConfig as ModelConfig
    from t2t_multimodel.config import MultiWorkerConfig as MultiWorkerConfig
    from t2t_multimodel.config import MuonConfig as MuonConfig
    from t2t_multimodel.config import NoDecayConfig as NoDecayConfig
    from t2t_multimodel.config import NoExpertsConfig as NoExpertsConfig
    from t2t_multimodel.config import OneDeviceConfig as OneDeviceConfig
    from t2t_multimodel.config import OptimizerConfig as OptimizerConfig
    from t2t_multimodel.config import PaperBodyConfig as PaperBodyConfig
    from t2t_multimodel.config import PaperNetsConfig as PaperNetsConfig
    from t2t_multimodel.config import ProblemRate as ProblemRate
    from t2t_multimodel.config import RateFactor as RateFactor
    from t2t_multimodel.config import RatesMixtureConfig as RatesMixtureConfig
    from t2t_multimodel.config import RsqrtScheduleConfig as RsqrtScheduleConfig
    from t2t_multimodel.config import ScheduleConfig as ScheduleConfig
    from t2t_multimodel.config import ScheduledMixtureConfig as ScheduledMixtureConfig
    from t2t_multimodel.config import SchedulePoint as SchedulePoint
    from t2t_multimodel.config import SourceMeanConfig as SourceMeanConfig
    from t2t_multimodel.config import T2TDecayConfig as T2TDecayConfig
    from t2t_multimodel.config import T2TNetsConfig as T2TNetsConfig
    from t2t_multimodel.config import T2TScheduleConfig as T2TScheduleConfig
    from t2t_multimodel.config import T2TV1BodyConfig as T2TV1BodyConfig
    from t2t_multimodel.config import T2TV2BodyConfig as T2TV2BodyConfig
    from t2t_multimodel.config import TemperatureMixtureConfig as TemperatureMixtureConfig
    from t2t_multimodel.config import TrainConfig as TrainConfig
    from t2t_multimodel.config import UniformMixtureConfig as UniformMixtureConfig
    from t2t_multimodel.config import UnimaxMixtureConfig as UnimaxMixtureConfig
    from t2t_multimodel.config import rates as rates
    from t2t_multimodel.data.tfrecords import read_tfrecords as read_tfrecords
    from t2t_multimodel.errors import UserError as UserError
    from t2t_multimodel.errors import foreign as foreign
    from t2t_multimodel.features import Audio as Audio
    from t2t_multimodel.features import BadValue as BadValue
    from t2t_multimodel.features import Brackets as Brackets
    from t2t_multimodel.features import ClassLabel as ClassLabel
    from t2t_multimodel.features import Feature as Feature
    from t2t_multimodel.features import Image as Image
    from t2t_multimodel.features import Signature as Signature
    from t2t_multimodel.features import Text as Text
    from t2t_multimodel.modalities.base import Embedded as Embedded
    from t2t_multimodel.modalities.base import Modality as Modality
    from t2t_multimodel.multimodel import MultiModel as MultiModel
    from t2t_multimodel.problem import Declared as Declared
    from t2t_multimodel.problem import Problem as Problem
    from t2t_multimodel.raw_files import open_raw as open_raw
    from t2t_multimodel.registry import register_hparams as register_hparams
    from t2t_multimodel.registry import register_metric as register_metric
    from t2t_multimodel.registry import register_modality as register_modality
    from t2t_multimodel.registry import register_problem as register_problem
    from t2t_multimodel.registry import register_vocabulary as register_vocabulary
    from t2t_multimodel.vocabulary import Vocabulary as Vocabulary

__version__ = "0.2.0"


def _homes() -> dict[str, str]:
    """Reads name -> module from the imports above, so that they are the only list of exports."""
    tree = ast.parse(Path(__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(one.module) for one in imports for alias in one.names}


_HOME_OF = _homes()

__all__ = [*_HOME_OF]

_checkout.install()
_called.install()  # train(...) and problems[...], which are packages too


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 't2t_multimodel' has no attribute '{name}'")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
