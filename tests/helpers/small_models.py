"""Models and batches that are small enough to run eagerly."""

from __future__ import annotations

from typing import Any

import numpy as np

from t2t_multimodel.config import (
    AttentionConfig,
    ExpertsConfig,
    ModelConfig,
    PaperBodyConfig,
    PaperNetsConfig,
    T2TV2BodyConfig,
)
from t2t_multimodel.config.tree import updated
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.losses import ctc_scores
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.testing import random_batch as batch_for

PAPER = ModelConfig(
    body=PaperBodyConfig(
        encoder_blocks=(1, 1),
        decoder_blocks=(1, 1),
        mixer_pre_blocks=1,
        mixer_blocks=1,
        attention=AttentionConfig(heads=2),
    ),
    nets=PaperNetsConfig(image_blocks=1, exit_channels=(16, 20), audio_channels=(8, 10)),
    moe=ExpertsConfig(experts=4, per_token=2, hidden=16),
    hidden_size=24,
    block_kernels=(3, 3, 5, 5),
    block_dilations=(1, 1, 1, 2),
)
OCTET = updated(
    PAPER,
    {
        "body.attention.residual": True,
        "body.attention.norm": True,
        "body.attention.projection": True,
        "body.dropout_place": "branch",
        "nets.image_stem": "full",
        "nets.audio_fold_frequency": True,
        "tie_softmax": True,
        "dropout": 0.1,
    },
)
_T2T = {"nets": "t2t", "moe.route_padding": True, "share_embeddings": False, "hidden_size": 36}
V1 = updated(PAPER, {**_T2T, "body": "t2t_v1"})
V2 = updated(
    PAPER,
    {
        **_T2T,
        "body": T2TV2BodyConfig(
            encoder_layers=2, decoder_layers=2, heads=2, filter_size=20, moe_layers=(0,)
        ),
        "block_dilations": (1, 1, 1, 4),
    },
)
CONFIGS = {"paper": PAPER, "octet": OCTET, "t2t_v1": V1, "t2t_v2": V2}
FEW: dict[str, Any] = {"body.encoder_blocks": (1, 0), "body.decoder_blocks": (0, 1)}
FEW_PAPER = {**FEW, "body.mixer_blocks": 0}
FLAT_CONFIGS = {
    "paper": updated(PAPER, FEW_PAPER),
    "octet": updated(OCTET, FEW_PAPER),
    "t2t_v1": updated(V1, FEW),
    "t2t_v2": updated(V2, {"body.encoder_layers": 1, "body.decoder_layers": 1}),
}
"""The same layers, fewer of each, for compilers."""

EN_DE = Signature("text", "text/shared-30-1a2b", 30, (None,), 20)
IMAGE = Signature("image", "image", 0, (12, 16, 1), 192)
LOG_MEL = Signature("audio_log_mel", "audio_log_mel/8000/6", 0, (None, 6), 80, "float32")
WAVEFORM = Signature("audio_waveform", "audio_waveform/8000", 0, (None,), 80, "float32")
LABEL = Signature("class_label", "class_label/pictures", 5, (), 1)
PROBLEMS = (
    ProblemSignature("translate", "to_german", EN_DE, EN_DE),
    ProblemSignature("classify", "to_label", IMAGE, LABEL),
    ProblemSignature("caption", "to_english", IMAGE, EN_DE),
    ProblemSignature("transcribe", "to_english", LOG_MEL, EN_DE),
    ProblemSignature("listen", "to_label", WAVEFORM, LABEL),
)
NAMES = [problem.name for problem in PROBLEMS]


def spelling_model() -> MultiModel:
    """Transcribes with CTC; each piece is spelt by one letter."""
    letters = np.arange(EN_DE.size, dtype=np.uint8)[:, None] + 95
    spellings = {EN_DE.identity: letters * (letters > 96)}  # the reserved ids have none
    return MultiModel(FLAT_CONFIGS["octet"].replace(ctc_weight=1.0), [PROBLEMS[3]], spellings)


def spelling_nats(model: MultiModel) -> float:
    """CTC of its encoder, nothing dropped out."""
    batch = batch_for(PROBLEMS[3])
    return float(ctc_scores(model, model.encode(batch, "transcribe"), batch, "transcribe").nats)
