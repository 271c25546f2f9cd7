"""The sections of a config: their defaults are valid, their ranges are said."""

from __future__ import annotations

from typing import Any

import pytest

from t2t_multimodel import (
    DataConfig,
    EvalConfig,
    ModelConfig,
    OptimizerConfig,
    TrainConfig,
    UserError,
)
from t2t_multimodel.config import (
    AdaptiveMixtureConfig,
    AttentionConfig,
    CosineScheduleConfig,
    DecoupledDecayConfig,
    ExpertsConfig,
    LinearScheduleConfig,
    MeshConfig,
    MirroredConfig,
    MultiWorkerConfig,
    MuonConfig,
    PaperBodyConfig,
    PaperNetsConfig,
    RsqrtScheduleConfig,
    Section,
    T2TDecayConfig,
    T2TScheduleConfig,
    TemperatureMixtureConfig,
    UnimaxMixtureConfig,
)

FOUR = "a tuple of four, each 1 or more"
SOME = "a tuple, each 1 or more"

OUT_OF_RANGE = [
    (DataConfig, "vocab_size", 299, ">= 300"),
    (DataConfig, "bucket_growth", 1.0, "> 1"),
    (DataConfig, "tokens_per_batch", 0, "> 0"),
    (DataConfig, "frames_per_batch", 0, "> 0"),
    (DataConfig, "pixels_per_batch", -1, "> 0"),
    (DataConfig, "examples_per_batch", 0, "> 0"),
    (DataConfig, "max_examples", -1, ">= 0"),
    (DataConfig, "image_distort", 1.0, "from 0 to below 1, or none"),
    (DataConfig, "sound_mask", 1.0, "from 0 to below 1, or none"),
    (DataConfig, "sound_warp", -0.1, "from 0 to below 1, or none"),
    (ModelConfig, "sound_word_dropout", 1.0, "from 0 to below 1, or none"),
    (TemperatureMixtureConfig, "temperature", 0.0, "> 0"),
    (UnimaxMixtureConfig, "max_epochs", 0.0, "> 0"),
    (AdaptiveMixtureConfig, "steps", 7, "8 or more"),
    (EvalConfig, "steps", -1, ">= 0"),
    (EvalConfig, "examples", -1, ">= 0"),
    (EvalConfig, "final_examples", -1, ">= 0"),
    (EvalConfig, "decode_examples", -1, ">= 0"),
    (OptimizerConfig, "learning_rate", 0.0, "> 0"),
    (OptimizerConfig, "learning_rate", float("nan"), "> 0"),
    (OptimizerConfig, "learning_rate", float("inf"), "finite"),
    (MuonConfig, "learning_rate", 0.0, "> 0 and finite"),
    (MuonConfig, "momentum", 1.0, "in [0, 1)"),
    (DecoupledDecayConfig, "strength", float("inf"), "> 0 and finite"),
    (RsqrtScheduleConfig, "warmup_steps", -1, ">= 0"),
    (CosineScheduleConfig, "final_fraction", 1.5, "between 0 and 1"),
    (OptimizerConfig, "beta1", 1.0, "in [0, 1)"),
    (OptimizerConfig, "beta2", -0.1, "in [0, 1)"),
    (OptimizerConfig, "epsilon", 0.0, "> 0"),
    (OptimizerConfig, "clip_norm", -1.0, ">= 0"),
    (T2TDecayConfig, "strength", 0.0, "> 0 and finite"),
    (MirroredConfig, "devices", -1, "0 or more"),
    (MultiWorkerConfig, "timeout", 0.0, "> 0"),
    (MeshConfig, "data", 0, "1 or more"),
    (TrainConfig, "steps", 0, "> 0"),
    (TrainConfig, "seed", -1, "from 0 to 2147483647"),
    (TrainConfig, "seed", 2**31, "from 0 to 2147483647"),
    (TrainConfig, "problems_per_step", -1, ">= 0"),
    (TrainConfig, "parallel_batches", -1, ">= 0"),
    (TrainConfig, "label_smoothing", 1.0, "in [0, 1)"),
    (TrainConfig, "checkpoint_steps", 0, "> 0"),
    (TrainConfig, "keep_checkpoints", 0, "> 0"),
    (TrainConfig, "log_steps", 0, "> 0"),
    (TrainConfig, "affinity_steps", -1, ">= 0"),
    (ModelConfig, "hidden_size", 0, "1 or more"),
    (ModelConfig, "hidden_size", 1032, "a multiple of twice the 8 attention heads"),
    (ExpertsConfig, "per_token", 241, "from 1 to experts (240)"),
    (ExpertsConfig, "per_token", 0, "from 1 to experts (240)"),
    (ExpertsConfig, "experts", 0, "1 or more"),
    (ModelConfig, "dropout", 1.0, "from 0 to below 1"),
    (ExpertsConfig, "loss_weight", -0.1, "0 or more"),
    (PaperBodyConfig, "mixer_blocks", -1, "0 or more"),
    (PaperBodyConfig, "encoder_blocks", (1, -1), "0 or more each"),
    (ModelConfig, "block_kernels", (3, 3, 15), FOUR),
    (ModelConfig, "block_dilations", (1, 1, 1, 0), FOUR),
    (PaperNetsConfig, "exit_channels", (0, 5), SOME),
    (PaperNetsConfig, "audio_channels", (), SOME),
]


@pytest.mark.parametrize(("section", "field", "value", "rule"), OUT_OF_RANGE)
def test_a_value_out_of_range_is_refused_with_its_rule(
    section: type[Section], field: str, value: Any, rule: str
) -> None:
    with pytest.raises(UserError) as caught:
        section(**{field: value})
    assert str(caught.value) == f"{section.__name__}.{field} must be {rule}, but is {value!r}."


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (DataConfig, {"vocab_size": 300, "tokens_per_batch": 1, "bucket_growth": 1.001}),
        (EvalConfig, {"steps": 0, "examples": 0, "final_examples": 0, "decode_examples": 0}),
        (OptimizerConfig, {"beta1": 0.0, "clip_norm": 0}),
        (LinearScheduleConfig, {"warmup_steps": 0, "final_fraction": 1.0}),
        (TrainConfig, {"steps": 1, "problems_per_step": 0, "label_smoothing": 0.0}),
        (ModelConfig, {"hidden_size": 16, "dropout": 0}),
    ],
)
def test_the_ends_of_the_ranges_are_allowed(section: type[Section], values: dict) -> None:
    made = section(**values)
    assert {name: getattr(made, name) for name in values} == values


def test_the_default_network_is_the_papers() -> None:
    paper = ModelConfig()
    assert (paper.body.kind, paper.nets.kind, paper.moe.kind) == ("paper", "paper", "experts")
    assert (paper.block_kernels, paper.block_dilations) == ((3, 3, 15, 15), (1, 1, 1, 8))
    assert (paper.hidden_size, paper.dropout) == (1024, 0.4)
    assert paper.share_embeddings and not paper.tie_softmax
    assert paper.moe == ExpertsConfig(experts=240, per_token=4, hidden=1024)
    assert paper.body == PaperBodyConfig(
        encoder_blocks=(3, 3),
        mixer_pre_blocks=2,
        mixer_blocks=2,
        decoder_blocks=(2, 2),
        attention=AttentionConfig(
            heads=8, residual=False, norm=False, projection=False, maps=False, qk_norm=False
        ),
        dropout_place="block",
    )
    assert paper.nets == PaperNetsConfig(
        image_blocks=3,
        image_stem="separable",
        exit_channels=(1536, 2048),
        audio_channels=(2, 4, 8, 16, 32, 64, 128, 256),
    )


def test_patience_without_evaluations_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        EvalConfig(steps=0, patience=3)
    assert str(caught.value) == "EvalConfig.patience must be 0 where steps is 0, but is 3."


def test_noam_needs_a_warm_up() -> None:
    assert T2TScheduleConfig(scheme="none", warmup_steps=0).warmup_steps == 0
    with pytest.raises(UserError) as caught:
        T2TScheduleConfig(scheme="noam", warmup_steps=0)
    assert str(caught.value) == "T2TScheduleConfig.warmup_steps must be > 0 with noam, but is 0."
