"""Files of sounds are read to their end or to a bound, and what they tell is checked."""

from __future__ import annotations

import builtins
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from conftest import ROOT

from t2t_multimodel import Audio
from t2t_multimodel.features import BadValue
from t2t_multimodel.features.sound_files import read

RATE = 8000
FOUND = ROOT / "tests" / "features" / "sounds"
TONE = (0.3 * np.sin(np.arange(RATE) * 0.1)).astype(np.float32)
KINDS = {
    "WAV": ("PCM_16", "PCM_24", "FLOAT", "ULAW", "GSM610", "IMA_ADPCM", "MS_ADPCM", "G721_32"),
    "FLAC": ("PCM_S8", "PCM_16", "PCM_24"),
    "OGG": ("VORBIS", "OPUS"),
    "MP3": ("MPEG_LAYER_III",),
    "AIFF": ("PCM_16",),
    "AU": ("PCM_16",),
    "CAF": ("PCM_16",),
    "W64": ("PCM_16",),
    "RF64": ("PCM_16",),
}
ALL = [(form, coding) for form, codings in KINDS.items() for coding in codings]


def encoded(samples: np.ndarray, form: str = "WAV", coding: str = "PCM_16") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, coding, format=form)
    return buffer.getvalue()


def by_media(form: str, codec: str, rate: int = 16_000) -> bytes:
    """A second of a tone as FFmpeg's libraries write it."""
    av = pytest.importorskip("av")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = "mono"
        tone = (0.3 * np.sin(np.arange(rate) * 0.1)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate = rate
        size = stream.codec_context.frame_size or None
        kind = stream.codec_context.format.name
        resampler = av.AudioResampler(format=kind, layout="mono", rate=rate, frame_size=size)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return buffer.getvalue()


@pytest.mark.parametrize(("form", "coding"), ALL)
def test_every_coding_is_read_to_its_end(form: str, coding: str, tmp_path: Path) -> None:
    (tmp_path / "sound").write_bytes(encoded(TONE, form, coding))
    sound = read(tmp_path / "sound", 20)
    assert sound.rate == RATE
    assert 0 <= len(sound.samples) - len(TONE) < 400  # blocks of some codings are filled up
    if coding.startswith(("PCM", "FLOAT")):
        assert np.abs(sound.samples - TONE).max() < 0.01


@pytest.mark.parametrize(("form", "coding"), ALL)
def test_a_file_cut_at_62_percent_is_told(form: str, coding: str) -> None:
    data = encoded(TONE, form, coding)
    with pytest.raises(BadValue, match="cut|damaged|not a readable sound file"):
        read(data[: int(len(data) * 0.62)], 20)


def test_a_wav_that_is_cut_says_so() -> None:
    with pytest.raises(BadValue) as caught:
        read(encoded(TONE)[:9947], 20)
    assert str(caught.value) == "sound file is cut: 9,947 bytes of 16,044 are there"


def test_a_flac_of_unknown_length_is_read() -> None:
    assert len(read(FOUND / "c_flac_streamed_total0.flac", 20).samples) == 8000
    assert Audio(RATE, n_mels=20).encode(FOUND / "c_flac_streamed_total0.flac", None).shape == (
        (98, 20)
    )


@pytest.mark.parametrize("told", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000])
def test_a_wav_that_was_written_to_a_pipe_is_read(told: int) -> None:
    data = bytearray(encoded(TONE))
    data[40:44] = told.to_bytes(4, "little")
    assert len(read(bytes(data), 20).samples) == len(TONE)


def test_a_coding_without_seeking_is_read() -> None:
    assert len(read(FOUND / "d_GSM610.wav", 20).samples) == 8320


@pytest.mark.parametrize(
    ("form", "codec", "rate", "length"),
    [
        ("ipod", "aac", 16_000, 17_408),
        ("webm", "libopus", 48_000, 48_000),
        ("adts", "aac", 16_000, 17_408),
        ("wav", "libmp3lame", 16_000, 17_280),
    ],
)
def test_other_containers_are_read_where_pyav_is(
    form: str, codec: str, rate: int, length: int
) -> None:
    sound = read(by_media(form, codec, rate), 20)
    assert (sound.rate, np.abs(sound.samples).max() > 0.2) == (rate, True)
    assert abs(len(sound.samples) - length) < 3000  # by version of the coder


def test_a_webm_that_is_cut_is_told() -> None:
    data = by_media("webm", "libopus", 48_000)
    with pytest.raises(BadValue, match=r"^sound file is cut: 0\.\d s of 1\.0 s are there$"):
        read(data[: int(len(data) * 0.62)], 20)


def test_without_pyav_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "av":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadValue) as caught:
        read(b"\0\0\0\x20ftypM4A " + bytes(64), 20)
    assert str(caught.value) == (
        "M4A is read by PyAV, which is not installed: pip install 't2t-multimodel[media]'"
    )


@pytest.mark.parametrize("form", ["FLAC", "OGG"])
def test_one_flipped_bit_is_told_or_changes_nothing(form: str) -> None:
    data = encoded(TONE[:2000], form, KINDS[form][-1])
    whole = read(data, 20)
    draws, told = np.random.default_rng(0), 0
    for place in draws.integers(len(data) * 8, size=120):
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        try:
            sound = read(bytes(damaged), 20)
        except BadValue:
            told += 1
        else:
            assert sound.rate == whole.rate
            np.testing.assert_array_equal(sound.samples, whole.samples)
    assert told > 100


def test_no_more_is_read_than_is_heard() -> None:
    """An hour of silence in a small file is never unpacked, resampled or transformed."""
    hour = encoded(np.zeros(3600 * RATE, np.int16), "FLAC")
    assert len(read(hour, 2).samples) == 2 * RATE + 1
    for feature, longest in (
        (Audio(16_000, n_mels=20, max_seconds=2), 200),
        (Audio(16_000, form="waveform", max_seconds=2), 32_000),
    ):
        assert len(feature.encode(hour, None)) == longest + 1


@pytest.mark.parametrize("rate", [8000, 4000, 44_100])
def test_a_sound_that_is_cut_is_heard_as_its_first_part(rate: int) -> None:
    draws = np.random.default_rng(0)
    samples = draws.normal(0, 0.1, 3 * rate).astype(np.float32)
    feature = Audio(RATE, n_mels=20, max_seconds=2)
    cut = feature.encode((samples, rate), None)[:200].astype(np.float32)
    alone = feature.encode((samples[: 2 * rate], rate), None).astype(np.float32)
    assert np.abs(cut[:190] - alone[:190]).max() < 0.05  # statistics differ by the last frames
    assert np.abs(cut.mean(axis=0)).max() < 2e-3


def test_a_pipe_is_no_sound(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(BadValue) as caught:
        Audio(RATE).encode(tmp_path / "pipe.wav", None)
    assert str(caught.value) == "not a readable sound file: it is a pipe, not a file"


def test_a_file_whose_name_is_not_utf8_is_read(tmp_path: Path) -> None:
    path = Path(f"{tmp_path}/caf\udce9.wav")
    path.write_bytes(encoded(TONE))
    assert Audio(RATE, n_mels=20).encode(path, None).shape == (98, 20)
