"""Every setting either changes something that can be observed, or is refused with the reason.

Each field of each kind has a row below: another value, and the probes that must see it. A field
without a row fails.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from helpers import settings_probes as probes

from t2t_multimodel import Config, UserError, rates, registry
from t2t_multimodel.config import (
    BatchBudget,
    LossWeight,
    RateFactor,
    ScheduledMixtureConfig,
    SchedulePoint,
)
from t2t_multimodel.config.effect import without_effect
from t2t_multimodel.config.tree import Field, all_fields, by_depth, flatten, updated
from t2t_multimodel.overrides import Overrides, problem_sides, resolve

Probe = Callable[[Config], Any]
NETWORK = probes.NETWORK
SMALL = {
    "model.hidden_size": 48,
    "model.block_kernels": (3, 3, 5, 5),
    "model.block_dilations": (1, 1, 1, 2),
    "model.dropout": 0.1,
    "model.moe.experts": 4,
    "model.moe.per_token": 2,
    "model.moe.hidden": 8,
    "model.body.encoder_blocks": (1, 0),
    "model.body.decoder_blocks": (0, 1),
    "model.body.mixer_blocks": 0,
    "model.body.mixer_pre_blocks": 0,
    "model.body.attention.heads": 2,
    "model.body.heads": 2,
    "model.body.encoder_layers": 1,
    "model.body.decoder_layers": 2,
    "model.body.filter_size": 12,
    "model.body.moe_layers": (0,),
    "model.nets.image_blocks": 1,
    "model.nets.exit_channels": (8, 8),
    "model.nets.audio_channels": (4, 4),
    "data.tokens_per_batch": 300,
    "data.frames_per_batch": 3000,
    "data.pixels_per_batch": 9000,
    "data.examples_per_batch": 8,
    "optimizer.schedule.warmup_steps": 20,
    "train.steps": 48,
    "train.log_steps": 5,
    "train.checkpoint_steps": 7,
    "train.problems_per_step": 0,
    "evaluate.steps": 8,
    "evaluate.patience": 3,
}
POINTS = tuple(SchedulePoint(step=step, rates=(1 + step, 1, 2)) for step in (0, 30))

ROWS: dict[str, tuple[Any, Sequence[Probe]]] = {
    "problems": (rates("octet_ende:3", "octet_image", "octet_speech"), [probes.draws]),
    "model.body": ("other", NETWORK),
    "model.body.encoder_blocks": ((1, 1), NETWORK),
    "model.body.encoder_timing": (False, NETWORK),
    "model.body.mixer_pre_blocks": (1, NETWORK),
    "model.body.mixer_blocks": (1, NETWORK),
    "model.body.decoder_blocks": ((1, 1), NETWORK),
    "model.body.attention": ("source_mean", NETWORK),
    "model.body.attention.heads": (4, NETWORK),
    "model.body.attention.residual": ("other", NETWORK),
    "model.body.attention.norm": ("other", NETWORK),
    "model.body.attention.projection": ("other", NETWORK),
    "model.body.attention.maps": ("other", NETWORK),
    "model.body.attention.qk_norm": ("other", NETWORK),
    "model.body.dropout_place": ("block", NETWORK),
    "model.body.separability": (0, NETWORK),
    "model.body.encoder_layers": (2, NETWORK),
    "model.body.decoder_layers": (3, NETWORK),
    "model.body.heads": (4, NETWORK),
    "model.body.filter_size": (16, NETWORK),
    "model.body.moe_layers": ((1,), NETWORK),
    "model.nets": ("other", NETWORK),
    "model.nets.image_blocks": (2, NETWORK),
    "model.nets.image_stem": ("other", NETWORK),
    "model.nets.audio_channels": ((4, 8), NETWORK),
    "model.nets.audio_fold_frequency": ("other", NETWORK),
    "model.nets.exit_channels": ((8, 10), NETWORK),
    "model.nets.class_path": ("decoder", NETWORK),
    "model.nets.labels_2d": (False, NETWORK),
    "model.moe": ("other", NETWORK),
    "model.moe.experts": (6, NETWORK),
    "model.moe.per_token": (1, NETWORK),
    "model.moe.groups": (2, NETWORK),
    "model.moe.hidden": (12, NETWORK),
    "model.moe.loss_weight": (0.5, NETWORK),
    "model.moe.z_loss_weight": (0.5, NETWORK),
    "model.moe.balance_rate": (0.1, NETWORK),
    "model.moe.task_router": (True, NETWORK),
    "model.moe.route_padding": ("other", NETWORK),
    "model.precision": ("mixed_bfloat16", NETWORK),
    "model.hidden_size": (96, NETWORK),
    "model.block_kernels": ((3, 3, 5, 3), NETWORK),
    "model.block_dilations": ((1, 1, 2, 1), NETWORK),
    "model.branch_scale": (0.5, NETWORK),
    "model.dropout": (0.5, NETWORK),
    "model.word_dropout": (0.5, NETWORK),
    "model.ctc_weight": (1.0, NETWORK),
    "model.ctc_decoding": (0.7, [probes.heard_in_decoding]),
    "model.share_embeddings": ("other", NETWORK),
    "model.tie_softmax": ("other", NETWORK),
    "data.vocab_size": (512, [probes.vocabulary]),
    "data.tokens_per_batch": (150, [probes.rows]),
    "data.frames_per_batch": (1500, [probes.rows]),
    "data.pixels_per_batch": (2500, [probes.rows]),
    "data.examples_per_batch": (3, [probes.rows]),
    "data.budgets": (
        (BatchBudget(problem="octet_ende", unit="tokens", number=100),),
        [probes.rows],
    ),
    "data.max_examples": (50, [probes.rows]),
    "data.bucket_growth": (2.0, [probes.rows]),
    "data.bucket_by": ("other", [probes.rows]),
    "data.sound_mask": (0.3, [probes.augmentation]),
    "data.sound_warp": (0.3, [probes.augmentation]),
    "data.static_shapes": (True, [probes.padding]),
    "mixture": ("uniform", [probes.draws]),
    "mixture.temperature": (1.0, [probes.draws]),
    "mixture.max_epochs": (1.0, [probes.draws]),
    "mixture.steps": (8, [probes.draws]),
    "mixture.form": ("linear", [probes.draws]),
    "mixture.points": ((SchedulePoint(step=0, rates=(1, 5, 2)),), [probes.draws]),
    "optimizer.method": ("muon", [probes.updates]),
    "optimizer.method.learning_rate": (0.1, [probes.updates]),
    "optimizer.method.momentum": (0.5, [probes.updates]),
    "optimizer.learning_rate": (0.1, [probes.learning_rates]),
    "optimizer.schedule": ("other", [probes.learning_rates]),
    "optimizer.schedule.warmup_steps": (10, [probes.learning_rates]),
    "optimizer.schedule.final_fraction": (0.5, [probes.learning_rates]),
    "optimizer.schedule.scheme": ("exp10k", [probes.learning_rates]),
    "optimizer.beta1": (0.5, [probes.updates]),
    "optimizer.beta2": (0.5, [probes.updates]),
    "optimizer.epsilon": (0.1, [probes.updates]),
    "optimizer.clip_norm": (0.01, [probes.updates]),
    "optimizer.weight_decay": ("decoupled", [probes.updates]),
    "optimizer.weight_decay.strength": (0.7, [probes.updates]),
    "optimizer.rate_factors": ((RateFactor(part="body", factor=0.5),), [probes.updates]),
    "optimizer.ema_decay": (0.9, [probes.updates]),
    "train.steps": (24, [probes.events]),
    "train.warm_start": ("elsewhere", [probes.start]),
    "train.seed": (3, [probes.draws]),
    "train.problems_per_step": (1, [probes.draws]),
    "train.accumulate": (2, [probes.draws]),
    "train.parallel_batches": (7, [probes.side_by_side]),
    "train.distribution": ("mirrored", [probes.set_up]),
    "train.distribution.devices": (3, [probes.set_up]),
    "train.distribution.timeout": (9.0, [probes.set_up]),
    "train.distribution.data": (2, [probes.set_up]),
    "train.distribution.experts": (2, [probes.set_up]),
    "train.label_smoothing": (0.5, [probes.losses(0)]),
    "train.loss_weights": ((LossWeight(problem="octet_ende", weight=3.0),), [probes.updates]),
    "train.max_xent": (1.0, [probes.events]),
    "train.jit_compile": (True, [probes.updates]),
    "train.checkpoint_steps": (11, [probes.events]),
    "train.keep_checkpoints": (5, [probes.checkpoints_kept]),
    "train.log_steps": (9, [probes.events]),
    "evaluate.steps": (12, [probes.events]),
    "evaluate.split": ("test", [probes.events]),
    "evaluate.final_split": ("dev", [probes.events]),
    "evaluate.examples": (9, [probes.events]),
    "evaluate.train_decode_examples": (9, [probes.events]),
    "evaluate.best": ("teacher_forced/accuracy", [probes.events]),
    "evaluate.patience": (2, [probes.events]),
    "evaluate.patience_for": ("problems", [probes.events]),
    "evaluate.final_examples": (9, [probes.events]),
    "evaluate.decode_examples": (9, [probes.events]),
    "evaluate.beam_size": (4, [probes.outputs_followed]),
    "evaluate.resamples": (500, [probes.events]),
}
OTHER_KIND = {"paper": "t2t_v1", "t2t_v1": "paper", "t2t_v2": "paper"}


def small(config: Config) -> Config:
    """The same kinds, so small that they run in a moment."""
    known = flatten(config)
    return updated(config, {path: value for path, value in SMALL.items() if path in known})


def with_kinds(field: Field) -> Config:
    """The octet's settings with the kinds under which a field exists."""
    config = registry.hparams.get("octet_quick")()
    three = rates("octet_ende:2", "octet_image", "octet_speech")
    config = small(config.replace(problems=three))
    kinds = dict(field.chosen)
    for path in by_depth(kinds):
        kind: Any = (
            ScheduledMixtureConfig(points=POINTS) if kinds[path] == "schedule" else kinds[path]
        )
        config = updated(config, {path: kind})
    return small(config)


def another(config: Config, path: str, value: Any) -> Any:
    """The other value of a row; "other" is a switch or a choice that is turned over."""
    before = flatten(config)[path]
    if value != "other":
        return value
    turned = {
        "full": "separable",
        "separable": "full",
        "longest": "both",
        "both": "longest",
        "constant": "linear",
    }
    if isinstance(before, bool):
        return not before
    choices = {"model.body": OTHER_KIND, "model.nets": {"paper": "t2t", "t2t": "paper"}}
    choices["model.moe"] = {"experts": "none"}
    choices["optimizer.schedule"] = dict.fromkeys(
        ("linear", "rsqrt", "t2t", "cosine"), "constant"
    ) | {"constant": "linear"}
    return choices.get(path, turned)[before]


FIELDS = list(all_fields(Config))


@functools.cache
def seen(probe: Probe, config: Config) -> Any:
    return probe(config)


def test_every_field_has_a_row_and_every_row_a_field() -> None:
    assert ROWS.keys() == {field.path for field in FIELDS}


def name_of(field: Field) -> str:
    return " of ".join([field.path, *map("=".join, field.chosen[-1:])])


@pytest.mark.parametrize("field", FIELDS, ids=name_of)
def test_a_setting_changes_what_its_probe_sees(field: Field) -> None:
    config = with_kinds(field)
    value, seen_by = ROWS[field.path]
    changed = updated(config, {field.path: another(config, field.path, value)})
    assert changed != config
    assert any(seen(probe, config) != seen(probe, changed) for probe in seen_by), field.path


@pytest.mark.parametrize("name", registry.hparams.names())
def test_a_setting_that_a_set_does_not_read_is_refused(name: str) -> None:
    config: Config = registry.hparams.get(name)()
    for path, reason in without_effect(config, problem_sides(config)).items():
        if path == "problems":
            continue
        value = flatten(config)[path]
        text = "+".join(map(str, value)) if isinstance(value, tuple) else str(value)
        with pytest.raises(UserError) as caught:
            resolve(name, Overrides(hparams=f"{path}={text}"))
        assert caught.value.message == f"{path} has no effect in this run: {reason}."
