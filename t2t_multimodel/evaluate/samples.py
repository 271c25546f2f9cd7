"""Samples: a few decoded examples with their inputs, in a form that needs no data to be shown."""

from __future__ import annotations

import base64
import dataclasses
import io
import wave
from collections.abc import Sequence
from typing import Any

import numpy as np

from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.evaluate.result import Output
from t2t_multimodel.features import Audio, ClassLabel, Feature, Image
from t2t_multimodel.metrics.score import references

SAMPLES = 4
"""Samples of each problem that a run keeps."""
BEST_CLASSES = 3
"""Classes of an output that are told, best first."""
TEXT, PICTURE, SOUND = "text/plain", "image/png", "audio/wav"
_LOUDEST = 3.0  # standard deviations of a mel bin, beyond which a spectrogram is white


@dataclasses.dataclass(frozen=True)
class Sample:
    """One example, as a person reads it."""

    number: int
    """`number` is the number of the example in its split."""
    type: str
    """`type` is the media type of the input: text/plain, image/png or audio/wav."""
    data: str
    """The input in base64; empty for text."""
    words: str
    """The text, or what kind of picture or sound there is."""
    target: str
    output: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        return dataclasses.asdict(self)


def samples_of(outputs: Sequence[Output], prepared: Prepared, split: str) -> list[Sample]:
    """Makes samples of up to `SAMPLES` outputs, evenly spaced.

    Args:
        outputs: decoded examples of one problem.
        prepared: the problem with its records.
        split: that the examples are of.
    """
    dataset, problem = prepared.dataset(split), prepared.problem
    tokenizer = problem.tokenizer("inputs", dict(prepared.tokenizers))
    places = np.linspace(0, len(outputs) - 1, min(SAMPLES, len(outputs))).astype(int)
    samples = []
    for one in (outputs[place] for place in places):
        array = dataset[one.number]["inputs"]
        value = problem.inputs.decode(array, tokenizer)
        type, data, words = _shown(problem.inputs, value)
        encoded = base64.b64encode(data).decode()
        target, output = _target(problem.targets, one), _output(problem.targets, one)
        samples.append(Sample(one.number, type, encoded, words, target, output))
    return samples


def _target(feature: Feature, one: Output) -> str:
    if isinstance(feature, ClassLabel):
        return _name(feature, one.target)
    return " / ".join(references(one.target))


def _output(feature: Feature, one: Output) -> str:
    if isinstance(feature, ClassLabel):
        return ", ".join(_name(feature, number) for number in one.output[:BEST_CLASSES])
    return str(one.output)


def _name(feature: ClassLabel, number: Any) -> str:
    return str(feature.decode(np.asarray(number), None))


def _shown(feature: Feature, value: Any) -> tuple[str, bytes, str]:
    """Type, bytes and description of an input as `Feature.decode` gives it."""
    if isinstance(feature, Image):
        return PICTURE, _png(value), f"picture {feature.width}x{feature.height}"
    if isinstance(feature, Audio) and feature.form == "log_mel":
        seconds = len(value) / 100
        return PICTURE, _png(spectrogram(value)), f"spectrogram of {seconds:.1f} s"
    if isinstance(feature, Audio):
        seconds = len(value) / feature.rate
        return SOUND, _wav(value, feature.rate), f"sound of {seconds:.1f} s"
    return TEXT, b"", str(value)


def spectrogram(frames: np.ndarray) -> np.ndarray:
    """Log-mel frames [n, mels], normalised, as uint8 [mels, n, 1]: low tones at the bottom."""
    light = (np.clip(frames, -_LOUDEST, _LOUDEST) + _LOUDEST) / (2 * _LOUDEST)
    return (255 * light.T[::-1, :, None]).astype(np.uint8)


def _png(pixels: np.ndarray) -> bytes:
    from t2t_multimodel.features.pictures import from_pixels

    file = io.BytesIO()
    from_pixels(np.ascontiguousarray(pixels)).save(file, "PNG")
    return file.getvalue()


def _wav(samples: np.ndarray, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()
