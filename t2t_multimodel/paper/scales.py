"""Scales: how large the runs of an experiment are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from t2t_multimodel.config import (
    AdamConfig,
    Config,
    DenseComputeConfig,
    DenseParamsConfig,
    ExpertsConfig,
    PaperBodyConfig,
    PaperNetsConfig,
)
from t2t_multimodel.errors import unknown


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Processor seconds of a run, fitted to 20 runs on an AMD core with AVX-512."""

    start: float
    """Of each run: the model, its first checkpoint, the table at the end."""
    problem: float
    """Of each problem of a run: tracing, and scoring it at the end."""
    step: float
    """Of each step: the update."""
    micro_batch: float
    """Of each micro-batch: its gradients."""

    def seconds(self, config: Config) -> float:
        """Estimates the cost of a whole run."""
        steps, batches = config.train.steps, config.train.steps * config.batches_per_step
        own = self.start + self.problem * len(config.rates)
        return own + self.step * steps + self.micro_batch * batches + self._measuring(config)

    def _measuring(self, config: Config) -> float:
        """What affinity costs: updates on each problem, and scores, each a third of a batch."""
        every, problems = config.train.affinity_steps, len(config.rates)
        times = -(-config.train.steps // every) if every else 0
        scored = problems * (problems + 1) * self.micro_batch / 3
        return times * (problems * (self.step + self.micro_batch) + scored)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A name for a size of the runs. An empty tuple of problems means all of the joint run."""

    name: str
    summary: str
    """One line for `mm-paper list`."""
    change: Callable[[Config], Config]
    """Makes the config of an arm out of that of its set."""
    seeds: int
    """Runs of each arm where the command does not say how many."""
    resamples: int
    """Samples of the examples behind each interval of a comparison."""
    cost: Cost
    """Processor seconds of a run with the paper's set."""
    problems: tuple[str, ...] = ()
    """Problems of the joint run with their rates; (): those of the set."""
    joint_steps: int | None = None
    """Steps of the joint run, from which those of most arms follow; None: as the set says."""
    compute_for: tuple[str, ...] = ()
    """Problems with a single arm that has the joint run's whole compute."""
    experts_for: tuple[str, ...] = ()
    """Problems with a single arm that has 2 experts for 8."""
    shares: tuple[str, ...] = ("tenth", "full")
    """Parts of the tree data that table 3 is made for."""
    all_with: tuple[str, ...] = ("tenth", "full")
    """Those of the parts for which all problems are trained together as well."""
    ablation_batches: int | None = None
    """Micro-batches of each problem in table 4; None: the joint run's most of one problem."""
    affinity_steps: int = 60
    """Steps between measurements of affinity."""
    caution: str = ""
    """What the page must say of its verdicts."""
    joint_settings: str = ""
    """Settings of the joint arm alone, which is compared with bars of decoded metrics."""


def _smoke(config: Config) -> Config:
    """As small as the code allows: it shows that everything runs, and nothing more.

    Nearly all of such a run is the tracing of its graphs, which costs alike for each weight and
    each operation. So there are few blocks, and Adam, which has a tenth of Muon's operations.
    """
    model, body, nets, moe = config.model, config.model.body, config.model.nets, config.model.moe
    if isinstance(body, PaperBodyConfig):
        body = body.replace(
            encoder_blocks=(0, 0), mixer_pre_blocks=0, mixer_blocks=1, decoder_blocks=(0, 0)
        )
    if isinstance(nets, PaperNetsConfig):
        nets = nets.replace(image_blocks=0, exit_channels=(8, 8), audio_channels=(8, 8))
    if isinstance(moe, ExpertsConfig):
        moe = moe.replace(experts=4)
    if isinstance(moe, ExpertsConfig | DenseParamsConfig | DenseComputeConfig):
        moe = moe.replace(hidden=8)
    return config.replace(
        model=model.replace(hidden_size=16, body=body, nets=nets, moe=moe),
        optimizer=config.optimizer.replace(method=AdamConfig()),
        data=config.data.replace(
            tokens_per_batch=256, frames_per_batch=1024, pixels_per_batch=4096, examples_per_batch=4
        ),
        train=config.train.replace(steps=2, log_steps=1),
        evaluate=config.evaluate.replace(
            steps=0, final_examples=8, decode_examples=0, resamples=100
        ),
    )


def _cpu(config: Config) -> Config:
    """As the set says but for a shorter warm-up, and 1,000 examples of each problem scored.

    Only the joint arm decodes: what the others are compared by is the log-perplexity.
    """
    optimizer, evaluate = config.optimizer, config.evaluate
    return config.replace(
        optimizer=optimizer.replace(schedule=optimizer.schedule.replace(warmup_steps=100)),
        evaluate=evaluate.replace(steps=0, final_examples=1000, decode_examples=0),
    )


def _full(config: Config) -> Config:
    """As the set says; half of the metric's noise is the number of decoded examples."""
    return config.replace(evaluate=config.evaluate.replace(decode_examples=200))


_OF_THE_SET = Cost(start=2, problem=5.5, step=0.055, micro_batch=0.155)
SCALES = {
    scale.name: scale
    for scale in (
        Scale(
            name="smoke",
            summary="a few steps of a tiny net on two problems: shows that everything runs",
            change=_smoke,
            seeds=1,
            resamples=100,
            cost=Cost(start=1.5, problem=3, step=0.05, micro_batch=0.05),
            problems=("octet_image:0.5", "octet_parse"),
            compute_for=("octet_parse",),
            experts_for=("octet_parse",),
            shares=("tenth",),
            all_with=(),
            affinity_steps=1,
            caution="These runs are too short to learn anything: no verdict below is a result.",
            joint_settings="evaluate.decode_examples=2",
        ),
        Scale(
            name="cpu",
            summary="the sets on all eight problems, 1,000 joint steps, few decoded examples",
            change=_cpu,
            seeds=3,
            resamples=1000,
            cost=_OF_THE_SET,
            joint_steps=1000,
            compute_for=("octet_parse",),
            experts_for=("octet_parse", "octet_ende"),
            ablation_batches=500,
            joint_settings="evaluate.decode_examples=200",
        ),
        Scale(
            name="full",
            summary="the sets as they are on all eight problems, 200 decoded examples",
            change=_full,
            seeds=3,
            resamples=1000,
            cost=_OF_THE_SET,
        ),
    )
}


def scale_named(name: str) -> Scale:
    """The scale of a name. Raises `UserError` with the nearest names if there is none."""
    if name not in SCALES:
        raise unknown("scale", name, list(SCALES))
    return SCALES[name]
