"""What a network can be asked for, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from t2t_multimodel.config import ModelConfig
from t2t_multimodel.config.tree import updated
from t2t_multimodel.errors import UserError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"hidden_size": 100},
            "ModelConfig.hidden_size must be a multiple of twice the 8 attention heads, "
            "but is 100.",
        ),
        (
            {"body.attention": "source_mean", "hidden_size": 5},
            "ModelConfig.hidden_size must be a multiple of 2, the sine and cosine of the timing "
            "signal, but is 5.",
        ),
        ({"dropout": 1.0}, "ModelConfig.dropout must be from 0 to below 1, but is 1.0."),
        ({"ctc_decoding": 1.5}, "ModelConfig.ctc_decoding must be from 0 to 1, but is 1.5."),
        (
            {"ctc_decoding": 0.5},
            "ModelConfig.ctc_decoding must be 0 where ctc_weight is 0, but is 0.5.",
        ),
        ({"branch_scale": 1.5}, "ModelConfig.branch_scale must be from 0 to 1, but is 1.5."),
        (
            {"block_kernels": (3, 3)},
            "ModelConfig.block_kernels must be a tuple of four, each 1 or more, but is (3, 3).",
        ),
        (
            {"body.encoder_blocks": (1, -1)},
            "PaperBodyConfig.encoder_blocks must be 0 or more each, but is (1, -1).",
        ),
        (
            {"nets.audio_channels": ()},
            "PaperNetsConfig.audio_channels must be a tuple, each 1 or more, but is ().",
        ),
        (
            {"body": "t2t_v1", "hidden_size": 64},
            "ModelConfig.hidden_size must be a multiple of 12 in t2t_v1, whose convolutions have "
            "2, 3 and 4 groups, but is 64.",
        ),
        (
            {"body": "t2t_v2", "hidden_size": 16},
            "ModelConfig.hidden_size must be 32 or more in the bodies of T2T, whose timing signal "
            "has 32 channels, but is 16.",
        ),
        (
            {"body": "t2t_v2", "body.moe_layers": ()},
            "T2TV2BodyConfig.moe_layers must be one decoder layer or more, each below "
            "decoder_layers (4), but is ().",
        ),
        (
            {"body": "t2t_v2", "body.moe_layers": (0, 4)},
            "T2TV2BodyConfig.moe_layers must be one decoder layer or more, each below "
            "decoder_layers (4), but is (0, 4).",
        ),
        (
            {"moe.experts": 3},
            "ExpertsConfig.per_token must be from 1 to experts (3), but is 4.",
        ),
        (
            {"moe.groups": 2, "moe.balance_rate": 0.1, "moe.per_token": 2},
            "ExpertsConfig.balance_rate must be 0 with two-level routing, but is 0.1.",
        ),
        (
            {"moe.groups": 7},
            "ExpertsConfig.groups must be 1, or a divisor of 240 that leaves per_token (4) or "
            "more groups, and as many experts in each, but is 7.",
        ),
    ],
)
def test_what_does_not_fit_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as raised:
        updated(ModelConfig(), changes)
    assert str(raised.value) == message


@pytest.mark.parametrize("body", ["paper", "t2t_v1", "t2t_v2"])
@pytest.mark.parametrize("moe", ["experts", "none", "dense_params", "dense_compute"])
def test_comes_back_from_json(body: str, moe: str) -> None:
    changes = {"body": body, "moe": moe, "nets": "t2t", "hidden_size": 48}
    config = updated(ModelConfig(), changes)
    assert (config.body.kind, config.moe.kind, config.nets.kind) == (body, moe, "t2t")
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
