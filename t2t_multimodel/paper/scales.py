"""Scales: how large the runs of an experiment are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from t2t_multimodel.config import (
    Config,
    DenseComputeConfig,
    DenseParamsConfig,
    ExpertsConfig,
    PaperBodyConfig,
    PaperNetsConfig,
)
from t2t_multimodel.errors import unknown


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A name for a size of the runs."""

    name: str
    summary: str
    """One line for `mm-paper list`."""
    change: Callable[[Config], Config]
    """Makes the config of an arm out of that of its set."""
    seeds: int
    """Runs of each arm where the command does not say how many."""
    resamples: int
    """Samples of the examples behind each interval of a comparison."""
    problems: tuple[str, ...] = ()
    """The only problems of the octet that the paper's tables use; (): all."""
    shares: tuple[str, ...] = ("tenth", "full")
    """Parts of the tree data that table 3 is made for."""
    caution: str = ""
    """What the page must say of its verdicts."""
    joint_settings: str = ""
    """Settings of the joint arm alone, which is compared with bars of decoded metrics."""


def _smoke(config: Config) -> Config:
    """As small as the code allows: it shows that everything runs, and nothing more."""
    model, body, nets, moe = config.model, config.model.body, config.model.nets, config.model.moe
    if isinstance(body, PaperBodyConfig):
        body = body.replace(
            encoder_blocks=(0, 0), mixer_pre_blocks=0, mixer_blocks=1, decoder_blocks=(1, 0)
        )
    if isinstance(nets, PaperNetsConfig):
        nets = nets.replace(image_blocks=0, exit_channels=(8, 8), audio_channels=(8, 8))
    if isinstance(moe, ExpertsConfig | DenseParamsConfig | DenseComputeConfig):
        moe = moe.replace(hidden=8)
    return config.replace(
        model=model.replace(hidden_size=16, body=body, nets=nets, moe=moe),
        data=config.data.replace(
            tokens_per_batch=256, frames_per_batch=1024, pixels_per_batch=4096, examples_per_batch=4
        ),
        train=config.train.replace(steps=2, log_steps=1),
        evaluate=config.evaluate.replace(
            steps=0, final_examples=8, decode_examples=0, resamples=100
        ),
    )


def _cpu(config: Config) -> Config:
    """As the set says; half of the metric's noise is the number of decoded examples."""
    return config.replace(evaluate=config.evaluate.replace(decode_examples=200))


SCALES = {
    scale.name: scale
    for scale in (
        Scale(
            name="smoke",
            summary="a few steps of a tiny net on two problems: shows that everything runs",
            change=_smoke,
            seeds=1,
            resamples=100,
            problems=("octet_image", "octet_parse"),
            shares=("tenth",),
            caution="These runs are too short to learn anything: no verdict below is a result.",
            joint_settings="evaluate.decode_examples=2",
        ),
        Scale(
            name="cpu",
            summary="the set of each arm as it is, three seeds, 200 decoded examples",
            change=_cpu,
            seeds=3,
            resamples=1000,
        ),
    )
}


def scale_named(name: str) -> Scale:
    """The scale of a name. Raises `UserError` with the nearest names if there is none."""
    if name not in SCALES:
        raise unknown("scale", name, list(SCALES))
    return SCALES[name]
