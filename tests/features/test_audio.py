"""Audio: waveforms and log-mel spectrograms."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from t2t_multimodel import Audio
from t2t_multimodel.features import BadValue, Signature
from t2t_multimodel.features.audio import FRAMES, log_mel, mel_bank

RATE = 8000


def sine(hertz: float, seconds: float = 0.5, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate).astype(np.float32)


def encoded(samples: np.ndarray, form: str = "WAV", rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=form)
    return buffer.getvalue()


def mel(hertz: float) -> float:
    return 2595 * np.log10(1 + hertz / 700)


def mel_of_one_frame(samples: np.ndarray, n_mels: int, n_fft: int) -> np.ndarray:
    """The textbook's sums, one number at a time."""
    n = len(samples)
    window = [0.5 - 0.5 * np.cos(2 * np.pi * i / n) for i in range(n)]
    power = [
        abs(sum(samples[i] * window[i] * np.exp(-2j * np.pi * k * i / n_fft) for i in range(n)))
        ** 2
        for k in range(n_fft // 2 + 1)
    ]
    centres = [
        700 * (10 ** (mel(RATE / 2) * m / (n_mels + 1) / 2595) - 1) for m in range(n_mels + 2)
    ]
    energies = []
    for m in range(1, n_mels + 1):
        low, centre, high = centres[m - 1 : m + 2]
        energy = 0.0
        for k, value in enumerate(power):
            hertz = k * RATE / n_fft
            if low < hertz <= centre:
                energy += value * (hertz - low) / (centre - low)
            elif centre < hertz < high:
                energy += value * (high - hertz) / (high - centre)
        energies.append(np.log(energy + 1e-6))
    return np.array(energies)


def test_log_mel_is_the_textbooks_formula() -> None:
    samples = sine(700) + 0.3 * sine(2500)
    frames = log_mel(samples, RATE, 20)
    assert frames.dtype == np.float32
    for t in (0, 7):
        expected = mel_of_one_frame(samples[t * 80 : t * 80 + 200], 20, 256)
        assert np.allclose(frames[t], expected, atol=2e-3)


def test_a_frame_lasts_25_ms_and_begins_every_10() -> None:
    assert log_mel(np.zeros(200, np.float32), RATE, 8).shape == (1, 8)
    assert log_mel(np.zeros(279, np.float32), RATE, 8).shape == (1, 8)
    assert log_mel(np.zeros(280, np.float32), RATE, 8).shape == (2, 8)
    assert log_mel(np.zeros(RATE, np.float32), RATE, 8).shape == (98, 8)


@pytest.mark.parametrize("hertz", [300, 1000, 3000])
def test_a_pure_tone_peaks_in_the_band_of_its_pitch(hertz: float) -> None:
    bands = log_mel(sine(hertz), RATE, 40).mean(axis=0)
    assert abs(int(bands.argmax()) - (mel(hertz) / mel(RATE / 2) * 41 - 1)) <= 1


def test_silence_is_the_floor_of_the_logarithm() -> None:
    assert np.allclose(log_mel(np.zeros(400, np.float32), RATE, 8), np.log(1e-6))


def test_neighbouring_filters_add_up_to_one_between_the_outer_centres() -> None:
    bank = mel_bank(20, 256, RATE)
    assert bank.shape == (129, 20)
    inner = bank[(bank[:, 0].argmax() + 1) : bank[:, -1].argmax()]
    assert np.allclose(inner.sum(axis=1), 1)


def test_bands_are_normalised_over_the_clip() -> None:
    noise = np.random.default_rng(0).normal(size=RATE) * 0.1
    frames = Audio(RATE, n_mels=16).encode((noise, RATE), None)
    assert (frames.shape, frames.dtype) == ((98, 16), np.float16)
    assert np.allclose(frames.astype(np.float32).mean(axis=0), 0, atol=1e-2)
    assert np.allclose(frames.astype(np.float32).std(axis=0), 1, atol=1e-2)


def test_samples_are_kept_in_16_bits_and_come_back() -> None:
    feature = Audio(RATE, form="waveform")
    array = feature.encode((sine(440), RATE), None)
    assert array.dtype == np.int16
    back = feature.decode(array, None)
    assert back.dtype == np.float32
    assert np.abs(back - sine(440)).max() < 1e-4


def test_samples_beyond_full_scale_are_clipped() -> None:
    array = Audio(RATE, form="waveform").encode((np.full(400, 1.5), RATE), None)
    assert set(array.tolist()) == {32767}


def test_16_bit_samples_mean_the_same_as_floats() -> None:
    feature = Audio(RATE, form="waveform")
    floats = feature.encode((sine(440) / 2, RATE), None)
    integers = feature.encode(((sine(440) / 2 * 32768).astype(np.int16), RATE), None)
    assert np.abs(floats.astype(int) - integers).max() <= 2


def test_several_channels_are_averaged() -> None:
    feature = Audio(RATE, form="waveform")
    stereo = np.stack([sine(440), np.zeros(4000)], axis=1)
    assert np.array_equal(
        feature.encode((stereo, RATE), None), feature.encode((sine(440) / 2, RATE), None)
    )


@pytest.mark.parametrize("rate", [4000, 16000, 11025, 44100])
def test_another_rate_is_resampled_and_lasts_as_long(rate: int) -> None:
    feature = Audio(RATE, form="waveform")
    array = feature.decode(feature.encode((sine(440, rate=rate), rate), None), None)
    assert abs(len(array) - 4000) <= 1
    middle = slice(400, 3600)  # the filter sees past the ends
    assert np.abs(array[middle] - sine(440)[: len(array)][middle]).max() < 0.01


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_files_and_encoded_bytes_are_read(form: str, tmp_path: Path) -> None:
    path = tmp_path / "sound"
    path.write_bytes(encoded(sine(1000), form))
    feature = Audio(RATE, n_mels=40)
    for source in (path, str(path), path.read_bytes()):
        frames = feature.encode(source, None)
        assert abs(len(frames) - 48) <= 20
    exact = feature.encode((sine(1000), RATE), None)
    if form in ("WAV", "FLAC"):
        assert frames.shape == exact.shape


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ((np.zeros(0), RATE), "audio has no samples"),
        ((np.zeros(199), RATE), "audio of 199 samples is shorter than one frame"),
        ((np.array([0.0, np.nan] * 200), RATE), "audio has samples that are not finite"),
        (None, "audio must be a path, encoded bytes or (samples, rate), but is NoneType"),
        (
            (np.zeros(400, np.int32), RATE),
            "samples must be floats from -1 to 1 or int16, [n] or [n, channels], "
            "but are int32 [400]",
        ),
        ((np.zeros(400), 0), "audio of 0 samples a second; 1,000 to 384,000 are read"),
        ((np.zeros(400), 999_937), "audio of 999,937 samples a second; 1,000 to 384,000 are read"),
    ],
)
def test_what_is_no_sound_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(BadValue) as caught:
        Audio(RATE).encode(value, None)
    assert str(caught.value) == reason


@pytest.mark.parametrize("form", ["log_mel", "waveform"])
def test_one_frame_is_enough(form: Any) -> None:
    assert len(Audio(RATE, form=form).encode((np.zeros(200), RATE), None)) == (
        1 if form == "log_mel" else 200
    )


def test_an_unreadable_file_is_refused() -> None:
    for source in (b"no sound", "missing.wav", encoded(sine(440))[:20]):
        with pytest.raises(BadValue, match="^not a readable sound file: "):
            Audio(RATE).encode(source, None)


def test_a_header_that_claims_terabytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: Any, **__: Any) -> None:
        raise MemoryError("Unable to allocate 3.66 TiB")

    monkeypatch.setattr(soundfile.SoundFile, "read", read)
    with pytest.raises(BadValue, match="^not a readable sound file: Unable to allocate 3.66 TiB$"):
        Audio(RATE).encode(encoded(sine(440)), None)


def test_a_header_that_claims_hours_is_not_believed() -> None:
    flac = bytearray(encoded(sine(440), "FLAC"))
    flac[21:26] = bytes([flac[21] & 0xF0 | 1, 0, 0, 0, 0])  # 36 bits: samples of each channel
    with pytest.raises(BadValue) as caught:
        Audio(RATE).encode(bytes(flac), None)
    assert str(caught.value) == ("sound file is cut: 4,000 samples of 4,294,967,296 are there")


@pytest.mark.parametrize("rate", [1, 999, 384_001, 999_999_937])
def test_a_header_of_an_absurd_rate_is_refused(rate: int) -> None:
    wav = bytearray(encoded(sine(440)))
    wav[24:28] = rate.to_bytes(4, "little")
    with pytest.raises(BadValue, match=f"^audio of {rate:,} samples a second; "):
        Audio(RATE).encode(bytes(wav), None)


def test_the_model_is_told_the_form_and_the_longest_clip() -> None:
    assert Audio(RATE, n_mels=40, max_seconds=2).signature("mine", None) == (
        Signature("audio_log_mel", "audio_log_mel/8000/40", 0, (None, 40), 200, "float32")
    )
    assert Audio(RATE, form="waveform", max_seconds=2).signature("mine", None) == (
        Signature("audio_waveform", "audio_waveform/8000", 0, (None,), 16000, "float32")
    )


def test_both_forms_count_in_frames_of_10_ms() -> None:
    assert (Audio(RATE).unit, Audio(RATE).per_unit) == ("frames", 1)
    wave = Audio(RATE, form="waveform")
    assert (wave.unit, wave.per_unit, wave.length(np.zeros(800))) == ("frames", 80, 800)
    assert wave.describe() == "Audio 8000 Hz waveform"
    assert [field.name for field in dataclasses.fields(wave)] == [
        "rate",
        "form",
        "n_mels",
        "max_seconds",
        "mask",
        "warp",
    ]


def test_masks_silence_bands_and_stretches_in_training() -> None:
    frames = np.ones((100, 40), np.float16)
    feature = Audio(rate=8000, n_mels=40, mask=0.2)
    for seed in range(20):
        masked = feature.augment(frames, np.random.default_rng(seed)) == 0
        times, bands = masked.all(axis=1), masked.all(axis=0)
        assert times.sum() <= 40 and bands.sum() <= 16
        np.testing.assert_array_equal(masked, times[:, None] | bands[None])
    assert (frames == 1).all()
    assert Audio(rate=8000, n_mels=40).augment(frames, np.random.default_rng(0)) is frames


def test_warping_changes_the_speed_smoothly_and_keeps_the_length() -> None:
    ramp = np.repeat(np.linspace(0, 1, 200, dtype=np.float32)[:, None], 40, axis=1)
    feature = Audio(rate=8000, n_mels=40, warp=0.2)
    for seed in range(20):
        warped = feature.augment(ramp, np.random.default_rng(seed))
        assert (warped.shape, warped.dtype) == (ramp.shape, ramp.dtype)
        speed = np.diff(warped[:, 0]) * 199
        assert speed.min() > np.exp(-0.4) and speed.max() < np.exp(0.4)  # both ends at most apart
        assert warped[0, 0] == 0 and warped[-1, 0] == pytest.approx(1, abs=1e-5)


def test_warping_stretches_the_mel_axis() -> None:
    bins = np.repeat(np.arange(40, dtype=np.float32)[None], 50, axis=0)
    stretches = []
    for seed in range(20):
        warped = Audio(rate=8000, n_mels=40, warp=0.2).augment(bins, np.random.default_rng(seed))
        np.testing.assert_allclose(warped, np.repeat(warped[:1], 50, axis=0), rtol=1e-5)
        stretches.append(float(warped[0, 20]) / 20)
    assert np.exp(-0.1) <= min(stretches) < 0.97 and 1.03 < max(stretches) <= np.exp(0.1)


def test_frames_are_stretched_between_the_first_and_the_last() -> None:
    frames = np.asarray([[0.0, 10.0], [1.0, 20.0], [3.0, 30.0]], np.float16)
    stretched = Audio(8000, n_mels=2).simple(frames).reshape(FRAMES, 2)
    np.testing.assert_allclose(stretched[[0, -1]], frames[[0, -1]])
    at = 2 * 50 / (FRAMES - 1)
    np.testing.assert_allclose(stretched[50], [at, 10 + 10 * at], rtol=1e-6)
