"""coco_caption reads COCO's files, zipped or not, in two splits."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from helpers.twin_run import tiny_run

from t2t_multimodel import BadValue, Text, UserError
from t2t_multimodel.problems.caption.coco import CocoCaption, CocoCaption2014, CocoVocabulary
from t2t_multimodel.problems.twins.coco_tiny import annotated, captions, karpathy, write_zips

ZIPS = ("annotations_trainval2014.zip", "train2014.zip", "val2014.zip")


def unpack(folder: Path) -> None:
    for name in ZIPS:
        with zipfile.ZipFile(folder / name) as archive:
            archive.extractall(folder)
        (folder / name).unlink()


def read(problem: Any, folder: Path, split: str) -> list[tuple[bytes, tuple[str, ...]]]:
    """Contents and captions of each image."""
    return [
        (x.read_bytes() if isinstance(x := e["inputs"], Path) else x, e["targets"])
        for e in problem().examples(split, folder)
    ]


def test_a_tiny_twin_goes_all_the_way_with_all_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CocoCaption, "train_shards", 2)
    small = dataclasses.replace(CocoCaption.inputs, height=32, width=32)
    monkeypatch.setattr(CocoCaption, "inputs", small)
    run = tiny_run("coco_caption", tmp_path)
    dataset = run.prepared.dataset("test")
    assert len(dataset) == 6
    feature = run.prepared.problem.targets
    assert isinstance(feature, Text)
    (tokenizer,) = run.prepared.tokenizers.values()
    references = feature.references(dataset[0]["targets"], tokenizer)
    assert references == tuple(" ".join(caption.split()) for caption in captions(1))


def test_karpathys_split_counts_restval_as_train(tmp_path: Path) -> None:
    write_zips(tmp_path)
    numbers = {
        split: [e["origin"] for e in CocoCaption().examples(split, tmp_path)]
        for split in CocoCaption.splits
    }
    assert len(numbers["train"]) == 20 + 3
    assert numbers["train"][-1] == "val2014.zip: COCO_val2014_000000000010.jpg"
    assert numbers["dev"] == [f"val2014.zip: COCO_val2014_{n:012d}.jpg" for n in (0, 4, 8)]
    assert numbers["test"][:2] == [f"val2014.zip: COCO_val2014_{n:012d}.jpg" for n in (1, 3)]


def test_cocos_own_split_is_its_two_years(tmp_path: Path) -> None:
    write_zips(tmp_path)
    (tmp_path / "dataset_coco.json").unlink()
    train, test = (read(CocoCaption2014, tmp_path, split) for split in ("train", "test"))
    assert (len(train), len(test)) == (20, 12)
    assert test[3][1] == (
        "A yellow square in the left of a grey field.",
        "a yellow square on the left side",
        "There is a yellow box.",
        "yellow paint on a wall",
        "a picture of something yellow",
    )


@pytest.mark.parametrize("problem", [CocoCaption, CocoCaption2014])
def test_unpacked_files_give_the_same(tmp_path: Path, problem: Any) -> None:
    (tmp_path / "zips").mkdir()
    write_zips(tmp_path / "zips")
    (tmp_path / "folders" / "coco").mkdir(parents=True)
    write_zips(tmp_path / "folders" / "coco")
    unpack(tmp_path / "folders" / "coco")
    for split in problem.splits:
        assert read(problem, tmp_path / "zips", split) == read(problem, tmp_path / "folders", split)
    assert problem().source_files(tmp_path / "folders")[-2:] == [
        tmp_path / "folders" / "coco" / name for name in ("train2014", "val2014")
    ]


def test_karpathys_file_may_stay_in_its_zip(tmp_path: Path) -> None:
    write_zips(tmp_path)
    expected = read(CocoCaption, tmp_path, "test")
    other = tmp_path / "other"
    other.mkdir()
    write_zips(other)
    with zipfile.ZipFile(other / "caption_datasets.zip", "w") as archive:
        archive.write(other / "dataset_coco.json", "dataset_coco.json")
        archive.writestr("dataset_flickr8k.json", "{}")
    (other / "dataset_coco.json").unlink()
    assert read(CocoCaption, other, "test") == expected


def test_the_vocabulary_is_learned_from_train2014_by_either_file(tmp_path: Path) -> None:
    write_zips(tmp_path)
    by_karpathy = list(CocoVocabulary().text(tmp_path))
    assert CocoVocabulary().source_files(tmp_path) == [tmp_path / "dataset_coco.json"]
    other = tmp_path / "other"
    other.mkdir()
    write_zips(other)
    (other / "dataset_coco.json").unlink()
    assert len(by_karpathy) == 20 * 5
    assert list(CocoVocabulary().text(other)) == by_karpathy
    assert CocoVocabulary().source_files(other) == [other / "annotations_trainval2014.zip"]


def test_an_image_that_is_not_there_is_named(tmp_path: Path) -> None:
    contents = karpathy()
    contents["images"][0]["filename"] = "COCO_train2014_000000099999.jpg"
    write_zips(tmp_path)
    (tmp_path / "dataset_coco.json").write_text(json.dumps(contents))
    first = next(CocoCaption().examples("train", tmp_path))
    assert isinstance(first["inputs"], BadValue)
    assert str(first["inputs"]) == (
        "train2014.zip holds no train2014/COCO_train2014_000000099999.jpg"
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("split", "validation", "its split 'validation' is none of train, restval, val, test"),
        ("split", None, "its split None is none of train, restval, val, test"),
        ("filepath", "train2017", "its filepath 'train2017' is none of train2014, val2014"),
        ("sentences", None, "'NoneType' object is not iterable"),
    ],
)
def test_an_odd_record_of_the_split_is_left_out_and_told(
    tmp_path: Path, key: str, value: str | None, said: str
) -> None:
    contents = karpathy()
    contents["images"][3][key] = value
    write_zips(tmp_path)
    (tmp_path / "dataset_coco.json").write_text(json.dumps(contents))
    found = list(CocoCaption().examples("train", tmp_path))
    assert len(found) == 23
    assert [str(one["targets"]) for one in found if isinstance(one["targets"], BadValue)] == [said]
    assert found[-1]["origin"] == "train2014.zip: image 3 of the captions"
    assert len(list(CocoVocabulary().text(tmp_path))) == 19 * 5


def test_an_odd_annotation_is_left_out_and_told(tmp_path: Path) -> None:
    write_zips(tmp_path)
    contents = annotated("val2014")
    contents["annotations"][0]["image_id"] = None
    contents["annotations"][1]["image_id"] = 999
    contents["images"].append({"id": 3})
    with zipfile.ZipFile(tmp_path / "annotations_trainval2014.zip", "w") as archive:
        archive.writestr("captions_train2014.json", json.dumps(annotated("train2014")))
        archive.writestr("captions_val2014.json", json.dumps(contents))
    found = list(CocoCaption2014().examples("test", tmp_path))
    assert [len(one["targets"]) for one in found[:3]] == [4, 4, 5]
    assert [(one["origin"], str(one["inputs"])) for one in found[12:]] == [
        ("val2014.zip: image 12 of the captions", "KeyError: 'file_name'"),
        (
            "val2014.zip: annotation 0 of the captions",
            "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
        ),
        ("val2014.zip: captions 12 of the captions", "KeyError: 999"),
    ]


def test_a_damaged_image_in_a_zip_file_is_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    write_zips(tmp_path)
    data = bytearray((tmp_path / "val2014.zip").read_bytes())
    at = data.index(b"\xff\xd8\xff", 4000) + 30  # in the third image or so
    data[at] ^= 0xFF
    (tmp_path / "val2014.zip").write_bytes(data)
    values = [e["inputs"] for e in CocoCaption2014().examples("test", tmp_path)]
    bad = [str(value) for value in values if isinstance(value, BadValue)]
    assert len(values) == 12
    assert len(bad) == 1
    assert bad[0].startswith("val2014.zip is damaged: Bad CRC-32 for file 'val2014/COCO_val2014_")


def test_files_that_changed_are_read_anew(tmp_path: Path) -> None:
    write_zips(tmp_path)
    CocoCaption().source_files(tmp_path)
    assert len(read(CocoCaption, tmp_path, "dev")) == 3
    contents = karpathy()
    contents["images"] = [i for i in contents["images"] if i["cocoid"] != 4]
    (tmp_path / "dataset_coco.json").write_text(json.dumps(contents))
    CocoCaption().source_files(tmp_path)
    assert len(read(CocoCaption, tmp_path, "dev")) == 2


def test_a_file_that_is_no_zip_is_an_error(tmp_path: Path) -> None:
    write_zips(tmp_path)
    (tmp_path / "train2014.zip").write_bytes(b"<html>")
    with pytest.raises(UserError) as caught:
        next(CocoCaption().examples("train", tmp_path))
    assert str(caught.value) == (
        f"{tmp_path / 'train2014.zip'} is no zip file: File is not a zip file.\nGet the file again."
    )


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ("{", "Expecting property name"),
        ('{"images": [{}]}', "KeyError: 'sentences'"),
        ('{"images": 3}', "'int' object is not iterable"),
    ],
)
def test_captions_in_another_format_are_an_error(tmp_path: Path, contents: str, said: str) -> None:
    write_zips(tmp_path)
    (tmp_path / "dataset_coco.json").write_text(contents)
    with pytest.raises(UserError) as caught:
        next(CocoCaption().examples("train", tmp_path))
    beginning = f"{tmp_path / 'dataset_coco.json'} is not as COCO publishes it ({said}"
    assert caught.value.message.startswith(beginning)


@pytest.mark.parametrize(
    ("problem", "name", "missing"),
    [
        (CocoCaption, "dataset_coco.json", "dataset_coco.json or annotations/dataset_coco.json or"),
        (CocoCaption, "val2014.zip", "val2014 or val2014.zip."),
        (
            CocoCaption2014,
            "annotations_trainval2014.zip",
            "annotations/captions_train2014.json or captions_train2014.json or annotations_",
        ),
    ],
)
def test_a_missing_file_is_named_with_the_whole_page(
    tmp_path: Path, problem: Any, name: str, missing: str
) -> None:
    write_zips(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(UserError) as caught:
        problem().source_files(tmp_path)
    assert caught.value.message.startswith(f"Not found in {tmp_path}: {missing}")
    assert caught.value.fix == problem.how_to_get
