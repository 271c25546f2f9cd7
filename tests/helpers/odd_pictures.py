"""Odd but good pictures, each with the colours that a person sees."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image as Pillow

SIZE = 6, 4  # width, height

Pixels = np.ndarray
"""uint8 [height, width, 3]"""


def colours() -> Pixels:
    """Nowhere symmetric, so that each way to turn it is another picture."""
    return np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)


def greys() -> np.ndarray:
    """uint8 [height, width], from 0 to 255."""
    values = np.arange(SIZE[0] * SIZE[1]).reshape(SIZE[1], SIZE[0])
    return (values * 255 // values.max()).astype(np.uint8)


def file(picture: Pillow.Image | np.ndarray, form: str, **options: Any) -> bytes:
    """The bytes that Pillow writes."""
    picture = Pillow.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def png(rows: list[bytes], width: int, depth: int, kind: int, clear: bytes = b"") -> bytes:
    """A PNG file written by hand; `clear` is the content of its tRNS chunk."""
    header = struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [(b"IHDR", header), *([(b"tRNS", clear)] if clear else [])]
    chunks += [(b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def over_white(rgb: np.ndarray, alpha: np.ndarray) -> Pixels:
    """The formula, in floating point."""
    share = alpha[..., None].astype(float) / 255
    return np.rint(rgb * share + 255 * (1 - share)).astype(np.uint8)


def three(grey: np.ndarray) -> Pixels:
    """A grey picture as a colour picture."""
    return np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)


def turned(orientation: int, form: str) -> tuple[bytes, Pixels]:
    """A picture of solid quarters that is stored so that EXIF must turn it upright."""
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16], upright[:8, 16:], upright[8:, :16] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Pillow.Exif()
    exif[0x010F], exif[0x0112] = "A maker", orientation
    options = {"PNG": {}, "JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}
    return file(np.ascontiguousarray(stored), form, exif=exif, **options[form]), upright


def good() -> dict[str, tuple[bytes, Pixels]]:
    """Name -> file and colours, of PNG and GIF, which keep every value."""
    rgb, grey = colours(), greys()
    alpha = np.random.default_rng(1).integers(0, 256, grey.shape, dtype=np.uint8)
    alpha[0] = 0
    half = np.where(np.arange(grey.size).reshape(grey.shape) % 2, 128, 255)
    palette = Pillow.fromarray(rgb).quantize(8)
    flat = np.asarray(palette.convert("RGB"))
    first = np.asarray(palette) == 0
    wide = (grey.astype(np.uint16) << 8) | 99
    return {
        "rgb.png": (file(rgb, "PNG"), rgb),
        "grey.png": (file(grey, "PNG"), three(grey)),
        "rgba.png": (file(np.dstack([rgb, alpha]), "PNG"), over_white(rgb, alpha)),
        "la.png": (file(np.dstack([grey, alpha]), "PNG"), over_white(three(grey), alpha)),
        "ink_in_alpha.png": (
            file(np.dstack([rgb * 0, alpha]), "PNG"),
            over_white(rgb * 0, alpha),
        ),
        "palette.png": (file(palette, "PNG"), flat),
        "palette_clear.png": (
            file(palette, "PNG", transparency=0),
            np.where(first[..., None], 255, flat).astype(np.uint8),
        ),
        "palette_half.png": (
            file(palette, "PNG", transparency=bytes([128] + [255] * 7)),
            over_white(flat, np.where(first, 128, 255)),
        ),
        "la_half.png": (
            file(np.dstack([grey, half.astype(np.uint8)]), "PNG"),
            over_white(three(grey), half),
        ),
        "grey16.png": (file(wide, "PNG"), three(grey)),
        "grey2_clear.png": (
            png([bytes([0b00011011])], 4, 2, 0, struct.pack(">H", 1)),
            three(np.array([[0, 255, 170, 255]])),
        ),
        "grey1_clear.png": (
            png([bytes([0b01011000])], 5, 1, 0, struct.pack(">H", 0)),
            three(np.array([[255, 255, 255, 255, 255]])),
        ),
        "grey16_clear.png": (
            png([struct.pack(">3H", 300, 301, 40_000)], 3, 16, 0, struct.pack(">H", 300)),
            three(np.array([[255, 1, 156]])),
        ),
        "rgb_clear.png": (
            png([bytes([1, 2, 3, 4, 5, 6])], 2, 8, 2, struct.pack(">3H", 1, 2, 3)),
            np.array([[[255, 255, 255], [4, 5, 6]]], np.uint8),
        ),
        "rgba16.png": (
            png([struct.pack(">4H", 0x3000, 0x4000, 0x5000, 0xFF00)], 1, 16, 6),
            np.array([[[0x30, 0x40, 0x50]]], np.uint8),
        ),
        "palette.gif": (file(palette, "GIF"), flat),
        **{f"exif{n}.png": turned(n, "PNG") for n in range(1, 9)},
    }


def other() -> dict[str, tuple[bytes, Pixels]]:
    """The same of kinds that TensorFlow does not decode, or not with all that they say."""
    rgb, grey = colours(), greys()
    alpha = np.where(grey > 99, 255, 0).astype(np.uint8)
    rgba = np.dstack([rgb, alpha])
    clear = over_white(rgb, alpha)
    palette = Pillow.fromarray(rgb).quantize(8)
    seen = np.asarray(palette.convert("RGB"))
    first = (np.asarray(palette) == 0)[..., None]
    return {
        "clear.gif": (file(palette, "GIF", transparency=0), np.where(first, 255, seen)),
        "bits.tiff": (file(Pillow.fromarray(grey > 99), "TIFF"), three((grey > 99) * 255)),
        "rgba.webp": (file(rgba, "WEBP", lossless=True), clear),
        "rgba.tiff": (file(rgba, "TIFF", compression="tiff_lzw"), clear),
        "rgba.tga": (file(rgba, "TGA"), clear),
        "rgba.qoi": (file(rgba, "QOI"), clear),
        "rgb.bmp": (file(rgb, "BMP"), rgb),
        "rgb.ppm": (file(rgb, "PPM"), rgb),
        "rgb.pcx": (file(rgb, "PCX"), rgb),
        "rgb.sgi": (file(rgb, "SGI"), rgb),
        "rgb.jp2": (file(rgb, "JPEG2000", irreversible=False), rgb),
        "int32_of_8.tiff": (file(grey.astype(np.int32), "TIFF"), three(grey)),
        "int32_of_16.tiff": (file(grey.astype(np.int32) * 257, "TIFF"), three(grey)),
        "float_of_1.tiff": (file(grey.astype(np.float32) / 255, "TIFF"), three(grey)),
        "float_of_8.tiff": (file(grey.astype(np.float32), "TIFF"), three(grey)),
        "float_of_16.tiff": (file(grey.astype(np.float32) * 257, "TIFF"), three(grey)),
        "exif6.webp": turned(6, "WEBP"),
    }


def photographs() -> dict[str, tuple[bytes, Pixels]]:
    """The same as JPEG, whose values are near to the true ones."""
    upright = turned(1, "JPEG")[1]
    cmyk = file(Pillow.fromarray(upright).convert("CMYK"), "JPEG", quality=100)
    return {"cmyk.jpg": (cmyk, upright), **{f"exif{n}.jpg": turned(n, "JPEG") for n in range(1, 9)}}
