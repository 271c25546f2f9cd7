"""Hparams sets of the paper's network at three sizes."""

from __future__ import annotations

from t2t_multimodel import (
    Config,
    DataConfig,
    EvalConfig,
    ExpertsConfig,
    ModelConfig,
    OptimizerConfig,
    PaperNetsConfig,
    RsqrtScheduleConfig,
    TrainConfig,
    rates,
    register_hparams,
)
from t2t_multimodel.hparams.octet import OCTET

PAPER = (
    "imagenet",
    "coco_caption",
    "wsj_speech",
    "wsj_parse",
    "wmt_ende",
    "wmt_deen",
    "wmt_enfr",
    "wmt_frde",
)
"""The paper's eight problems (section 3)."""


@register_hparams("multimodel_paper")
def multimodel_paper() -> Config:
    """The paper's network: width 1024, 240 experts of which 4 compute, one of each task a step.

    The paper gives neither batch sizes nor step counts; those here are guesses.

    Command: mm-trainer --hparams_set=multimodel_paper
    Hardware: accelerators that hold 1.1 G parameters, their gradients and two moments
    Minutes: not measured
    Scores: not measured
    """
    return Config(
        problems=rates(*PAPER),
        model=ModelConfig(),
        data=DataConfig(
            tokens_per_batch=4096, frames_per_batch=32768, pixels_per_batch=24 * 299 * 299
        ),
        optimizer=OptimizerConfig(
            learning_rate=5e-4, schedule=RsqrtScheduleConfig(warmup_steps=4000)
        ),
        train=TrainConfig(steps=250_000),
    )


@register_hparams("multimodel_paper_single")
def multimodel_paper_single() -> Config:
    """The paper's network for one problem alone: 60 experts in place of 240 (section 3).

    Name the problem: mm-trainer --hparams_set=multimodel_paper_single --problems=wsj_parse.

    Command: mm-trainer --hparams_set=multimodel_paper_single
    Hardware: accelerators that hold its parameters, their gradients and two moments
    Minutes: not measured
    Scores: not measured
    """
    paper = multimodel_paper()
    model = paper.model.replace(moe=ExpertsConfig(experts=60))
    return paper.replace(problems=rates("wmt_ende"), model=model)


@register_hparams("multimodel_base")
def multimodel_base() -> Config:
    """The paper's wiring at width 512 with 60 experts.

    Command: mm-trainer --hparams_set=multimodel_base
    Hardware: one accelerator
    Minutes: not measured
    Scores: not measured
    """
    paper = multimodel_paper()
    return paper.replace(
        problems=rates(*OCTET),
        model=paper.model.replace(
            hidden_size=512,
            moe=ExpertsConfig(experts=60, hidden=512),
            nets=PaperNetsConfig(exit_channels=(768, 1024)),
            dropout=0.2,
        ),
        optimizer=paper.optimizer.replace(learning_rate=1e-3),
        train=paper.train.replace(steps=100_000),
    )


@register_hparams("multimodel_tiny")
def multimodel_tiny() -> Config:
    """The paper's wiring at width 128 with 8 experts, for trying things on a laptop.

    It trains, but learns slowly: the additions of `octet_quick` are what small runs need.

    Command: mm-trainer --hparams_set=multimodel_tiny
    Hardware: 2 CPU cores
    Minutes: not measured
    Scores: not measured
    """
    paper = multimodel_paper()
    return paper.replace(
        problems=rates(*OCTET),
        model=paper.model.replace(
            hidden_size=128,
            moe=ExpertsConfig(experts=8, per_token=2, hidden=256),
            nets=PaperNetsConfig(exit_channels=(256, 320)),
            dropout=0.1,
        ),
        data=DataConfig(tokens_per_batch=1024, frames_per_batch=4096, pixels_per_batch=32768),
        optimizer=OptimizerConfig(
            learning_rate=1e-3, schedule=RsqrtScheduleConfig(warmup_steps=400)
        ),
        train=TrainConfig(steps=20_000, checkpoint_steps=500),
        evaluate=EvalConfig(steps=1000, examples=256, decode_examples=64),
    )
