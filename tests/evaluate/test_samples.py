"""Samples: what a person is shown of an example, whatever its kind."""

from __future__ import annotations

import base64
import io
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image as Pillow

from t2t_multimodel.evaluate.result import Output
from t2t_multimodel.evaluate.samples import Sample, samples_of
from t2t_multimodel.features import Audio, ClassLabel, Feature, Image, Text
from t2t_multimodel.features.showing_sound import spectrogram

LETTERS = ClassLabel(names=("a", "b", "c", "d"))


def samples(
    inputs: Feature, arrays: list[Any], outputs: list[Output], targets: Feature, target: Any = 2
) -> Any:
    problem = SimpleNamespace(inputs=inputs, targets=targets, tokenizer=lambda *_: Words())
    dataset = [{"inputs": array, "targets": np.asarray(target)} for array in arrays]
    prepared: Any = SimpleNamespace(
        problem=problem, tokenizers={}, dataset={"dev": dataset}.__getitem__
    )
    return samples_of(outputs, prepared, "dev")


class Words:
    def decode(self, ids: Any) -> str:
        return " ".join(f"word{i}" for i in ids if i > 1)


def output(number: int, *ranking: int) -> Output:
    return Output(number, 2, np.array(ranking or (2, 0, 1, 3)))


def test_of_many_outputs_four_are_kept_evenly_spaced() -> None:
    found = samples(Text("v"), [[5]] * 9, [output(n) for n in range(9)], LETTERS)
    assert [sample.number for sample in found] == [0, 2, 5, 8]


def test_of_few_outputs_all_are_kept() -> None:
    assert len(samples(Text("v"), [[5]] * 3, [output(n) for n in range(3)], LETTERS)) == 3
    assert samples(Text("v"), [], [], LETTERS) == []


def test_classes_are_named_the_best_three_first() -> None:
    (one,) = samples(Text("v"), [[5, 6]], [output(0, 3, 2, 0, 1)], LETTERS)
    assert one == Sample(0, "text/plain", "", "word5 word6", "c", "d, c, a")


def test_several_texts_are_all_told() -> None:
    outputs = [Output(0, ("word5", "word6"), "a cat")]
    (one,) = samples(Text("v"), [[5]], outputs, Text("v", several=True), [5, 1, 6, 1])
    assert (one.target, one.output) == ("word5 / word6", "a cat")


def test_a_picture_keeps_its_pixels() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    (one,) = samples(Image(2, 4), [pixels], [output(0)], LETTERS)
    assert (one.type, one.words) == ("image/png", "picture 4x2")
    with Pillow.open(io.BytesIO(base64.b64decode(one.data))) as shown:
        assert np.array_equal(np.asarray(shown), pixels)


def test_a_spectrogram_has_low_tones_at_the_bottom_and_time_to_the_right() -> None:
    frames = np.array([[-3.0, 0.0], [9.0, 1.5], [0.0, 0.0]])
    shown = spectrogram(frames)
    assert shown[:, :, 0].tolist() == [[127, 191, 127], [0, 255, 127]]
    (one,) = samples(Audio(8000, n_mels=2), [frames], [output(0)], LETTERS)
    assert (one.type, one.words) == ("image/png", "spectrogram of 0.0 s")


def test_a_waveform_can_be_heard() -> None:
    import soundfile

    wave = np.array([0, 16384, -16384, 0] * 1000, np.int16)
    (one,) = samples(Audio(8000, form="waveform"), [wave], [output(0)], LETTERS)
    assert (one.type, one.words) == ("audio/wav", "sound of 0.5 s")
    heard, rate = soundfile.read(io.BytesIO(base64.b64decode(one.data)), dtype="int16")
    assert rate == 8000
    assert np.abs(heard.astype(int) - wave).max() <= 1
