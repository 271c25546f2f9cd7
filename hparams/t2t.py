"""Hparams sets of the two networks that Tensor2Tensor shipped under the name MultiModel.

Numbers are those of its registered sets of 2017; what differs from the paper's network is in
`model`, at a glance. Residual branches begin at full size (`branch_scale`), as they did there.
"""

from __future__ import annotations

from t2t_multimodel import (
    Config,
    DataConfig,
    ModelConfig,
    OptimizerConfig,
    TrainConfig,
    register_hparams,
)
from t2t_multimodel.hparams.octet import OCTET


@register_hparams("t2t_multimodel1p8")
def t2t_multimodel1p8() -> Config:
    """Tensor2Tensor's multimodel1p8 of its launch day, 2017-06-15, for eight problems.

    One GPU a worker; eight workers, each on a problem of its own, were its way. Two levels of
    experts would be `model.expert_groups`; the set's own routing is flat.

    Command: mm-trainer --hparams_set=t2t_multimodel1p8
    Hardware: accelerators
    Minutes: not measured
    Scores: not measured
    """
    return Config(
        problems=OCTET,
        model=ModelConfig(
            variant="t2t_v1",
            nets="t2t",
            hidden_size=1536,
            block_kernels=(3, 7, 15, 31),
            block_dilations=(1, 1, 1, 1),
            separability=-2,
            encoder_blocks=(2, 4),
            decoder_blocks=(2, 2),
            experts=120,
            experts_per_token=2,
            expert_hidden=1536,
            route_padding=True,
            share_embeddings=False,
            dropout=0.1,
            branch_scale=1.0,
        ),
        data=DataConfig(tokens_per_batch=1024, frames_per_batch=8192),
        optimizer=OptimizerConfig(
            learning_rate=0.05,
            schedule="t2t_exp500k",
            warmup_steps=3000,
            beta1=0.85,
            beta2=0.997,
            epsilon=1e-6,
            weight_decay=3.0,
            weight_decay_form="t2t",
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
        problems=OCTET,
        model=ModelConfig(
            variant="t2t_v2",
            nets="t2t",
            hidden_size=512,
            filter_size=2048,
            block_dilations=(1, 1, 1, 4),
            encoder_blocks=(2, 2),
            decoder_blocks=(2, 2),
            moe_layers=(2,),
            experts=30,
            experts_per_token=2,
            expert_hidden=2048,
            route_padding=True,
            share_embeddings=False,
            dropout=0.1,
            branch_scale=1.0,
        ),
        data=DataConfig(tokens_per_batch=2048, frames_per_batch=16384),
        optimizer=OptimizerConfig(
            learning_rate=0.1,
            schedule="t2t_noam",
            warmup_steps=4000,
            beta1=0.85,
            beta2=0.997,
            epsilon=1e-6,
            weight_decay=0.1,
            weight_decay_form="t2t",
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
            hidden_size=128,
            filter_size=512,
            encoder_blocks=(1, 1),
            decoder_blocks=(1, 1),
            moe_layers=(0,),
        ),
        data=base.data.replace(tokens_per_batch=512, frames_per_batch=4096),
    )
