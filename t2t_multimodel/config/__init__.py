"""Hparams as frozen, typed, documented dataclasses."""

from t2t_multimodel.config.base import Section
from t2t_multimodel.config.data import DataConfig
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.config.evaluate import EvalConfig
from t2t_multimodel.config.mixture import MixtureConfig
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.config.optimizer import OptimizerConfig
from t2t_multimodel.config.root import Config, parse_rate
from t2t_multimodel.config.train import TrainConfig

__all__ = [
    "Config",
    "DataConfig",
    "DecodeConfig",
    "EvalConfig",
    "MixtureConfig",
    "ModelConfig",
    "OptimizerConfig",
    "Section",
    "TrainConfig",
    "parse_rate",
]
