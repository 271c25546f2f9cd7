"""Another value for each setting, and the probes of which one must see the change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from helpers import settings_probes as probes

from t2t_multimodel import Config, rates
from t2t_multimodel.config import BatchBudget, LossWeight, RateFactor, SchedulePoint
from t2t_multimodel.config.tree import flatten

Probe = Callable[[Config], Any]
VARIABLES = (probes.Variables(0),)
LOSS = (probes.Loss(0),)
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
    "optimizer.learning_rate": 0.002,
    "optimizer.beta1": 0.9,
    "optimizer.beta2": 0.98,
    "optimizer.epsilon": 1e-9,
    "optimizer.weight_decay.strength": 0.1,
    "optimizer.schedule.warmup_steps": 20,
    "train.steps": 48,
    "train.log_steps": 5,
    "train.checkpoint_steps": 7,
    "train.problems_per_step": 0,
    "evaluate.steps": 8,
    "evaluate.patience": 3,
}

ROWS: dict[str, tuple[Any, Sequence[Probe]]] = {
    "problems": (rates("octet_ende:3", "octet_image", "octet_speech"), [probes.draws]),
    "model.body": ("other", VARIABLES),
    "model.body.encoder_blocks": ((1, 1), VARIABLES),
    "model.body.encoder_timing": (False, LOSS),
    "model.body.mixer_pre_blocks": (1, VARIABLES),
    "model.body.mixer_blocks": (1, VARIABLES),
    "model.body.decoder_blocks": ((1, 1), VARIABLES),
    "model.body.attention": ("source_mean", VARIABLES),
    "model.body.attention.heads": (4, LOSS),
    "model.body.attention.residual": ("other", LOSS),
    "model.body.attention.norm": ("other", VARIABLES),
    "model.body.attention.projection": ("other", VARIABLES),
    "model.body.attention.maps": ("other", VARIABLES),
    "model.body.attention.qk_norm": ("other", VARIABLES),
    "model.body.dropout_place": ("other", LOSS),
    "model.body.separability": (0, VARIABLES),
    "model.body.encoder_layers": (2, VARIABLES),
    "model.body.decoder_layers": (3, VARIABLES),
    "model.body.heads": (4, LOSS),
    "model.body.filter_size": (16, VARIABLES),
    "model.body.moe_layers": ((1,), VARIABLES),
    "model.nets": ("other", [probes.Variables(1)]),
    "model.nets.image_blocks": (2, [probes.Variables(1)]),
    "model.nets.image_stem": ("other", [probes.Variables(1)]),
    "model.nets.audio_channels": ((4, 8), [probes.Variables(2)]),
    "model.nets.audio_fold_frequency": ("other", [probes.Variables(2)]),
    "model.nets.exit_channels": ((8, 10), [probes.Variables(1)]),
    "model.nets.class_path": ("decoder", [probes.Loss(1)]),
    "model.nets.labels_2d": (False, [probes.Loss(1)]),
    "model.moe": ("other", VARIABLES),
    "model.moe.experts": (6, VARIABLES),
    "model.moe.per_token": (1, LOSS),
    "model.moe.groups": (2, VARIABLES),
    "model.moe.hidden": (12, VARIABLES),
    "model.moe.loss_weight": (0.5, LOSS),
    "model.moe.z_loss_weight": (0.5, LOSS),
    "model.moe.balance_rate": (0.1, VARIABLES),
    "model.moe.task_router": (True, VARIABLES),
    "model.moe.route_padding": ("other", LOSS),
    "model.precision": ("mixed_bfloat16", LOSS),
    "model.hidden_size": (96, VARIABLES),
    "model.block_kernels": ((3, 3, 5, 3), VARIABLES),
    "model.block_dilations": ((1, 1, 2, 1), LOSS),
    "model.branch_scale": (0.5, LOSS),
    "model.dropout": (0.5, LOSS),
    "model.word_dropout": (0.5, LOSS),
    "model.sound_word_dropout": (0.5, [probes.Loss(2)]),
    "model.ctc_weight": (1.0, [probes.Variables(2), probes.Loss(2)]),
    "model.ctc_decoding": (0.7, [probes.heard_in_decoding]),
    "model.share_embeddings": ("other", VARIABLES),
    "model.tie_softmax": ("other", VARIABLES),
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
    "data.image_distort": (0.3, [probes.augmentation]),
    "data.sound_mask": (0.3, [probes.augmentation]),
    "data.sound_warp": (0.3, [probes.augmentation]),
    "data.workers": (3, [probes.making_threads]),
    "data.static_shapes": (True, [probes.padding]),
    "mixture": ("uniform", [probes.draws]),
    "mixture.temperature": (1.0, [probes.draws]),
    "mixture.max_epochs": (1.0, [probes.draws]),
    "mixture.steps": (8, [probes.draws]),
    "mixture.form": ("linear", [probes.draws]),
    "mixture.points": ((SchedulePoint(step=0, rates=(1, 5, 2)),), [probes.draws]),
    "optimizer.method": ("other", [probes.updates]),
    "optimizer.method.learning_rate": (0.1, [probes.updates]),
    "optimizer.method.momentum": (0.5, [probes.updates]),
    "optimizer.learning_rate": (0.07, [probes.learning_rates]),
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
    "train.seed": (3, [probes.order]),
    "train.problems_per_step": (1, [probes.draws]),
    "train.accumulate": (2, [probes.draws]),
    "train.parallel_batches": (7, [probes.side_by_side]),
    "train.distribution": ("mirrored", [probes.set_up]),
    "train.distribution.devices": (3, [probes.set_up]),
    "train.distribution.timeout": (9.0, [probes.set_up]),
    "train.distribution.data": (2, [probes.set_up]),
    "train.distribution.experts": (2, [probes.set_up]),
    "train.label_smoothing": (0.5, LOSS),
    "train.loss_weights": ((LossWeight(problem="octet_ende", weight=3.0),), [probes.updates]),
    "train.max_xent": (1.0, [probes.events]),
    "train.jit_compile": (True, [probes.updates]),
    "train.checkpoint_steps": (11, [probes.events]),
    "train.keep_checkpoints": (5, [probes.checkpoints_kept]),
    "train.log_steps": (9, [probes.events]),
    "train.report_to": ("mlflow", [probes.tracker]),
    "train.affinity_steps": (9, [probes.events]),
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
    "evaluate.temperature_examples": (9, [probes.events]),
    "evaluate.beam_size": (3, [probes.outputs_followed]),
    "evaluate.resamples": (500, [probes.events]),
}
OTHER_KIND = {"paper": "t2t_v1", "t2t_v1": "paper", "t2t_v2": "paper"}


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
        "block": "branch",
        "branch": "block",
    }
    if isinstance(before, bool):
        return not before
    choices = {"model.body": OTHER_KIND, "model.nets": {"paper": "t2t", "t2t": "paper"}}
    choices["optimizer.method"] = {"adam": "muon", "muon": "adam"}
    choices["model.moe"] = {"experts": "none"}
    choices["optimizer.schedule"] = dict.fromkeys(
        ("linear", "rsqrt", "t2t", "cosine"), "constant"
    ) | {"constant": "linear"}
    return choices.get(path, turned)[before]
