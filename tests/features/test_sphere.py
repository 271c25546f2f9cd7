"""SPHERE files: plain, compressed and damaged ones."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from t2t_multimodel import Audio
from t2t_multimodel.features import BadValue
from t2t_multimodel.features.sphere import checksum, read_header, read_sphere, ulaw_to_pcm
from t2t_multimodel.problems.twins.made_sphere import sphere


def voice(n: int = 5000, seed: int = 0) -> np.ndarray:
    """int16 [n]: a tone that swells, noise, silence and full scale."""
    draws = np.random.default_rng(seed)
    time = np.arange(n)
    wave = 8000 * np.sin(time / 9) * time / n + draws.normal(0, 40, n)
    wave[n // 2 : n // 2 + 700] = 0
    wave[-300:-200] = 32767
    wave[-200:-100] = -32768
    return wave.astype(np.int16)


@pytest.mark.parametrize("coding", ["pcm", "pcm-big-endian", "shorten"])
def test_every_coding_gives_the_same_samples(coding: str) -> None:
    samples, rate = read_sphere(sphere(voice(), 16000, coding))
    assert rate == 16000
    assert (samples.dtype, samples.shape) == (np.dtype(np.int16), (5000, 1))
    assert np.array_equal(samples[:, 0], voice())


@pytest.mark.parametrize("n", [1, 3, 255, 256, 257, 1024])
def test_compressed_sound_of_any_length_comes_back(n: int) -> None:
    for seed in range(5):
        wave = np.random.default_rng(seed).integers(-(4 ** (seed + 3)), 4 ** (seed + 3), n)
        data = sphere(wave.astype(np.int16), 16000, "shorten")
        assert read_sphere(data)[0][:, 0].tolist() == wave.astype(np.int16).tolist()


def test_version_1_of_shorten_is_read_as_well() -> None:
    data = sphere(voice(), 16000, "shorten")
    older = data.replace(b"ajkg\x02", b"ajkg\x01").replace(b"-v2.00", b"-v1.09")
    assert older != data
    assert np.array_equal(read_sphere(older)[0][:, 0], voice())


def test_compression_makes_smaller_files() -> None:
    assert len(sphere(voice(), 16000, "shorten")) < 0.9 * len(sphere(voice(), 16000))


def test_channels_stay_apart() -> None:
    stereo = np.stack([voice(seed=0), voice(seed=1)], axis=1)
    for coding in ("pcm", "pcm-big-endian"):
        assert np.array_equal(read_sphere(sphere(stereo, 8000, coding))[0], stereo)


def test_u_law_is_expanded_as_libsndfile_does() -> None:
    codes = np.arange(256, dtype=np.uint8)
    header = struct.pack(">4s5I", b".snd", 24, len(codes), 1, 8000, 1)  # Sun's format, in u-law
    expected, _ = soundfile.read(io.BytesIO(header + codes.tobytes()), dtype="int16")
    assert np.array_equal(ulaw_to_pcm(codes), expected)
    samples, rate = read_sphere(sphere(codes, 8000, "ulaw"))
    assert np.array_equal(samples[:, 0], expected)
    assert rate == 8000


def test_the_sum_is_of_16_bits() -> None:
    assert checksum(np.array([1, -2], np.int16)) == 65535
    assert read_header(sphere(voice(), 16000)).number("sample_checksum") == checksum(voice())


def test_audio_takes_sphere_files_by_what_is_in_them(tmp_path: Path) -> None:
    path = tmp_path / "011c0201.wv1"
    path.write_bytes(sphere(voice(), 16000, "shorten"))
    plain = Audio(16000).encode((voice(), 16000), None)
    for source in (path, str(path), path.read_bytes()):
        assert np.array_equal(Audio(16000).encode(source, None), plain)


GOOD = sphere(voice(), 16000)
SUM, LAST = checksum(voice()), int(voice()[-1])
SHORT = sphere(voice(), 16000, "shorten")
CONVERT = "; convert it with `sph2pipe -f wav -p FILE FILE.wav`"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"RIFF", "not a SPHERE file: it does not begin with NIST_1A and a size"),
        (GOOD.replace(b"end_head", b"end_hand"), "SPHERE header of 1024 bytes has no end_head"),
        (GOOD[:5000], "SPHERE file holds 1988 of its 5000 samples"),
        (GOOD.replace(b"sample_rate -i", b"sample_rate -s"), "SPHERE header: sample_rate is None"),
        (
            GOOD[:-2] + b"\x07\x00",
            "SPHERE file is damaged: its samples sum up to "
            f"{(SUM - LAST + 7) % 65536}, not to {SUM}",
        ),
        (
            GOOD.replace(b"-s3 pcm", b"-s3 alw"),
            f"SPHERE file of 1 channel, coded alw{CONVERT}",
        ),
        (
            SHORT.replace(b"pcm,emb", b"ulaw,em"),
            f"SPHERE file coded ulaw,emedded-shorten-v2.00{CONVERT}",
        ),
    ],
)
def test_a_damaged_file_says_what_is_wrong(data: bytes, reason: str) -> None:
    with pytest.raises(BadValue) as caught:
        read_sphere(data)
    assert str(caught.value) == reason


@pytest.mark.parametrize("keep", [1030, 1500, len(SHORT) // 2, len(SHORT) - 40])
def test_half_a_compressed_file_is_refused(keep: int) -> None:
    with pytest.raises(BadValue, match="^SPHERE file (holds|compressed by shorten)"):
        read_sphere(SHORT[:keep])
