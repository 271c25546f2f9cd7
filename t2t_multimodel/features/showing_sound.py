"""Sound in other forms: as a picture, as a file, and stretched to a fixed length."""

from __future__ import annotations

import io
import wave

import numpy as np

from t2t_multimodel.features.people import PICTURE, SOUND, Shown

_LOUDEST = 3.0  # standard deviations of a mel bin, beyond which a spectrogram is white


def spectrogram_of(frames: np.ndarray, seconds: float) -> Shown:
    """Normalised log-mel frames [n, mels] as a picture."""
    from t2t_multimodel.features.pictures import png

    return Shown(f"spectrogram of {seconds:.1f} s", PICTURE, png(spectrogram(frames)))


def spectrogram(frames: np.ndarray) -> np.ndarray:
    """Log-mel frames [n, mels], normalised, as uint8 [mels, n, 1]: low tones at the bottom."""
    light = (np.clip(frames, -_LOUDEST, _LOUDEST) + _LOUDEST) / (2 * _LOUDEST)
    return (255 * light.T[::-1, :, None]).astype(np.uint8)


def sound(samples: np.ndarray, rate: int) -> Shown:
    """Samples from -1 to 1 as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(rate)
        stream.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return Shown(f"sound of {len(samples) / rate:.1f} s", SOUND, file.getvalue())


def stretched(frames: np.ndarray, most: int) -> np.ndarray:
    """Frames [T, mels] to float32 [most * mels], stretched or squeezed in time."""
    at = np.linspace(0, len(frames) - 1, most)
    before = at.astype(int)
    after = np.minimum(before + 1, len(frames) - 1)
    share = (at - before)[:, None].astype(np.float32)
    return (frames[before] * (1 - share) + frames[after] * share).reshape(-1)
