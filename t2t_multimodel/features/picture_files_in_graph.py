"""Files of pictures to colours inside of a graph, by the rules of `picture_files`.

Legend: H height, W width, S bytes of a file.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_ORIENTATION = 0x0112
_SHORT = 3  # type of an EXIF value
_COLOUR_TYPE, _PALETTE = 25, 3  # place of the type in a PNG file, and one of its values
_SEGMENTS = 10_000  # of a file, before the search for EXIF is given up


def decoded(file: Any) -> Any:
    """PNG, JPEG or GIF bytes to int32 [H, W, 3], over white and turned as EXIF says.

    Of the same file `picture_files.read` has the same colours, but for JPEG in CMYK,
    where some are off by one level.

    Errors of the graph: it is no such file, or a GIF with transparency, which TensorFlow drops.
    """
    is_png = tf.strings.substr(file, 0, 8) == b"\x89PNG\r\n\x1a\n"
    return tf.case(
        [(is_png, lambda: _png(file)), (tf.io.is_jpeg(file), lambda: _jpeg(file))],
        default=lambda: _gif(file),
    )


def _png(file: Any) -> Any:
    bytes_S = _bytes(file)
    x_HW4 = tf.cond(
        bytes_S[_COLOUR_TYPE] == _PALETTE,
        lambda: _with_alpha(tf.io.decode_png(file)),
        lambda: tf.io.decode_png(file, channels=4),
    )
    x_HW4 = tf.cast(x_HW4, tf.int32)
    alpha_HW1 = x_HW4[:, :, 3:4]
    laid_HWC = (x_HW4[:, :, :3] * alpha_HW1 + 255 * (255 - alpha_HW1) + 127) // 255
    return _turned(laid_HWC, _orientation(bytes_S, _exif_of_png(bytes_S)))


def _with_alpha(x_HWC: Any) -> Any:
    """RGB or RGBA as RGBA: of a palette of few bits TensorFlow would make a wrong alpha."""
    return tf.concat([x_HWC, tf.fill(tf.shape(x_HWC[:, :, :1]), tf.constant(255, tf.uint8))], 2)


def _jpeg(file: Any) -> Any:
    x_HWC = tf.cast(tf.io.decode_jpeg(file, 3, dct_method="INTEGER_ACCURATE"), tf.int32)
    bytes_S = _bytes(file)
    return _turned(x_HWC, _orientation(bytes_S, _exif_of_jpeg(bytes_S)))


def _gif(file: Any) -> Any:
    """The first frame."""
    opaque = tf.debugging.Assert(
        ~_is_clear_gif(_bytes(file)),
        ["A GIF with transparency can not be read here; convert it to PNG."],
    )
    with tf.control_dependencies([opaque]):
        x_HWC = tf.io.decode_image(file, channels=3, expand_animations=False)
    return tf.cast(x_HWC, tf.int32)


def _is_clear_gif(bytes_S: Any) -> Any:
    """Whether a file is a GIF whose first block of control says that a colour is transparent.

    Such a block is 21 F9 04, flags of which the lowest says it, three bytes, and 0.
    """
    begins = (bytes_S[:-7] == 0x21) & (bytes_S[1:-6] == 0xF9) & (bytes_S[2:-5] == 4)
    begins &= bytes_S[7:] == 0
    first = tf.argmax(tf.cast(begins, tf.int32), output_type=tf.int32)
    is_gif = _number(bytes_S, 0, 4) == int.from_bytes(b"GIF8", "big")
    return is_gif & begins[first] & (bytes_S[first + 3] % 2 == 1)


def _bytes(file: Any) -> Any:
    """int32 [S], and zeros behind, so that a header that is cut off can be read."""
    return tf.pad(tf.cast(tf.io.decode_raw(file, tf.uint8), tf.int32), [[0, 16]])


def _number(bytes_S: Any, at: Any, size: int, big: Any = True) -> Any:
    """The number of `size` bytes at a place; 0 behind the end."""
    at = tf.clip_by_value(at, 0, tf.size(bytes_S) - size)
    digits = tf.bitwise.left_shift(bytes_S[at : at + size], tf.range(size - 1, -1, -1) * 8)
    other = tf.bitwise.left_shift(bytes_S[at : at + size], tf.range(size) * 8)
    return tf.reduce_sum(tf.where(big, digits, other))


def _exif_of_jpeg(bytes_S: Any) -> Any:
    """Finds where the EXIF block begins in a JPEG file; -1 without one."""

    def is_exif(at: Any) -> Any:
        marked = _number(bytes_S, at, 2) == 0xFFE1
        return marked & (_number(bytes_S, at + 4, 4) == int.from_bytes(b"Exif", "big"))

    def goes_on(at: Any) -> Any:
        more = (at < tf.size(bytes_S) - 16) & (bytes_S[at] == 0xFF) & (bytes_S[at + 1] != 0xDA)
        return more & ~is_exif(at)

    def step(at: Any) -> Any:
        return (at + 2 + tf.maximum(_number(bytes_S, at + 2, 2), 2),)

    (at,) = tf.while_loop(goes_on, step, (tf.constant(2),), maximum_iterations=_SEGMENTS)
    return tf.where(is_exif(at), at + 10, -1)


def _exif_of_png(bytes_S: Any) -> Any:
    """The same of a PNG file."""

    def is_exif(at: Any) -> Any:
        return _number(bytes_S, at + 4, 4) == int.from_bytes(b"eXIf", "big")

    def goes_on(at: Any) -> Any:
        return (at < tf.size(bytes_S) - 16) & ~is_exif(at)

    def step(at: Any) -> Any:
        return (at + 12 + tf.maximum(_number(bytes_S, at, 4), 0),)

    (at,) = tf.while_loop(goes_on, step, (tf.constant(8),), maximum_iterations=_SEGMENTS)
    return tf.where(is_exif(at), at + 8, -1)


def _orientation(bytes_S: Any, exif: Any) -> Any:
    """The orientation 1 to 8 that an EXIF block tells; 1 without one."""
    big = bytes_S[tf.maximum(exif, 0)] == ord("M")
    first = exif + _number(bytes_S, exif + 4, 4, big)
    number = tf.clip_by_value(_number(bytes_S, first, 2, big), 0, 1000)

    def is_it(i: Any) -> Any:
        return _number(bytes_S, first + 2 + 12 * i, 2, big) == _ORIENTATION

    (i,) = tf.while_loop(lambda i: (i < number) & ~is_it(i), lambda i: (i + 1,), (tf.constant(0),))
    at = first + 2 + 12 * i
    told = _number(bytes_S, at + 8, 2, big)
    sound = (exif >= 0) & is_it(i) & (_number(bytes_S, at + 2, 2, big) == _SHORT)
    return tf.where(sound & (told >= 1) & (told <= 8), told, 1)


def _turned(x_HWC: Any, orientation: Any) -> Any:
    """A picture as its orientation wants to be shown."""

    def shown(across: bool, down: bool, swapped: bool) -> Any:
        x = tf.transpose(x_HWC, [1, 0, 2]) if swapped else x_HWC
        axes = [axis for axis, wanted in ((0, down), (1, across)) if wanted]
        return tf.reverse(x, axes) if axes else x

    ways = [  # orientations 1 to 8: mirrored left to right, top to bottom; axes swapped before
        *((False, False, False), (True, False, False), (True, True, False), (False, True, False)),
        *((False, False, True), (True, False, True), (True, True, True), (False, True, True)),
    ]
    return tf.switch_case(orientation - 1, [lambda way=way: shown(*way) for way in ways])
