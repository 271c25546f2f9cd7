"""Hparams as frozen, typed, documented dataclasses."""

from t2t_multimodel.config.base import Section
from t2t_multimodel.config.body import (
    AttentionConfig,
    PaperBodyConfig,
    SourceMeanConfig,
    T2TV1BodyConfig,
    T2TV2BodyConfig,
)
from t2t_multimodel.config.data import BatchBudget, DataConfig
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.config.distribution import (
    DistributionConfig,
    MeshConfig,
    MirroredConfig,
    MultiWorkerConfig,
    OneDeviceConfig,
)
from t2t_multimodel.config.evaluate import EvalConfig
from t2t_multimodel.config.mixture import (
    AdaptiveMixtureConfig,
    DistributedMixtureConfig,
    MixtureConfig,
    RatesMixtureConfig,
    ScheduledMixtureConfig,
    SchedulePoint,
    TemperatureMixtureConfig,
    UniformMixtureConfig,
    UnimaxMixtureConfig,
)
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.config.moe import (
    DenseComputeConfig,
    DenseParamsConfig,
    ExpertsConfig,
    NoExpertsConfig,
)
from t2t_multimodel.config.nets import PaperNetsConfig, T2TNetsConfig
from t2t_multimodel.config.notation import rates
from t2t_multimodel.config.optimizer import (
    AdamConfig,
    DecoupledDecayConfig,
    MuonConfig,
    NoDecayConfig,
    OptimizerConfig,
    RateFactor,
    T2TDecayConfig,
)
from t2t_multimodel.config.root import Config, ProblemRate
from t2t_multimodel.config.schedule import (
    ConstantScheduleConfig,
    CosineScheduleConfig,
    LinearScheduleConfig,
    RsqrtScheduleConfig,
    ScheduleConfig,
    T2TScheduleConfig,
)
from t2t_multimodel.config.train import LossWeight, TrainConfig

__all__ = [
    "AdamConfig",
    "AdaptiveMixtureConfig",
    "AttentionConfig",
    "BatchBudget",
    "Config",
    "ConstantScheduleConfig",
    "CosineScheduleConfig",
    "DataConfig",
    "DecodeConfig",
    "DecoupledDecayConfig",
    "DenseComputeConfig",
    "DenseParamsConfig",
    "DistributedMixtureConfig",
    "DistributionConfig",
    "EvalConfig",
    "ExpertsConfig",
    "LinearScheduleConfig",
    "LossWeight",
    "MeshConfig",
    "MirroredConfig",
    "MixtureConfig",
    "ModelConfig",
    "MultiWorkerConfig",
    "MuonConfig",
    "NoDecayConfig",
    "NoExpertsConfig",
    "OneDeviceConfig",
    "OptimizerConfig",
    "PaperBodyConfig",
    "PaperNetsConfig",
    "ProblemRate",
    "RateFactor",
    "RatesMixtureConfig",
    "RsqrtScheduleConfig",
    "ScheduleConfig",
    "SchedulePoint",
    "ScheduledMixtureConfig",
    "Section",
    "SourceMeanConfig",
    "T2TDecayConfig",
    "T2TNetsConfig",
    "T2TScheduleConfig",
    "T2TV1BodyConfig",
    "T2TV2BodyConfig",
    "TemperatureMixtureConfig",
    "TrainConfig",
    "UniformMixtureConfig",
    "UnimaxMixtureConfig",
    "rates",
]
