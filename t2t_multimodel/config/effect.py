"""Settings that change nothing in a run, with the reason.

A set may hold settings for problems that a run leaves out, which is no mistake. It is one where a
user gives such a setting on top of the set: who sets `model.nets.image_blocks` for a run without
images believes to have changed the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from t2t_multimodel.config.base import Section
from t2t_multimodel.config.root import Config
from t2t_multimodel.config.tree import flatten

WITHOUT_RATES = ("uniform", "distributed", "schedule")
"""Mixtures that do not read the problems' rates."""


class Sides(NamedTuple):
    """Tells what a problem reads and writes, as far as settings ask for it."""

    inputs: str | None
    """Unit of the inputs: tokens, frames or pixels; None for others."""
    targets: str | None
    """Unit of the targets."""
    output: str | None
    """The way the targets are predicted: tokens, classes or values; None for what is no target."""


def without_effect(config: Config, problems: Mapping[str, Sides]) -> dict[str, str]:
    """Path of each setting that changes nothing -> why.

    Args:
        config: of a run.
        problems: name -> sides; one that is missing may be of any kind.
    """
    found = dict(_of_mixture(config))
    if config.train.distribution.kind == "mesh":
        found["train.parallel_batches"] = "a mesh computes one micro-batch at a time"
    found |= _of_evaluation(config)
    if problems.keys() == config.rates.keys():
        found |= _of_kinds(config, problems)
    return {path: reason for path, reason in found.items() if path in flatten(config)}


def _of_mixture(config: Config) -> Iterator[tuple[str, str]]:
    if len(config.trained) == 1:
        reason = "one problem alone is trained"
        yield "train.problems_per_step", reason
        yield from _whole("mixture", config.mixture, reason)
    if any(rate not in (0.0, 1.0) for rate in config.rates.values()):
        if len(config.trained) == 1:
            yield (
                "problems",
                "one problem alone comes as often at any rate",
            )
        elif config.mixture.kind in WITHOUT_RATES:
            yield "problems", f"mixture={config.mixture.kind} does not read their rates"


def _of_evaluation(config: Config) -> Iterator[tuple[str, str]]:
    evaluate = config.evaluate
    if not evaluate.steps:
        names = ("split",) * (not evaluate.temperature_examples)
        for name in (*names, "examples", "train_decode_examples", "best", "patience_for"):
            yield f"evaluate.{name}", "evaluate.steps=0 scores nothing during training"
    elif not evaluate.patience:
        yield "evaluate.patience_for", "evaluate.patience=0 ends no run"
    decoded = evaluate.decode_examples or (evaluate.steps and evaluate.train_decode_examples)
    if not decoded:
        yield "evaluate.beam_size", "nothing is decoded: evaluate.decode_examples=0"


def _of_kinds(config: Config, problems: Mapping[str, Sides]) -> Iterator[tuple[str, str]]:
    """Finds settings for which no problem of the run has a part."""
    sides = problems.values()
    inputs = {one.inputs for one in sides}
    outputs = {one.output for one in sides}
    units = inputs | {one.targets for one in sides}
    needs: dict[str, tuple[bool, tuple[str, ...]]] = {
        "has images for inputs": (
            "pixels" in inputs,
            ("model.nets.image_blocks", "model.nets.image_stem", "data.image_distort"),
        ),
        "has sound for inputs": (
            "frames" in inputs,
            (
                "model.nets.audio_channels",
                "model.nets.audio_fold_frequency",
                "data.sound_mask",
                "data.sound_warp",
            ),
        ),
        "has class labels": (
            "classes" in outputs,
            ("model.nets.exit_channels", "model.nets.class_path", "model.nets.labels_2d"),
        ),
        "has other data than text": (bool(units - {"tokens"}), ("model.nets",)),
        "writes a sequence": (
            "tokens" in outputs,
            ("model.word_dropout", "evaluate.beam_size"),
        ),
        "has text or class labels for targets": (
            bool(outputs & {"tokens", "classes"}),
            ("train.label_smoothing", "evaluate.temperature_examples"),
        ),
        "that is trained goes from sound to text": (
            any(problems[name][:2] == ("frames", "tokens") for name in config.trained),
            ("model.ctc_weight", "model.ctc_decoding", "model.sound_word_dropout"),
        ),
        "has text": (
            "tokens" in units,
            (
                "model.share_embeddings",
                "model.tie_softmax",
                "data.tokens_per_batch",
                "data.vocab_size",
            ),
        ),
        "has sound": ("frames" in units, ("data.frames_per_batch",)),
        "has images": ("pixels" in units, ("data.pixels_per_batch",)),
    }
    for what, (held, paths) in needs.items():
        for path in paths if not held else ():
            yield path, f"no problem {what}"
    writers = [one for one in sides if one.output == "tokens"]
    if config.model.sound_word_dropout is not None and {w.inputs for w in writers} == {"frames"}:
        yield "model.word_dropout", "model.sound_word_dropout holds for all that write a sequence"
    for budget in config.data.budgets:
        own = problems[budget.problem]
        if budget.unit != "examples" and budget.unit not in (own.inputs, own.targets):
            yield "data.budgets", f"{budget.problem} has no {budget.unit}"


def _whole(path: str, section: Section, reason: str) -> Iterator[tuple[str, str]]:
    """A choice with all fields of the kind that is chosen."""
    for name in (path, *flatten(section, path)):
        yield name, reason
