import pytest

from t2t_multimodel.config import ModelConfig
from t2t_multimodel.errors import UserError


def test_defaults_are_the_papers():
    config = ModelConfig()
    assert config.variant == "paper"
    assert (config.block_kernels, config.block_dilations) == ((3, 3, 15, 15), (1, 1, 1, 8))
    assert (config.encoder_blocks, config.decoder_blocks) == ((3, 3), (2, 2))
    assert (config.mixer_pre_blocks, config.mixer_blocks) == (2, 2)
    assert (config.experts, config.experts_per_token) == (240, 4)
    assert (config.dropout, config.dropout_place) == (0.4, "block")
    assert (config.hidden_size, config.attention_heads) == (1024, 8)
    assert (config.image_blocks, config.exit_channels) == (3, (1536, 2048))
    assert config.audio_channels == tuple(2**i for i in range(1, 9))
    assert not config.attention_residual and not config.tie_softmax


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"hidden_size": 100},
            "hidden_size must be a multiple of twice the 8 attention heads, but is 100.",
        ),
        (
            {"experts": 3},
            "experts_per_token must be from 1 to experts (3), but is 4.",
        ),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1, but is 1.0."),
        ({"ctc_decoding": 1.5}, "ctc_decoding must be from 0 to 1, but is 1.5."),
        ({"ctc_decoding": 0.5}, "ctc_decoding must be 0 where ctc_weight is 0, but is 0.5."),
        ({"branch_scale": 1.5}, "branch_scale must be from 0 to 1, but is 1.5."),
        (
            {"block_kernels": (3, 3)},
            "block_kernels must be a tuple of four, each 1 or more, but is (3, 3).",
        ),
        ({"encoder_blocks": (1, -1)}, "encoder_blocks must be 0 or more each, but is (1, -1)."),
        ({"audio_channels": ()}, "audio_channels must be a tuple, each 1 or more, but is ()."),
        ({"separability": -2}, "separability must be off unless variant is t2t_v1, but is -2."),
        (
            {"variant": "t2t_v2", "attention_qk_norm": True},
            "attention_qk_norm must be off unless variant is paper, but is True.",
        ),
        (
            {"variant": "t2t_v1", "hidden_size": 64},
            "hidden_size must be a multiple of 12 in t2t_v1, whose convolutions have 2, 3 and 4 "
            "groups, but is 64.",
        ),
        (
            {"variant": "t2t_v2", "hidden_size": 16},
            "hidden_size must be 32 or more in the variants of T2T, whose timing signal has 32 "
            "channels, but is 16.",
        ),
        (
            {"variant": "t2t_v2", "attention": False},
            "attention must be on unless variant is paper, but is False.",
        ),
        (
            {"expert_groups": 2, "balance_rate": 0.1, "experts_per_token": 2},
            "balance_rate must be 0 with two-level routing, but is 0.1.",
        ),
        (
            {"expert_groups": 7},
            "expert_groups must be 1, or a divisor of 240 that leaves experts_per_token (4) or "
            "more groups, and as many experts in each, but is 7.",
        ),
        (
            {"nets": "t2t", "class_path": "decoder"},
            "class_path must be encoder with the nets of T2T, but is 'decoder'.",
        ),
    ],
)
def test_what_does_not_fit_is_told(changes, message):
    with pytest.raises(UserError) as raised:
        ModelConfig(**changes)
    assert str(raised.value) == f"ModelConfig.{message}"


def test_comes_back_from_json():
    config = ModelConfig(encoder_blocks=(1, 2), audio_channels=(8,))
    assert ModelConfig.from_dict(config.to_dict()) == config
