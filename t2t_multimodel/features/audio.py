"""Audio: a waveform, or its log-mel spectrogram."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from t2t_multimodel.features import showing_sound, spec_augment
from t2t_multimodel.features.base import BadValue, Feature, Signature, Tokenizer, Unit
from t2t_multimodel.features.graph import Argument, GraphInput, GraphTokenizer
from t2t_multimodel.features.people import Medium, Shown
from t2t_multimodel.terminal import plural

if TYPE_CHECKING:
    from t2t_multimodel.config.data import DataConfig

WINDOW_SECONDS = 0.025
HOP_SECONDS = 0.010
_AHEAD = 16
RATES = (1_000, 384_000)
"""Lowest and highest rate that is resampled; a damaged header may say anything."""
FRAMES = 128
"""Log-mel frames of a sound that simple methods see; all are stretched to it."""


@dataclasses.dataclass(frozen=True)
class Audio(Feature):
    """Mono sound: a path, the bytes of a file (`sound_files` says which), or (samples, rate).

    Several channels are averaged, then sound of another rate is resampled.
    """

    rate: int
    """Samples a second."""
    form: Literal["log_mel", "waveform"] = "log_mel"
    """The form of what the model hears: log-mel frames every 10 ms, or samples (paper, 2.2)."""
    n_mels: int = 80
    """Frequency bins of a log-mel frame."""
    max_seconds: float = 20.0
    """Longer sound is left out and counted."""
    mask: float = dataclasses.field(default=0.0, repr=False)
    """In training two bands of mel bins and two stretches of time, each up to this part, are set
    to the mean (SpecAugment, arXiv 1904.08779); 0: none. For log-mel."""
    warp: float = dataclasses.field(default=0.0, repr=False)
    """In training the speed of speech varies by up to this rate along the clip, the formants by
    half of it; 0: not. For log-mel."""

    unit: ClassVar[Unit | None] = "frames"
    medium: ClassVar[Medium] = "audio"
    seen_as: ClassVar[str] = "log-mel frames"
    measures_all: ClassVar[bool] = False

    @property
    def per_unit(self) -> int:
        """Samples that last as long as a frame, for a waveform."""
        return 1 if self.form == "log_mel" else int(HOP_SECONDS * self.rate)

    @property
    def dtype(self) -> np.dtype:  # type: ignore[override]
        """float16 holds log-mel frames to 3 digits; samples are 16 bit."""
        return np.dtype(np.float16 if self.form == "log_mel" else np.int16)

    def signature(self, problem: str, tokenizer: Tokenizer | None) -> Signature:
        if self.form == "log_mel":
            identity = f"audio_log_mel/{self.rate}/{self.n_mels}"
            frames = int(self.max_seconds / HOP_SECONDS)
            return Signature("audio_log_mel", identity, 0, (None, self.n_mels), frames, "float32")
        samples = int(self.max_seconds * self.rate)
        identity = f"audio_waveform/{self.rate}"
        return Signature("audio_waveform", identity, 0, (None,), samples, "float32")

    def encode(
        self, value: str | Path | bytes | tuple[np.ndarray, int], tokenizer: Tokenizer | None
    ) -> np.ndarray:
        samples = self.samples(value)
        if len(samples) < int(WINDOW_SECONDS * self.rate):
            raise BadValue(f"audio of {plural(len(samples), 'sample')} is shorter than one frame")
        if self.form == "waveform":
            return np.round(np.clip(samples, -1, 1) * 32767).astype(self.dtype)
        frames = log_mel(samples, self.rate, self.n_mels)
        heard = frames[: int(self.max_seconds / HOP_SECONDS)]
        mean, spread = heard.mean(axis=0, keepdims=True), heard.std(axis=0, keepdims=True)
        return ((frames - mean) / (spread + 1e-5)).astype(self.dtype)

    @property
    def most_samples(self) -> int:
        """Samples at the declared rate that are looked at: one frame or sample too many tells that
        a sound is too long, and the rest of it need not be read, resampled or transformed.
        """
        if self.form == "waveform":
            return int(self.max_seconds * self.rate) + 1
        window, hop = int(WINDOW_SECONDS * self.rate), int(HOP_SECONDS * self.rate)
        return window + int(self.max_seconds / HOP_SECONDS) * hop

    def samples(self, value: str | Path | bytes | tuple[np.ndarray, int]) -> np.ndarray:
        """Float samples in -1 to 1 at the declared rate, `most_samples` of them at most.

        Raises:
            BadValue: the value is no sound.
        """
        # resampling looks this far ahead, in periods of the slower rate
        seconds = self.most_samples / self.rate + _AHEAD / min(self.rate, RATES[0])
        if isinstance(value, tuple):
            samples, rate = np.asarray(value[0]), int(value[1])
            samples = samples[: max(0, int(seconds * rate)) + 1]
            if samples.dtype == np.int16:
                samples = samples / np.float32(32768)
            elif samples.dtype.kind != "f" or samples.ndim > 2:
                raise BadValue(
                    "samples must be floats from -1 to 1 or int16, [n] or [n, channels], "
                    f"but are {samples.dtype} {list(samples.shape)}"
                )
        elif isinstance(value, (bytes, str, Path)):
            from t2t_multimodel.features.sound_files import read

            samples, rate = read(value, seconds)
        else:
            raise BadValue(
                "audio must be a path, encoded bytes or (samples, rate), "
                f"but is {type(value).__name__}"
            )
        if samples.ndim == 2:
            samples = samples.mean(axis=1)
        if samples.size == 0:
            raise BadValue("audio has no samples")
        if not np.isfinite(samples).all():
            raise BadValue("audio has samples that are not finite")
        return self._resampled(samples, rate)[: self.most_samples].astype(np.float32)

    def _resampled(self, samples: np.ndarray, rate: int) -> np.ndarray:
        if not RATES[0] <= rate <= RATES[1]:
            low, high = RATES
            raise BadValue(f"audio of {rate:,} samples a second; {low:,} to {high:,} are read")
        if rate == self.rate:
            return samples
        from scipy.signal import resample_poly

        common = int(np.gcd(rate, self.rate))
        return resample_poly(samples, self.rate // common, rate // common)

    def augment(self, array: np.ndarray, draws: np.random.Generator) -> np.ndarray:
        if self.form == "waveform":
            return array
        if self.warp:
            array = spec_augment.warp(array, self.warp, draws)
        return spec_augment.mask(array, self.mask, draws) if self.mask else array

    def with_augmentation(self, config: DataConfig) -> Audio:
        mask = self.mask if config.sound_mask is None else config.sound_mask
        warp = self.warp if config.sound_warp is None else config.sound_warp
        return dataclasses.replace(self, mask=mask, warp=warp)

    def decode(self, array: np.ndarray, tokenizer: Tokenizer | None) -> np.ndarray:
        return self.model_input(array)

    def length(self, array: np.ndarray) -> int:
        return len(array)

    def stored_shape(self) -> tuple[int, ...]:
        return (-1, self.n_mels) if self.form == "log_mel" else (-1,)

    def model_input(self, array: np.ndarray) -> np.ndarray:
        scale = np.float32(1 if self.form == "log_mel" else 1 / 32768)
        return array.astype(np.float32) * scale

    def parse(self, given: str | bytes) -> str | bytes:
        """The path of a file, or its content."""
        return given

    def shown(self, array: np.ndarray, tokenizer: Tokenizer | None) -> Shown:
        value = self.model_input(array)
        if self.form == "log_mel":
            return showing_sound.spectrogram_of(value, len(value) / 100)
        return showing_sound.sound(value, self.rate)

    def shown_value(self, value: Any) -> Shown:
        return showing_sound.sound(self.samples(value), self.rate)

    def spectrogram(self, value: Any) -> Shown | None:
        frames = log_mel(self.samples(value), self.rate, n_mels=40)
        even = (frames - frames.mean(axis=0)) / (frames.std(axis=0) + 1e-5)
        return showing_sound.spectrogram_of(even, len(frames) / 100)

    def simple(self, value: np.ndarray) -> np.ndarray:
        frames = value if self.form == "log_mel" else log_mel(value, self.rate, n_mels=40)
        return showing_sound.stretched(frames, FRAMES)

    def graph_value(self, value: Any) -> np.ndarray:
        return self.samples(value)

    def graph_arguments(self, signature: Signature) -> dict[str, Argument]:
        words = f"float32 [B, S], mono samples from -1 to 1 at {self.rate} Hz"
        return {
            "inputs": Argument("float32", (None,), words),
            "inputs_length": Argument("int32", (), "int32 [B], samples of each row"),
        }

    def graph_read(
        self, arguments: dict[str, Any], tokenizer: GraphTokenizer | None, signature: Signature
    ) -> GraphInput:
        from t2t_multimodel.features.sounds_in_graph import heard

        return GraphInput(*heard(arguments["inputs"], arguments["inputs_length"], self))

    def describe(self) -> str:
        return f"Audio {self.rate} Hz {self.form}"


def log_mel(samples: np.ndarray, rate: int, n_mels: int) -> np.ndarray:
    """Log-mel power spectrogram: 25 ms periodic Hann windows every 10 ms, HTK mel scale.

    Args:
        samples: float [n], at least one window long.
        rate: samples a second.
        n_mels: frequency bins.

    Returns:
        float32 [1 + (n - window) // hop, n_mels], log(power + 1e-6).
    """
    window, hop = int(WINDOW_SECONDS * rate), int(HOP_SECONDS * rate)
    n_fft = 1 << (window - 1).bit_length()
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(window + 1)[:-1], n_fft)) ** 2
    return np.log(power @ mel_bank(n_mels, n_fft, rate) + 1e-6).astype(np.float32)


@functools.cache
def mel_bank(n_mels: int, n_fft: int, rate: int) -> np.ndarray:
    """Triangular filters [n_fft // 2 + 1, n_mels], equally spaced on the HTK mel scale."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, n_mels + 2) / 2595) - 1)
    offsets = edges[:, None] - np.linspace(0, rate / 2, n_fft // 2 + 1)
    widths = np.diff(edges)[:, None]
    filters = np.minimum(-offsets[:-2] / widths[:-1], offsets[2:] / widths[1:])
    return np.maximum(0, filters).T
