"""Hparams sets for the octet, the real problems that ship with the project."""

from __future__ import annotations

from t2t_multimodel import (
    Config,
    DataConfig,
    EvalConfig,
    ModelConfig,
    OptimizerConfig,
    TrainConfig,
    register_hparams,
)

TRANSLATION = ("octet_ende", "octet_deen", "octet_enfr", "octet_frde")
OCTET = ("octet_image", "octet_caption", "octet_speech", "octet_parse", *TRANSLATION)


@register_hparams("octet_quick")
def octet_quick() -> Config:
    """The octet in minutes: what mm-trainer trains when nothing is said.

    What it adds to the paper's equations so that so small a run learns: residual, norm and
    projection around attention, one table for embedding and softmax, dropout on the branches.
    """
    return Config(
        # what is learned soon comes seldom, what is small and hard often
        problems=(
            "octet_image:0.5",
            "octet_caption:1.5",
            "octet_speech:1.5",
            "octet_parse:0.75",
            *TRANSLATION,
        ),
        model=ModelConfig(
            hidden_size=128,
            encoder_blocks=(1, 1),
            mixer_pre_blocks=1,
            mixer_blocks=1,
            decoder_blocks=(1, 1),
            experts=8,
            experts_per_token=2,
            expert_hidden=256,
            attention_residual=True,
            attention_norm=True,
            attention_projection=True,
            tie_softmax=True,
            dropout=0.1,
            dropout_place="branch",
            image_stem="full",
            image_blocks=2,
            exit_channels=(256, 320),
            audio_channels=(128, 128),
            audio_fold_frequency=True,
        ),
        data=DataConfig(tokens_per_batch=1024, frames_per_batch=4096, pixels_per_batch=32768),
        optimizer=OptimizerConfig(
            learning_rate=2e-3, schedule="linear", warmup_steps=200, beta2=0.98
        ),
        train=TrainConfig(steps=4600, problems_per_step=2, checkpoint_steps=200, log_steps=100),
        evaluate=EvalConfig(steps=1000, examples=128, decode_examples=64),
    )


@register_hparams("octet_tiny")
def octet_tiny() -> Config:
    """The octet in half an hour on two cores: `octet_quick`, twice as long.

    More of speech, which is learned last, and more dropout against so many epochs.
    """
    quick = octet_quick()
    return quick.replace(
        problems=(
            "octet_image:0.5",
            "octet_caption",
            "octet_speech:2",
            "octet_parse:0.75",
            *TRANSLATION,
        ),
        model=quick.model.replace(dropout=0.15),
        optimizer=quick.optimizer.replace(schedule="cosine", warmup_steps=400),
        train=quick.train.replace(steps=10_000, checkpoint_steps=500, log_steps=200),
        evaluate=quick.evaluate.replace(steps=3000, decode_examples=100),
    )
