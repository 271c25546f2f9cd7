"""Datagen leaves out what can not be read, names file and reason, and keeps the rest."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from t2t_multimodel.data.datagen import DatagenOptions, generate
from t2t_multimodel.registry import problems


def break_a_photograph(folder: Path) -> None:
    path = sorted((folder / "val").rglob("*.JPEG"))[3]
    path.write_bytes(path.read_bytes()[:400])


def break_an_image_in_a_zip_file(folder: Path) -> None:
    with zipfile.ZipFile(folder / "val2014.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["val2014/COCO_val2014_000000000003.jpg"] = b"<html>not found</html>"
    with zipfile.ZipFile(folder / "val2014.zip", "w") as archive:
        for name, contents in files.items():
            archive.writestr(name, contents)


def empty_the_captions(folder: Path) -> None:
    path = folder / "dataset_coco.json"
    contents = json.loads(path.read_text())
    (image,) = [i for i in contents["images"] if i["filename"].endswith("val2014_000000000005.jpg")]
    image["sentences"] = []
    path.write_text(json.dumps(contents))


def cut_a_compressed_recording(folder: Path) -> None:
    (path,) = folder.rglob("440c0203.wv1")  # compressed by shorten
    path.write_bytes(path.read_bytes()[:6000])


def flip_a_byte_of_a_recording(folder: Path) -> None:
    (path,) = folder.rglob("440c0201.wv1")
    data = bytearray(path.read_bytes())
    data[3000] ^= 0x55
    path.write_bytes(data)


def lose_a_transcript(folder: Path) -> None:
    (path,) = folder.rglob("*440c0200.lsn")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:5]))


def empty_a_flac_file(folder: Path) -> None:
    (folder / "LibriSpeech/dev-clean/100/8/100-8-0002.flac").write_bytes(b"")


def misspell_a_phone(folder: Path) -> None:
    path = folder / "TIMIT/TEST/DR1/MDAB0/SX37.PHN"
    path.write_text(path.read_text().replace(" k", " c"))


@pytest.mark.parametrize(
    ("name", "harm", "split", "kept", "reason"),
    [
        (
            "imagenet",
            break_a_photograph,
            "test",
            15,
            "ILSVRC2012_val_00000010.JPEG): inputs: not a readable image: ",
        ),
        (
            "coco_caption",
            break_an_image_in_a_zip_file,
            "test",
            5,
            "test 0 example 1 (val2014.zip: COCO_val2014_000000000003.jpg): inputs: "
            "not a readable image: cannot identify image file",
        ),
        (
            "coco_caption",
            empty_the_captions,
            "test",
            5,
            "test 0 example 2 (val2014.zip: COCO_val2014_000000000005.jpg): targets: "
            "several texts must be a list of str, but are ()",
        ),
        (
            "wsj_speech",
            cut_a_compressed_recording,
            "test",
            5,
            "test example 3 (wsj0/si_et_20/440/440c0203.wv1): inputs: SPHERE file ",
        ),
        (
            "wsj_speech",
            flip_a_byte_of_a_recording,
            "test",
            5,
            "test example 1 (wsj0/si_et_20/440/440c0201.wv1): inputs: "
            "SPHERE file is damaged: its samples sum up to ",
        ),
        (
            "wsj_speech",
            lose_a_transcript,
            "test",
            5,
            "test example 5 (wsj0/si_et_20/440/440c0205.wv1): targets: it has no transcript",
        ),
        (
            "librispeech",
            empty_a_flac_file,
            "dev",
            9,
            "dev LibriSpeech/dev-clean/100 example 7 "
            "(LibriSpeech/dev-clean/100/8/100-8-0002.flac): inputs: not a readable sound file: ",
        ),
        (
            "timit_phones",
            misspell_a_phone,
            "test",
            2,
            "test example 2 (test/mdab0/sx37): targets: SX37.PHN has 'c', which is no phone",
        ),
    ],
)
def test_what_can_not_be_read_is_named_and_the_rest_is_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    harm: Callable[[Path], None],
    split: str,
    kept: int,
    reason: str,
) -> None:
    monkeypatch.setattr(problems.get(name), "train_shards", 2)
    problem = problems.get(name)()
    problem.tiny(tmp_path)
    harm(tmp_path)
    made = generate(
        [name], tmp_path / "data", tmp_path, DatagenOptions(vocab_size=600, report=lambda _: None)
    )
    manifest = made[name].dataset(split).manifest
    assert manifest["examples"] == kept
    assert sum(manifest["rejected"].values()) == 1
    (reasons,) = (shard["reasons"] for shard in manifest["shards"] if shard["reasons"])
    assert reason in next(iter(reasons.values()))[0]
