"""The worst files that mm-serve accepts: how long does it take, and how much memory?

    python bench/uploads.py RUN

Starts mm-serve on a free port. For every kind of input that a problem of RUN has, it sends the
files that unpack to the most within the server's limit on a body, twice each, and prints the
status, the seconds, and how far the server's memory rose while it answered (Linux counts that).
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image as Pillow
from serve import ask, get, memory, started

from t2t_multimodel.features.picture_files import MOST_PIXELS
from t2t_multimodel.features.sound_files import MOST_CHANNELS
from t2t_multimodel.features.text import MOST_CHARACTERS
from t2t_multimodel.serve.limits import Limits

BODY = Limits().body_bytes
SIDE = int(MOST_PIXELS**0.5)
"""Pixels of a side of the largest square picture."""


def picture(mode: str, form: str, **options: object) -> bytes:
    """One colour, of as many pixels as are read."""
    buffer = io.BytesIO()
    Pillow.new(mode, (SIDE, SIDE)).save(buffer, form, **options)
    return buffer.getvalue()


def noisy_jpeg() -> bytes:
    """A photograph-like JPEG with about as many bytes as a body may have."""
    draws = np.random.default_rng(0)
    buffer = io.BytesIO()
    pixels = draws.integers(0, 256, (3600, 3600, 3), dtype=np.uint8)
    Pillow.fromarray(pixels).save(buffer, "JPEG", quality=50)
    return buffer.getvalue()


def flac(rate: int, channels: int) -> bytes:
    """Silence, which FLAC packs a thousand times: two hours of it."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", rate, channels, "PCM_16", format="FLAC") as file:
        block = np.zeros((1 << 20, channels), np.int16)
        for _ in range(2 * 3600 * rate // (len(block) * channels)):
            file.write(block)
    return buffer.getvalue()


def wav(rate: int, channels: int, coding: str = "PCM_U8") -> bytes:
    """Noise, of as many bytes as a body may have."""
    draws = np.random.default_rng(0)
    per_value = {"PCM_U8": 1, "DOUBLE": 8, "IMA_ADPCM": 0.52}[coding]
    samples = draws.uniform(-0.5, 0.5, (int(BODY * 0.99 / per_value / channels), channels))
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, coding, format="WAV")
    return buffer.getvalue()


def opus() -> bytes:
    """Two hours of silence."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 48_000, 1, "OPUS", format="OGG") as file:
        for _ in range(120):
            file.write(np.zeros(60 * 48_000, np.float32))
    return buffer.getvalue()


WORST: dict[str, dict[str, Callable[[], bytes]]] = {
    "image": {
        "PNG, RGBA": lambda: picture("RGBA", "PNG"),
        "PNG, 16 bits": lambda: picture("I;16", "PNG"),
        "PNG, palette": lambda: picture("P", "PNG", transparency=0),
        "TIFF, floats": lambda: picture("F", "TIFF", compression="tiff_adobe_deflate"),
        "JPEG, CMYK": lambda: picture("CMYK", "JPEG"),
        "WebP, 16,383 on a side": lambda: _of(Pillow.new("RGBA", (16_383, 5_400)), "WEBP"),
        "JPEG, noise": noisy_jpeg,
    },
    "audio": {
        "FLAC, 48 kHz, 1 channel": lambda: flac(48_000, 1),
        "FLAC, 384 kHz, 8 channels": lambda: flac(384_000, 8),
        "WAV, 1 kHz": lambda: wav(1_000, 1),
        "WAV, 383,999 Hz": lambda: wav(383_999, 1),
        f"WAV, {MOST_CHANNELS} channels": lambda: wav(8_000, MOST_CHANNELS),
        "WAV, ADPCM": lambda: wav(8_000, 1, "IMA_ADPCM"),
        "Opus, 2 hours": opus,
    },
    "text": {
        "words": lambda: b"click the button " * (MOST_CHARACTERS // 17),
        "one word": lambda: b"x" * MOST_CHARACTERS,
        "emoji": lambda: "\U0001f600".encode() * MOST_CHARACTERS,
        "as many bytes as may be": lambda: b"x" * BODY,
    },
}
TYPES = {"image": "image/png", "audio": "audio/wav", "text": "text/plain"}


def _of(image: Pillow.Image, form: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, lossless=True)
    return buffer.getvalue()


def peak(pid: int) -> float:
    """Most megabytes in memory since `forget_peak`."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


def forget_peak(pid: int) -> None:
    """Begins to count anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def main() -> int:
    """Entry point."""
    server, port = started(Path(sys.argv[1]))
    small = {"image": picture_of_one_pixel(), "audio": wav_of_a_second(), "text": b"click"}
    try:
        told = get(port, "/problems")["problems"]
        for kind, files in WORST.items():
            name = next((one["name"] for one in told if one["inputs"] == kind), None)
            if name is None:
                continue
            ask(port, name, TYPES[kind], small[kind])  # compiles the functions
            for title, made in files.items():
                body = made()
                for _ in range(2):
                    before, begin = memory(server.pid), time.monotonic()
                    forget_peak(server.pid)
                    status, value = ask(port, name, TYPES[kind], body)
                    seconds, rose = time.monotonic() - begin, peak(server.pid) - before
                    said = json.dumps(value.get("error") or value.get("note", ""))[:90]
                    print(
                        f"{kind:5} {title:26} {len(body):>10,} bytes  {status}  {seconds:6.2f} s  "
                        f"{rose:+7,.0f} MB of {before:,.0f}  {said}",
                        flush=True,
                    )
    finally:
        server.terminate()
        server.wait(30)
    return 0


def picture_of_one_pixel() -> bytes:
    """A small file."""
    return _of(Pillow.new("RGB", (1, 1)), "PNG")


def wav_of_a_second() -> bytes:
    """A small file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(16_000), 16_000, format="WAV")
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
