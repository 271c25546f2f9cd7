"""Sounds inside of a graph are heard as `Audio` encodes them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from t2t_multimodel.features import Audio
from t2t_multimodel.features.sounds_in_graph import heard

FEATURES = [
    Audio(rate=8000),
    Audio(rate=22050, n_mels=40, max_seconds=1.0),
    Audio(rate=4000, form="waveform", max_seconds=1.2),
]


@pytest.mark.parametrize("feature", FEATURES, ids=repr)
def test_frames_are_those_of_the_feature(feature: Audio) -> None:
    lengths = [int(feature.rate * seconds) for seconds in (0.3, 0.99, 1.5)]
    draws = np.random.default_rng(0)
    samples = draws.normal(0, 0.5, (3, lengths[-1])).astype(np.float32)
    longest = int(feature.max_seconds * (100 if feature.form == "log_mel" else feature.rate))
    found, counts = heard(tf.constant(samples), tf.constant(lengths), feature)
    for i, length in enumerate(lengths):
        stored = feature.encode((samples[i, :length], feature.rate), None)
        expected = feature.model_input(stored)[:longest]
        assert counts[i] == len(expected)
        # a value between two float16 numbers may fall to either: one step is 1 / 1024
        np.testing.assert_allclose(found[i, : len(expected)], expected, rtol=2e-3, atol=1e-4)
        assert np.mean(np.abs(found[i, : len(expected)] - expected)) < 1e-5
        assert not np.any(found[i, len(expected) :])


def test_less_than_a_frame_is_an_error() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have at least 200 samples"):
        heard(tf.zeros((2, 300)), tf.constant([300, 199]), FEATURES[0])
