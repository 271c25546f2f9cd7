"""Samples to what the model hears inside of a graph, as `audio` computes it.

Legend: B sounds, S samples, T frames, M mel bins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from t2t_multimodel.features.audio import HOP_SECONDS, WINDOW_SECONDS, Audio, mel_bank


def heard(samples_BS: Any, lengths_B: Any, feature: Audio) -> tuple[Any, Any]:
    """Samples from -1 to 1 at the feature's rate to its frames or samples, and their number.

    Args:
        samples_BS: float32; what is beyond a row's length is not looked at.
        lengths_B: int32, samples of each row. Shorter than one frame is an error.

    Returns:
        float32 [B, T, M] or [B, S], and lengths int32 [B]; what is longer than the feature
        allows is cut.
    """
    window = int(WINDOW_SECONDS * feature.rate)
    too_short = tf.debugging.assert_greater_equal(
        lengths_B, window, f"a sound must have at least {window} samples"
    )
    with tf.control_dependencies([too_short]):
        samples_BS = tf.identity(samples_BS)
    if feature.form == "log_mel":
        return _log_mel(samples_BS, lengths_B, feature)
    longest = int(feature.max_seconds * feature.rate)
    lengths_B = tf.minimum(lengths_B, longest)
    samples_BS = _kept(samples_BS[:, :longest], lengths_B)
    return tf.round(tf.clip_by_value(samples_BS, -1.0, 1.0) * 32767) / 32768, lengths_B


def _log_mel(samples_BS: Any, lengths_B: Any, feature: Audio) -> tuple[Any, Any]:
    """`audio.log_mel`, each bin standardised over the sound."""
    samples_BS = samples_BS[:, : feature.most_samples]
    window, hop = int(WINDOW_SECONDS * feature.rate), int(HOP_SECONDS * feature.rate)
    n_fft = 1 << (window - 1).bit_length()
    bank = tf.constant(mel_bank(feature.n_mels, n_fft, feature.rate))
    hann = tf.constant(np.hanning(window + 1)[:-1])  # TensorFlow's has another period if odd
    framed = tf.signal.frame(tf.cast(samples_BS, tf.float64), window, hop)
    power = tf.square(tf.abs(tf.signal.rfft(framed * hann, [n_fft])))
    frames_BTM = tf.math.log(tf.tensordot(power, bank, 1) + 1e-6)
    frames_BTM = tf.cast(frames_BTM, tf.float32)
    longest = int(feature.max_seconds / HOP_SECONDS)
    count_B = tf.minimum(1 + (lengths_B - window) // hop, longest)
    real_BT1 = tf.sequence_mask(count_B, tf.shape(frames_BTM)[1], tf.float32)[:, :, None]
    total_B11 = tf.cast(count_B, tf.float32)[:, None, None]
    centred = frames_BTM - tf.reduce_sum(frames_BTM * real_BT1, 1, keepdims=True) / total_B11
    variance = tf.reduce_sum(tf.square(centred) * real_BT1, 1, keepdims=True) / total_B11
    frames_BTM = centred / (tf.sqrt(variance) + 1e-5)
    frames_BTM = tf.cast(tf.cast(frames_BTM, feature.dtype), tf.float32)  # as records hold them
    return _kept(frames_BTM[:, :longest], count_B), count_B


def _kept(values: Any, lengths_B: Any) -> Any:
    """Zeros beyond each row's length, and no more columns than the longest row has."""
    longest = tf.reduce_max(lengths_B)
    mask = tf.sequence_mask(lengths_B, longest)
    mask = tf.reshape(mask, [-1, longest] + [1] * (len(values.shape) - 2))
    return tf.where(mask, values[:, :longest], 0.0)
