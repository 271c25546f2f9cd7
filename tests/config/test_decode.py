import pytest

from t2t_multimodel.config import DecodeConfig
from t2t_multimodel.errors import UserError


def test_defaults_are_greedy():
    assert DecodeConfig().method == "greedy"
    assert DecodeConfig.from_dict(DecodeConfig(seed=3).to_dict()) == DecodeConfig(seed=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"beam_size": 0}, "DecodeConfig.beam_size must be 1 or more, but is 0."),
        ({"nbest": 0}, "DecodeConfig.nbest must be 1 or more, but is 0."),
        ({"top_k": -1}, "DecodeConfig.top_k must be 0 or more, but is -1."),
        (
            {"max_length": 100_000_000},
            "DecodeConfig.max_length must be at most 32,768: memory for all of it is taken at the "
            "start, but is 100000000.",
        ),
        ({"alpha": -0.5}, "DecodeConfig.alpha must be 0 or more, but is -0.5."),
        ({"temperature": 0}, "DecodeConfig.temperature must be above 0, but is 0.0."),
        ({"top_p": 1.5}, "DecodeConfig.top_p must be above 0 and at most 1, but is 1.5."),
        (
            {"method": "beam", "beam_size": 3, "nbest": 4},
            "DecodeConfig.nbest must be at most beam_size (3), but is 4.",
        ),
        (
            {"ctc_weight": 2},
            "DecodeConfig.ctc_weight must be none, or from 0 to 1, but is 2.0.",
        ),
        (
            {"method": "sample", "ctc_weight": 0.5},
            "DecodeConfig.ctc_weight must be none or 0 with method sample, but is 0.5.",
        ),
        (
            {"method": "best"},
            "DecodeConfig.method must be one of greedy, beam, sample, but is 'best'.",
        ),
    ],
)
def test_values_out_of_range_are_named(changes, message):
    with pytest.raises(UserError) as caught:
        DecodeConfig(**changes)
    assert caught.value.message == message
