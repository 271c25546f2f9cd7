"""Hparams sets of the two networks that Tensor2Tensor shipped under the name MultiModel.

Numbers are those of its registered sets of 2017; what differs from the paper's network is in
`model`, at a glance. Residual branches begin at full size (`branch_scale`), as they did there.
"""

from __future__ import annotations

from t2t_multimodel import (
    Config,
    DataConfig,
    ExpertsConfig,
    ModelConfig,
    OptimizerConfig,
    T2TDecayConfig,
    T2TNetsConfig,
    T2TScheduleConfig,
    T2TV1BodyConfig,
    T2TV2BodyConfig,
    TrainConfig,
    rates,
    register_hparams,
)
from t2t_multimodel.hparams.octet import OCTET


@register_hparams("t2t_multimodel1p8")
def t2t_multimodel1p8() -> Config:
    """Tensor2Tensor's multimodel1p8 of its launch day, 2017-06-15, for eight problems.

    One GPU a worker; eight workers, each on a problem of its own, were its way. Two levels of
    experts would be `model.moe.groups`; the set's own routing is flat.

    Command: mm-trainer --hparams_set=t2t_multimodel1p8
    Hardware: accelerators
    Minutes: not measured
    Scores: not measured
    """
    return Config(
        problems=rates(*OCTET),
        model=ModelConfig(
            body=T2TV1BodyConfig(encoder_blocks=(2, 4), decoder_blocks=(2, 2), separability=-2),
            nets=T2TNetsConfig(),
            moe=ExpertsConfig(experts=120, per_token=2, hidden=1536, route_padding=True),
            hidden_size=1536,
            block_kernels=(3, 7, 15, 31),
            block_dilations=(1, 1, 1, 1),
            share_embeddings=False,
            dropout=0.1,
            branch_scale=1.0,
        ),
        data=DataConfig(tokens_per_batch=1024, frames_per_batch=8192),
        optimizer=OptimizerConfig(
            learning_rate=0.05,
            schedule=T2TScheduleConfig(scheme="exp500k", warmup_steps=3000),
            beta1=0.85,
            beta2=0.997,
            epsilon=1e-6,
            weight_decay=T2TDecayConfig(strength=3.0),
        ),
        train=TrainConfig(steps=250_000),
    )


@register_hparams("t2t_multimodel_base")
def t2t_multimodel_base() -> Config:
    """Tensor2Tensor's multimodel_base of 2017-07 to 2018-09: a Transformer decoder, no mixer.

    Command: mm-trainer --hparams_set=t2t_multimodel_base
    Hardware: one accelerator
    Minutes: not measured
    Scores: not measured
    """
    return Config(
        problems=rates(*OCTET),
        model=ModelConfig(
            body=T2TV2BodyConfig(
                encoder_layers=4, decoder_layers=4, filter_size=2048, moe_layers=(2,)
            ),
            nets=T2TNetsConfig(),
            moe=ExpertsConfig(experts=30, per_token=2, hidden=2048, route_padding=True),
            hidden_size=512,
            block_dilations=(1, 1, 1, 4),
            share_embeddings=False,
            dropout=0.1,
            branch_scale=1.0,
        ),
        data=DataConfig(tokens_per_batch=2048, frames_per_batch=16384),
        optimizer=OptimizerConfig(
            learning_rate=0.1,
            schedule=T2TScheduleConfig(scheme="noam", warmup_steps=4000),
            beta1=0.85,
            beta2=0.997,
            epsilon=1e-6,
            weight_decay=T2TDecayConfig(strength=0.1),
        ),
        train=TrainConfig(steps=250_000),
    )


@register_hparams("t2t_multimodel_tiny")
def t2t_multimodel_tiny() -> Config:
    """Tensor2Tensor's multimodel_tiny: multimodel_base at width 128, two layers, experts first.

    Command: mm-trainer --hparams_set=t2t_multimodel_tiny
    Hardware: 2 CPU cores
    Minutes: not measured
    Scores: not measured
    """
    base = t2t_multimodel_base()
    return base.replace(
        model=base.model.replace(
            body=T2TV2BodyConfig(
                encoder_layers=2, decoder_layers=2, filter_size=512, moe_layers=(0,)
            ),
            hidden_size=128,
        ),
        data=base.data.replace(tokens_per_batch=512, frames_per_batch=4096),
    )
