"""The one place that decides how a picture's file becomes pixels.

Datagen, decoding, the server and readers of raw files call `read`; the graph that is exported
follows the same rules for the kinds that TensorFlow decodes. The rules:

* Only `FORMATS` are tried, so no file starts another program, as an EPS would.
* What is transparent shows white: value = (colour * alpha + 255 * (255 - alpha)) / 255, rounded.
* A picture is turned as its EXIF orientation says, as a person sees it.
* 16 bits a channel keep their upper eight. Greys of 32 bits or of floats are white at the smallest
  of 1 (floats only), 255, 65,535 and 4,294,967,295 that no pixel exceeds, and black at 0 and below.
* Of several frames the first counts. Colour profiles are not looked at.

A rule that changes pixels raises `Image.reading_rules`, so that records made before are stale.
"""

from __future__ import annotations

import io
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import ExifTags
from PIL import Image as Pillow

from t2t_multimodel.errors import BadValue, foreign
from t2t_multimodel.raw_files import read_raw

FORMATS = (
    *("PNG", "JPEG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "DIB", "JPEG2000", "PPM"),
    *("ICO", "TGA", "PCX", "SGI", "QOI", "DDS"),
)
"""The decoders of Pillow that are tried."""
MOST_PIXELS = 89_478_485
"""Pixels of a picture, 256 MiB in RGB: a small file may unpack to any size."""
MOST_BYTES = 1 << 29
"""Bytes of a file."""
_QUIET = threading.Lock()
"""`catch_warnings` changes what the whole process hears, so one thread at a time uses it."""
_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = ExifTags.Base.Orientation
_TURNS = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
_WHITE_LEVELS = (255.0, 65_535.0, 4_294_967_295.0)
_BAND_ROWS = 256  # computed at a time, so that memory holds one copy of a large picture


def read(source: bytes | str | Path, channels: int) -> Pillow.Image:
    """A picture as the model sees it, before it is resized.

    Args:
        source: the path of a file, or its bytes.
        channels: 1 for grey (mode L), 3 for colours (mode RGB).

    Raises:
        BadValue: there is no picture, only a part of one, or too large a one.
    """
    with _opened(source) as picture:
        picture.load()
        turn = _turn(picture)
        seen = picture if turn is None else picture.transpose(turn)
        white, mode = _over_white(_eight_bits(seen)), "L" if channels == 1 else "RGB"
        return white if white.mode == mode else white.convert(mode)  # which would copy it


def checked(source: bytes | str | Path) -> bytes:
    """The bytes of a file whose picture can be decoded to its end.

    Raises:
        BadValue: as `read`.
    """
    with foreign(_unreadable):
        data = read_raw(source, MOST_BYTES)
    with _opened(data) as picture:
        picture.draft(None, (1, 1))  # JPEG is decoded at an eighth, which is quick
        picture.load()
        _eight_bits(picture.crop((0, 0, 1, 1)))  # tells of a mode that is not read
    return data


def _unreadable(why: str) -> BadValue:
    return BadValue(f"not a readable image: {why}")


@contextmanager
def _opened(source: bytes | str | Path) -> Iterator[Pillow.Image]:
    """An encoded picture whose pixels are not decoded yet."""
    with foreign(_unreadable):
        data = read_raw(source, MOST_BYTES)
        if data.startswith(_PNG):
            _check_png(data)
        with _QUIET, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's doubts about the tags of a file
            found = Pillow.open(io.BytesIO(data), formats=FORMATS)
        with found as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise _unreadable(
                    f"it has {width:,} x {height:,} pixels; {MOST_PIXELS:,} at most are read"
                )
            if data.startswith(_PNG):
                _mend_transparency(picture, depth=data[24])
            yield picture


def _mend_transparency(picture: Pillow.Image, depth: int) -> None:
    """Scales the transparent colour of a PNG as Pillow scales its pixels to 8 bits."""
    clear = picture.info.get("transparency")
    if picture.mode == "L" and depth < 8 and isinstance(clear, int):
        picture.info["transparency"] = clear * (255 // (2**depth - 1))
    elif depth == 16 and isinstance(clear, tuple):
        picture.info["transparency"] = tuple(value >> 8 for value in clear)


def _check_png(data: bytes) -> None:
    """Compares the checksum of each chunk: Pillow passes over those of the pixels."""
    view, at = memoryview(data), len(_PNG)
    while at + 12 <= len(data):
        length = int.from_bytes(view[at : at + 4], "big")
        kind, end = bytes(view[at + 4 : at + 8]), at + 8 + length
        said = view[end : end + 4]
        if len(said) < 4:
            break
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(said, "big"):
            raise _unreadable(f"its chunk {kind.decode('latin-1')!r} has a wrong checksum")
        if kind == b"IEND":
            return
        at = end + 4
    raise _unreadable("it is cut off")


def _turn(picture: Pillow.Image) -> Pillow.Transpose | None:
    """Returns how the picture is turned to look right; None where EXIF says nothing sound.

    Pillow has turned TIFF pictures itself by now.
    """
    exif = Pillow.Exif()
    try:
        exif.load(picture.info.get("exif") or b"")
        return _TURNS.get(exif.get(_ORIENTATION, 1))
    except Exception:  # damaged notes about a picture leave the picture as it is
        return None


def _eight_bits(picture: Pillow.Image) -> Pillow.Image:
    """The same with 8 bits a channel."""
    if picture.mode.startswith("I;16"):  # of which Pillow would make white of all above 255
        values = np.asarray(picture)
        grey = Pillow.fromarray((values >> 8).astype(np.uint8))
        clear = picture.info.get("transparency")
        if isinstance(clear, int):  # the grey that is transparent
            grey.putalpha(Pillow.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
        return grey
    if picture.mode in ("I", "F"):
        return Pillow.fromarray(_scaled(picture))
    return picture


def _scaled(picture: Pillow.Image) -> np.ndarray:
    """Numbers of any range as greys 0 to 255."""
    most = 0.0
    for _, band in _bands(picture):
        if not np.isfinite(band).all():
            raise _unreadable("it has pixels that are not finite")
        most = max(most, float(band.max(initial=0)))
    levels = (1.0, *_WHITE_LEVELS) if picture.mode == "F" else _WHITE_LEVELS
    white = next((level for level in levels if most <= level), most)
    greys = np.empty((picture.height, picture.width), np.uint8)
    for top, band in _bands(picture):
        scaled = np.clip(band, 0, white) * (255 / white)
        greys[top : top + len(band)] = np.rint(scaled)
    return greys


def _bands(picture: Pillow.Image) -> Iterator[tuple[int, np.ndarray]]:
    """The first row of each band, and its pixels."""
    for top in range(0, picture.height, _BAND_ROWS):
        box = (0, top, picture.width, min(top + _BAND_ROWS, picture.height))
        yield top, np.asarray(picture.crop(box))


def _over_white(picture: Pillow.Image) -> Pillow.Image:
    """The picture without transparency, laid over white band by band."""
    if not picture.has_transparency_data:
        return picture
    with_alpha = "LA" if picture.mode in ("L", "LA", "La", "1") else "RGBA"
    width, height = picture.size
    laid = Pillow.new(with_alpha[:-1], picture.size, "white")
    for top in range(0, height, _BAND_ROWS):
        box = (0, top, width, min(top + _BAND_ROWS, height))
        band = picture.crop(box)
        if band.mode in ("La", "RGBa", "PA"):
            band = band.convert("RGBA" if band.mode != "La" else "LA")
        band = band.convert(with_alpha)
        laid.paste(band.convert(with_alpha[:-1]), box, band.getchannel("A"))
    return laid
