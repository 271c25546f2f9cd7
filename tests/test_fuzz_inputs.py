"""Damage of all kinds, drawn with a seed: never a traceback, never silently other content.

Where a format has a checksum, what is read of a damaged file is told or as it was; where it has
none, the file is read as something or refused with a reason.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image as Pillow

from t2t_multimodel import Audio, BadValue, Image, UserError, read_tfrecords
from t2t_multimodel.data import example_proto, reading
from t2t_multimodel.data import records as tfrecords
from t2t_multimodel.features.picture_files import FORMATS
from t2t_multimodel.features.picture_files import read as read_picture
from t2t_multimodel.features.sound_files import read as read_sound
from t2t_multimodel.problems.corpora import (
    amazon_queen,
    coco,
    emoji,
    fashion_mnist,
    libreoffice,
    librispeech,
)
from t2t_multimodel.problems.formats.archives import member_contents, tar_archive, whole
from t2t_multimodel.problems.formats.debian import read_deb
from t2t_multimodel.problems.formats.npm import read_npm
from t2t_multimodel.problems.formats.parallel import Source
from t2t_multimodel.problems.twins import coco_tiny, tiny_packages

TRIES = 40


def damaged(data: bytes, draws: random.Random) -> bytes:
    """A flipped bit, changed bytes, a cut, a hole, a doubled or an inserted piece."""
    kind, place = draws.randrange(6), draws.randrange(len(data))
    changed = bytearray(data)
    length = draws.randint(1, max(1, len(data) // 8))
    if kind == 0:
        changed[place] ^= 1 << draws.randrange(8)
    elif kind == 1:
        for _ in range(5):
            changed[draws.randrange(len(data))] = draws.randrange(256)
    elif kind == 2:
        del changed[place:]
    elif kind == 3:
        del changed[place : place + length]
    elif kind == 4:
        changed[place:place] = changed[place : place + length]
    else:
        changed[place:place] = draws.randbytes(length)
    return bytes(changed)


def flipped(data: bytes, draws: random.Random) -> bytes:
    """One flipped bit."""
    changed = bytearray(data)
    changed[draws.randrange(len(data))] ^= 1 << draws.randrange(8)
    return bytes(changed)


NOT_DRAWN = {"BUFR", "GRIB", "HDF5", "WMF"}
"""Formats that Pillow opens, but draws or writes with the help of another program only."""


def writable() -> list[str]:
    """Formats that this Pillow both opens by default and writes."""
    Pillow.init()
    return sorted((set(Pillow.OPEN) & set(Pillow.SAVE)) - NOT_DRAWN)


def picture(form: str) -> bytes | None:
    """A small picture in a format; None where Pillow writes none of these modes."""
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    for mode in ("RGB", "RGBA", "P", "L", "1", "F"):
        buffer = io.BytesIO()
        try:
            Pillow.fromarray(pixels).convert(mode).save(buffer, form)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return buffer.getvalue()
    return None


@pytest.mark.parametrize("form", writable())
def test_a_damaged_picture_is_read_or_refused(form: str) -> None:
    data, draws = picture(form), random.Random(form)
    if data is None:
        pytest.fail(f"no picture in {form}")
    for _ in range(TRIES):
        changed = damaged(data, draws)
        for feature in (Image(8, 8), Image(8, 8, 1, encoded=True)):
            try:
                array = feature.model_input(feature.encode(changed, None))
            except BadValue as error:
                assert str(error).startswith("not a readable image: ")
                assert "\n" not in str(error)
            else:
                assert array.shape == (8, 8, feature.channels)


OTHERS = {
    "CUR": b"\0\0\2\0\1\0" + bytes([1, 1, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0, 22, 0, 0, 0]) + bytes(48),
    "DCX": b"\xb1\x68\xde\x3a" + bytes(64),
    "FITS": b"SIMPLE  =                    T".ljust(80) + b"END".ljust(2800),
    "FLI": bytes([0, 1, 0, 0, 0x11, 0xAF, 1, 0, 8, 0, 8, 0]) + bytes(200),
    "FTEX": b"FTEX" + bytes(64),
    "GBR": b"\0\0\0\x20\0\0\0\2" + bytes(64),
    "GRIB": b"GRIB\0\0\0\1" + bytes(64),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(64),
    "MPEG": b"\0\0\1\xb3" + bytes(64),
    "PCD": bytes(2048) + b"PCD_" + bytes(2048),
    "PIXAR": b"\x80\xe8\0\0" + bytes(1100),
    "PSD": b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\4\0\0\0\4\0\x08\0\3" + bytes(200),
    "SUN": b"\x59\xa6\x6a\x95" + b"\0\0\0\1" * 7 + bytes(64),
    "WMF": b"\xd7\xcd\xc6\x9a" + bytes(64),
    "XPM": b'/* XPM */\nstatic char *a[] = {\n"1 1 1 1",\n". c #000000",\n"."\n};\n',
    "XVTHUMB": b"P7 332\n#END_OF_COMMENTS\n1 1 255\n\0",
}
"""Beginnings of files, or whole ones, of formats that Pillow opens and does not write."""


@pytest.mark.parametrize("form", sorted({*writable(), *OTHERS} - set(FORMATS)))
def test_other_decoders_are_not_tried_whatever_a_file_begins_with(form: str) -> None:
    data, draws = OTHERS.get(form) or picture(form), random.Random(form)
    assert data is not None
    tried = [data, *(damaged(data, draws) for _ in range(TRIES))]
    for one in tried:
        with pytest.raises(BadValue, match="^not a readable image: "):
            read_picture(one, 3)


def test_a_flipped_bit_in_a_png_never_changes_a_pixel_silently() -> None:
    data, draws = picture("PNG"), random.Random(1)
    assert data is not None
    whole = np.asarray(read_picture(data, 3))
    told = 0
    for _ in range(300):
        try:
            seen = np.asarray(read_picture(flipped(data, draws), 3))
        except BadValue:
            told += 1
        else:
            np.testing.assert_array_equal(seen, whole)
    assert told > 280


SOUNDS = [
    *(("WAV", "PCM_16"), ("WAV", "GSM610"), ("WAV", "IMA_ADPCM"), ("FLAC", "PCM_16")),
    *(("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16")),
    *(("AU", "PCM_16"), ("CAF", "PCM_16"), ("W64", "PCM_16"), ("RF64", "PCM_16")),
    *(("NIST", "PCM_16"), ("VOC", "PCM_16"), ("IRCAM", "PCM_16"), ("SVX", "PCM_16")),
    *(("WAVEX", "PCM_24"), ("WAV", "MS_ADPCM"), ("WAV", "FLOAT"), ("WAV", "ULAW")),
    *(("AIFF", "DOUBLE"), ("CAF", "ALAC_16"), ("AU", "G721_32"), ("PVF", "PCM_16")),
    *(("XI", "DPCM_16"), ("SDS", "PCM_16"), ("AVR", "PCM_16"), ("MAT4", "PCM_16")),
    *(("MAT5", "PCM_16"), ("MPC2K", "PCM_16"), ("PAF", "PCM_16"), ("HTK", "PCM_16")),
    *(("WVE", "ALAW"), ("FLAC", "PCM_24")),
]


def sound(form: str, coding: str) -> bytes:
    samples, buffer = 0.3 * np.sin(np.arange(2000) * 0.1), io.BytesIO()
    soundfile.write(buffer, samples, 8000, coding, format=form)
    return buffer.getvalue()


@pytest.mark.parametrize(("form", "coding"), SOUNDS)
def test_a_damaged_sound_is_read_or_refused(form: str, coding: str) -> None:
    data, draws = sound(form, coding), random.Random(form + coding)
    feature = Audio(8000, n_mels=8, max_seconds=1)
    for _ in range(TRIES):
        try:
            frames = feature.encode(damaged(data, draws), None)
        except BadValue as error:
            assert "\n" not in str(error) and str(error)
        else:
            assert frames.shape[1] == 8 and len(frames) <= 101


@pytest.mark.parametrize(("form", "coding"), [one for one in SOUNDS if one[0] in ("FLAC", "OGG")])
def test_a_flipped_bit_in_a_sound_never_changes_a_sample_silently(form: str, coding: str) -> None:
    data, draws = sound(form, coding), random.Random(2)
    whole = read_sound(data, 10)
    for _ in range(TRIES):
        try:
            heard = read_sound(flipped(data, draws), 10)
        except BadValue:
            continue
        assert heard.rate == whole.rate
        np.testing.assert_array_equal(heard.samples, whole.samples)


def in_container(form: str, coding: str) -> bytes:
    """A sound as FFmpeg's libraries write it."""
    av = pytest.importorskip("av")
    buffer, samples = io.BytesIO(), (8000 * np.sin(np.arange(8000) * 0.1)).astype(np.int16)
    with av.open(buffer, "w", format=form) as file:
        stream = file.add_stream(coding, rate=48_000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = 48_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("form", "coding"), [("ipod", "aac"), ("webm", "libopus"), ("adts", "aac")]
)
def test_a_damaged_container_is_read_or_refused(form: str, coding: str) -> None:
    data, draws = in_container(form, coding), random.Random(form)
    feature = Audio(8000, n_mels=8, max_seconds=1)
    assert len(feature.encode(data, None)) > 10
    for _ in range(TRIES):
        try:
            frames = feature.encode(damaged(data, draws), None)
        except BadValue as error:
            assert "\n" not in str(error) and str(error)
        else:
            assert frames.shape[1] == 8 and len(frames) <= 101


Reader = Callable[[Path], Any]
FILES = {
    "./usr/share/libreoffice/help/de/text/a.html": b"<h1>1</h1><p>Eins zwei.</p>" * 20,
    "./usr/share/b.txt": bytes(range(256)) * 8,
}


def content(value: Any) -> Any:
    """What was read, to be compared."""
    return list(value) if isinstance(value, Iterator) else value


def write_deb(path: Path) -> None:
    tiny_packages.write_deb(path, FILES)


def write_npm(path: Path) -> None:
    tiny_packages.write_npm(path, {name.removeprefix("./"): data for name, data in FILES.items()})


def write_emoji(path: Path) -> None:
    tiny_packages.write_npm(path, emoji.tiny_names("en"))


def write_drawings(path: Path) -> None:
    tiny_packages.write_npm(path, emoji.tiny_drawings("google"))


def write_lines(path: Path) -> None:
    path.write_bytes(tiny_packages.tar({"a/x.en": b"one\ntwo\n" * 99, "a/x.de": b"eins"}, "gz"))


def write_text(path: Path) -> None:
    path.write_bytes(gzip.compress(b"one\ntwo\n" * 99, mtime=0))


def write_xz(path: Path) -> None:
    path.write_bytes(lzma.compress(b"one\ntwo\n" * 99))


def write_bz2(path: Path) -> None:
    path.write_bytes(bz2.compress(b"one\ntwo\n" * 99))


def write_records(path: Path) -> None:
    values = [{"inputs": np.arange(n + 5, dtype=np.int32)} for n in range(20)]
    tfrecords.write_records(path, map(example_proto.to_bytes, values))


def records(path: Path) -> Any:
    """The records that are sound; a `UserError` where one is not, as datagen tells it."""
    found = list(reading.guarded(lambda: read_tfrecords(path), path.name, "records"))
    faults = [str(one) for one in found if isinstance(one, BadValue)]
    if faults:
        raise UserError(f"{path.name}: {faults[0]}")
    return found


def write_speech(path: Path) -> None:
    files = {"a/1/2/1-2.trans.txt": b"1-2-0 HOPE\n", "a/1/2/1-2-0.flac": sound("FLAC", "PCM_16")}
    path.write_bytes(tiny_packages.tar(files, "gz"))


def write_zip(path: Path) -> None:
    coco_tiny.write_zips(path.parent)
    path.write_bytes((path.parent / "annotations_trainval2014.zip").read_bytes())


def drawings(path: Path) -> Any:
    names = {chr(code): "thing" for code in range(0x1F600, 0x1F650)}
    found = emoji.read_drawings(path, "google", names)
    return [(one.unified, np.asarray(one.pixels).tolist()) for one in found]


def speech(path: Path) -> Any:
    return list(librispeech.read(path.parent, path.name))


def captions(path: Path) -> Any:
    coco.forget()
    return coco._annotated(path, "val2014")


CHECKED: dict[str, tuple[Callable[[Path], None], Reader]] = {
    "x_1.deb": (write_deb, lambda path: read_deb(path, lambda name: True)),
    "y_1.deb": (write_deb, lambda path: libreoffice.read_pages(path, "de")),
    "x.tgz": (write_npm, lambda path: read_npm(path, lambda name: True)),
    "names.tgz": (write_emoji, lambda path: emoji.read_names(path, "en")),
    "drawings.tgz": (write_drawings, drawings),
    "lines.tgz": (write_lines, lambda path: Source(path, "x.de").lines()),
    "x.en.gz": (write_text, lambda path: Source(path).lines()),
    "x.en.xz": (write_xz, lambda path: Source(path).lines()),
    "x.en.bz2": (write_bz2, lambda path: Source(path).lines()),
    "x.tfrecord": (write_records, records),
    "speech.tar.gz": (write_speech, speech),
    "captions.zip": (write_zip, captions),
}
"""File -> what writes it and what reads it, of formats that have checksums."""


@pytest.mark.parametrize("name", CHECKED)
def test_a_damaged_archive_is_told_or_read_as_it_was(name: str, tmp_path: Path) -> None:
    write, read = CHECKED[name]
    path, draws, told = tmp_path / name, random.Random(name), 0
    write(path)
    data, whole = path.read_bytes(), content(read(path))
    for number in range(2 * TRIES):
        changed = (flipped if number % 2 else damaged)(data, draws)
        if changed == data:
            continue
        path.write_bytes(changed)
        try:
            found = content(read(path))
        except UserError as error:
            assert name in error.message and "\n" not in error.message
            told += 1
        else:
            assert found == whole
    assert told > TRIES // 2


def test_a_damaged_archive_without_checksums_is_read_or_refused(tmp_path: Path) -> None:
    path, draws = tmp_path / "queen.1c", random.Random(4)
    data = amazon_queen.tiny_archive()
    for _ in range(2 * TRIES):
        path.write_bytes(damaged(data, draws))
        with suppress(UserError):
            with whole(path):
                archive = amazon_queen.read_archive(path)
                for one in amazon_queen.utterances(archive):
                    assert isinstance(archive.read_clip(one.clip), bytes)


def test_damaged_tars_of_imagenet_are_read_or_refused(tmp_path: Path) -> None:
    files = {f"n0000000{n}/{n}.JPEG": (picture("JPEG") or b"") for n in range(3)}
    data, draws = tiny_packages.tar(files, ""), random.Random(5)
    path = tmp_path / "x.tar"
    for _ in range(TRIES):
        path.write_bytes(damaged(data, draws))
        with suppress(UserError), whole(path), tar_archive(path) as archive:
            for member in archive:
                assert isinstance(member_contents(archive, member), bytes)


def test_damaged_images_of_fashion_are_told_or_as_they_were(tmp_path: Path) -> None:
    fashion_mnist.write_tiny(tmp_path, 30, 20)
    whole, draws = fashion_mnist.read_fashion_mnist(tmp_path, "t10k"), random.Random(3)
    for file in sorted(tmp_path.glob("t10k-*")):
        data = file.read_bytes()
        for _ in range(TRIES):
            file.write_bytes(damaged(data, draws))
            try:
                found = fashion_mnist.read_fashion_mnist(tmp_path, "t10k")
            except UserError as error:
                assert "t10k-" in error.message
            else:
                assert all(np.array_equal(a, b) for a, b in zip(found, whole, strict=True))
        file.write_bytes(data)


def test_deep_and_odd_json_is_told(tmp_path: Path) -> None:
    for text in ("[" * 100_000, '{"images": ' + "{" * 5, "null", '{"images": [null]}', "\x00", ""):
        (tmp_path / "dataset_coco.json").write_text(text)
        coco.forget()
        with pytest.raises(UserError, match="dataset_coco.json is not as COCO publishes it"):
            coco.karpathy_split(tmp_path, "")


def test_a_zip_of_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    from t2t_multimodel.problems.formats import archives

    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", json.dumps([0] * 1000))
    archive = archives.zip_archive(tmp_path / "x.zip")
    archive.getinfo("a").file_size = archives.MOST_BYTES + 1
    assert str(archives.zip_contents(archive, "a")) == (
        f"x.zip: a has more than {archives.MOST_BYTES:,} bytes"
    )
    archive.close()
