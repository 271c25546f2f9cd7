"""Pictures of files to the size of a feature inside of a graph, as `pictures` resizes them.

Pixels are the same where the file has the size that the model takes. Otherwise some are off by
one level: Pillow resizes across or down first, whichever it finds cheaper, and rounds in between.

Legend: B pictures, H height, W width, C channels.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from t2t_multimodel.features.image import Image
from t2t_multimodel.features.picture_files_in_graph import decoded

_BITS = 22
"""The number of bits of the fixed-point weights with which Pillow resizes."""


def pixels(files_B: Any, feature: Image) -> Any:
    """PNG, JPEG or GIF bytes to uint8 [B, H, W, C] of the feature's size."""
    shape = (feature.height, feature.width, feature.channels)
    signature = tf.TensorSpec(shape, tf.uint8)
    return tf.map_fn(lambda file: _pixels(file, feature), files_B, fn_output_signature=signature)


def _pixels(file: Any, feature: Image) -> Any:
    full_HWC = decoded(file)
    if feature.channels == 1:
        # luma of ITU-R 601-2 as Pillow rounds it; grey stays as it is
        luma_HW = tf.tensordot(full_HWC, tf.constant([19595, 38470, 7471]), 1)
        full_HWC = ((luma_HW + 0x8000) // 0x10000)[:, :, None]
    high, wide = (tf.cast(tf.shape(full_HWC)[i], tf.float64) for i in range(2))
    left, upper, right, lower = _box(wide, high, feature)
    across = _weights(wide, left, right, feature.width)
    down = _weights(high, upper, lower, feature.height)
    x_HWC = _weighted(full_HWC, across, "hwc,ow->hoc")
    x_HWC = tf.cast(_weighted(x_HWC, down, "hwc,oh->owc"), tf.uint8)
    x_HWC.set_shape((feature.height, feature.width, feature.channels))
    return x_HWC


def _box(wide: Any, high: Any, feature: Image) -> tuple[Any, Any, Any, Any]:
    """The part of the picture that is seen: `features.pictures.middle_box`."""
    if not (feature.encoded and feature.centre):
        zero = tf.zeros((), tf.float64)
        return zero, zero, wide, high
    aspect = feature.width / feature.height
    box_wide = tf.minimum(wide, high * aspect) * feature.centre
    box_high = tf.minimum(high, wide / aspect) * feature.centre
    left, upper = (wide - box_wide) / 2, (high - box_high) / 2
    box = (left, upper, left + box_wide, upper + box_high)
    return tuple(map(_single, box))


def _single(x: Any) -> Any:
    """Rounded to single precision, in which Pillow has boxes."""
    return tf.cast(tf.cast(x, tf.float32), tf.float64)


def _weights(size: Any, begin: Any, end: Any, out: int) -> Any:
    """Returns the weight of each old position in each new one, float64 [out, size], whole.

    A triangle as wide as two new positions, or two old ones where the picture grows.
    """
    scale = _single(end - begin) / out
    reach = tf.maximum(scale, 1.0)
    middle = begin + (tf.range(out, dtype=tf.float64)[:, None] + 0.5) * scale
    first = tf.floor(tf.maximum(middle - reach + 0.5, 0.0))
    last = tf.floor(tf.minimum(middle + reach + 0.5, size))
    place = tf.range(size, dtype=tf.float64)[None, :]
    weight = tf.maximum(1.0 - tf.abs((place - middle + 0.5) * (1.0 / reach)), 0.0)
    weight = tf.where((place >= first) & (place < last), weight, 0.0)
    weight = weight / tf.reduce_sum(weight, axis=1, keepdims=True)
    return tf.floor(weight * 2.0**_BITS + 0.5)


def _weighted(pixels_HWC: Any, weights: Any, axes: str) -> Any:
    """Sums of weighted pixels, rounded as Pillow does after each direction: int32."""
    total = tf.einsum(axes, tf.cast(pixels_HWC, tf.float64), weights)
    rounded = tf.floor(total * 2.0**-_BITS + 0.5)
    return tf.cast(tf.clip_by_value(rounded, 0.0, 255.0), tf.int32)
