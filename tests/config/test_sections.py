"""The sections of a config: their defaults are valid, their ranges are said."""

from __future__ import annotations

from typing import Any

import pytest

from t2t_multimodel import (
    DataConfig,
    EvalConfig,
    MixtureConfig,
    ModelConfig,
    OptimizerConfig,
    TrainConfig,
    UserError,
)
from t2t_multimodel.config import Section

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
    (MixtureConfig, "temperature", 0.0, "> 0"),
    (MixtureConfig, "max_epochs", 0.0, "> 0"),
    (MixtureConfig, "adaptive_steps", 7, "8 or more"),
    (EvalConfig, "steps", -1, ">= 0"),
    (EvalConfig, "examples", -1, ">= 0"),
    (EvalConfig, "final_examples", -1, ">= 0"),
    (EvalConfig, "decode_examples", -1, ">= 0"),
    (OptimizerConfig, "learning_rate", 0.0, "> 0"),
    (OptimizerConfig, "learning_rate", float("nan"), "> 0"),
    (OptimizerConfig, "learning_rate", float("inf"), "finite"),
    (OptimizerConfig, "weight_decay", float("inf"), "finite"),
    (OptimizerConfig, "warmup_steps", -1, ">= 0"),
    (OptimizerConfig, "final_fraction", 1.5, "between 0 and 1"),
    (OptimizerConfig, "beta1", 1.0, "in [0, 1)"),
    (OptimizerConfig, "beta2", -0.1, "in [0, 1)"),
    (OptimizerConfig, "epsilon", 0.0, "> 0"),
    (OptimizerConfig, "clip_norm", -1.0, ">= 0"),
    (OptimizerConfig, "weight_decay", -0.1, ">= 0"),
    (TrainConfig, "steps", 0, "> 0"),
    (TrainConfig, "seed", -1, "from 0 to 2147483647"),
    (TrainConfig, "seed", 2**31, "from 0 to 2147483647"),
    (TrainConfig, "problems_per_step", -1, ">= 0"),
    (TrainConfig, "parallel_batches", -1, ">= 0"),
    (TrainConfig, "label_smoothing", 1.0, "in [0, 1)"),
    (TrainConfig, "checkpoint_steps", 0, "> 0"),
    (TrainConfig, "keep_checkpoints", 0, "> 0"),
    (TrainConfig, "log_steps", 0, "> 0"),
    (ModelConfig, "hidden_size", 0, "1 or more"),
    (ModelConfig, "hidden_size", 1032, "a multiple of twice the 8 attention heads"),
    (ModelConfig, "experts_per_token", 241, "from 1 to experts (240)"),
    (ModelConfig, "experts_per_token", 0, "from 1 to experts (240)"),
    (ModelConfig, "experts", 0, "1 or more"),
    (ModelConfig, "dropout", 1.0, "from 0 to below 1"),
    (ModelConfig, "moe_loss_weight", -0.1, "0 or more"),
    (ModelConfig, "mixer_blocks", -1, "0 or more"),
    (ModelConfig, "encoder_blocks", (1, -1), "0 or more each"),
    (ModelConfig, "block_kernels", (3, 3, 15), FOUR),
    (ModelConfig, "block_dilations", (1, 1, 1, 0), FOUR),
    (ModelConfig, "exit_channels", (0, 5), SOME),
    (ModelConfig, "audio_channels", (), SOME),
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
        (OptimizerConfig, {"warmup_steps": 0, "final_fraction": 1.0, "beta1": 0.0, "clip_norm": 0}),
        (TrainConfig, {"steps": 1, "problems_per_step": 0, "label_smoothing": 0.0}),
        (ModelConfig, {"hidden_size": 16, "experts": 1, "experts_per_token": 1, "dropout": 0}),
    ],
)
def test_the_ends_of_the_ranges_are_allowed(section: type[Section], values: dict) -> None:
    made = section(**values)
    assert {name: getattr(made, name) for name in values} == values


def test_the_default_network_is_the_papers() -> None:
    paper = ModelConfig()
    assert paper.variant == "paper"
    assert (paper.block_kernels, paper.block_dilations) == ((3, 3, 15, 15), (1, 1, 1, 8))
    assert (paper.experts, paper.experts_per_token, paper.dropout) == (240, 4, 0.4)
    assert (paper.encoder_blocks, paper.mixer_blocks, paper.decoder_blocks) == ((3, 3), 2, (2, 2))
    assert (paper.exit_channels, paper.image_stem) == ((1536, 2048), "separable")
    assert paper.audio_channels == (2, 4, 8, 16, 32, 64, 128, 256)
    assert not (paper.attention_residual or paper.attention_norm or paper.attention_projection)
    assert paper.share_embeddings and not paper.tie_softmax


def test_patience_without_evaluations_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        EvalConfig(steps=0, patience=3)
    assert str(caught.value) == "EvalConfig.patience must be 0 where steps is 0, but is 3."
