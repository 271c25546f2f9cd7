"""The kinds of sources besides text, tables and folders: from files to examples."""

from __future__ import annotations

import io
import json
import sys
import tarfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile
from PIL import Image as Pillow

from t2t_multimodel import Audio, BadValue, ClassLabel, Image, Text, UserError, register_problem
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.sources import (
    CocoCaptions,
    HuggingFaceDataset,
    SoundManifest,
    TfdsBuilder,
    Trees,
    WebDatasetTars,
)

SPLITS = ("train", "dev", "test")


def records(problem: type, raw_dir: Path, told: list[str] | None = None) -> Prepared:
    """Registers a class as `mine` and writes its records."""
    register_problem("mine")(problem)
    options = DatagenOptions(vocab_size=600, report=[].append if told is None else told.append)
    return generate(["mine"], raw_dir.parent / "data", raw_dir, options)["mine"]


def png(value: int, side: int = 6) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(np.full((side, side), value, np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


class Dictation(SoundManifest):
    """Tones to words."""

    inputs = Audio(rate=8000, n_mels=16)
    columns = ("path", "text")


def test_a_manifest_of_sounds(raw: Path) -> None:
    (raw / "wavs").mkdir()
    for i in range(3):
        soundfile.write(raw / "wavs" / f"{i}.wav", np.zeros(800) + 0.1 * i, 8000)
    for split in SPLITS:
        lines = [f"wavs/{i}.wav\tthis is {i}\n" for i in range(3)] + ["wavs/lost.wav\tgone\n"]
        (raw / f"{split}.tsv").write_text("".join(lines))
    told: list[str] = []
    prepared = records(Dictation, raw, told)
    assert {split: len(prepared.dataset(split)) for split in SPLITS} == dict.fromkeys(SPLITS, 3)
    assert [line for line in told if "lost" in line or "test.tsv:4" in line] != []


class MyTrees(Trees):
    """Sentences to trees."""


def test_a_tree_a_line(raw: Path) -> None:
    good = "( (S (NP-SBJ (DT The) (NN dog)) (VP (VBZ barks)) (. .)) )"
    bad = ["(S (NP (NN half)", "(S (NN a)) (S (NN b))", "(S (NP (-NONE- *)))"]
    for split in SPLITS:
        (raw / f"{split}.trees").write_text("\n".join([good, "", *bad, good]))
    register_problem("mine")(MyTrees)
    first, *middle, last = MyTrees().examples("test", raw)
    assert first == {
        "inputs": "The dog barks .",
        "targets": "(S (NP XX XX NP) (VP XX VP) . S)",
        "origin": "test.trees:1",
    }
    assert last["origin"] == "test.trees:6"
    assert [str(one["inputs"]) for one in middle] == [
        "the tree that begins here lacks 2 closing brackets",
        "the line holds 2 trees",
        "all of it is traces",
    ]
    assert len(records(MyTrees, raw).dataset("test")) == 2


class Captions(CocoCaptions):
    """Squares to words."""

    inputs = Image(4, 4)
    images = "{split}_pictures"


def test_captions_as_coco_lists_them(raw: Path) -> None:
    (raw / "annotations").mkdir()
    for split, word in (("train", "train2014"), ("dev", "val2014"), ("test", "test")):
        (raw / f"{split}_pictures").mkdir()
        for i in range(3):
            (raw / f"{split}_pictures" / f"{i}.png").write_bytes(png(100 * i))
        listed = {
            "images": [{"id": i, "file_name": f"{i}.png"} for i in range(3)],
            "annotations": [
                {"image_id": i, "caption": f"a {what} square {i}"}
                for i in range(3)
                for what in ("grey", "plain")
            ],
        }
        (raw / "annotations" / f"captions_{word}.json").write_text(json.dumps(listed))
    prepared = records(Captions, raw)
    example = prepared.dataset("dev")[2]
    assert int(example["inputs"].mean()) == 200
    register_problem("mine")(Captions)
    assert [one["targets"] for one in Captions().examples("test", raw)][0] == [
        "a grey square 0",
        "a plain square 0",
    ]


class Tars(WebDatasetTars):
    """Squares to shades."""

    source, target = "jpg;png", "cls"
    inputs, targets = Image(4, 4, 1), ClassLabel(3)


def write_tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def test_tars_of_webdataset(raw: Path) -> None:
    for split in SPLITS:
        for shard in range(2):
            files = {}
            for i in range(3):
                files[f"d/{shard}{i}.png"] = png(100 * i)
                files[f"d/{shard}{i}.cls"] = str(i).encode()
            files["d/99.png"] = png(0)  # an example without a class
            write_tar(raw / f"{split}-{shard:04d}.tar", files)
    told: list[str] = []
    prepared = records(Tars, raw, told)
    assert {split: len(prepared.dataset(split)) for split in SPLITS} == dict.fromkeys(SPLITS, 6)
    shades = [(int(one["inputs"].mean()), int(one["targets"])) for one in _all(prepared, "dev")]
    assert shades == [(0, 0), (100, 1), (200, 2)] * 2
    assert any(
        "dev-0000.tar:d/99" in line and "targets: there is no file .cls" in line for line in told
    )


def test_fields_of_json_in_tars(raw: Path) -> None:
    class Fields(WebDatasetTars):
        source, target = "txt", "json:meta.said"
        inputs = targets = Text()

    write_tar(
        raw / "train-0.tar",
        {
            "1.txt": b"ein wort",
            "1.json": b'{"meta": {"said": "a word"}}',
            "2.txt": b"zwei",
            "2.json": b"{",
        },
    )
    register_problem("mine")(Fields)
    one, two = Fields().examples_of(raw / "train-0.tar", "train", raw)
    assert (one["inputs"], one["targets"]) == ("ein wort", "a word")
    assert isinstance(two["targets"], BadValue)


def test_a_cut_tar_is_told(raw: Path) -> None:
    write_tar(raw / "train-0.tar", {"1.png": png(0), "1.cls": b"1"})
    whole = (raw / "train-0.tar").read_bytes()
    (raw / "train-0.tar").write_bytes(whole[:1200])
    register_problem("mine")(Tars)
    with pytest.raises(UserError, match=r"train-0.tar is cut or damaged"):
        list(Tars().examples_of(raw / "train-0.tar", "train", raw))


def _all(prepared: Prepared, split: str) -> Iterator[Any]:
    data = prepared.dataset(split)
    return (data[i] for i in range(len(data)))


class FromFolder(TfdsBuilder):
    """Pictures in the layout of tfds.ImageFolder."""

    inputs, targets = Image(4, 4), ClassLabel(names=("black", "white"))
    feature_map: ClassVar = {"inputs": "image", "targets": "label"}

    def make_builder(self, raw_dir: Path) -> Any:
        import tensorflow_datasets as tfds

        return tfds.ImageFolder(str(raw_dir))


def test_a_folder_by_tensorflow_datasets(raw: Path) -> None:
    for split in ("train", "test"):
        for name, value in (("black", 0), ("white", 255)):
            (raw / split / name).mkdir(parents=True)
            for i in range(2):
                (raw / split / name / f"{i}.png").write_bytes(png(value, side=5 + i))
    register_problem("mine")(FromFolder)
    found = list(FromFolder().examples("test", raw))
    assert sorted(one["targets"] for one in found) == ["black", "black", "white", "white"]
    assert {type(one["inputs"]) for one in found} == {bytes}  # of several sizes: `Image` resizes
    assert len(records(FromFolder, raw).dataset("train")) == 4


class Shipped(TfdsBuilder):
    """A data set that TensorFlow Datasets has written."""

    inputs, targets = Text(), ClassLabel(2)
    splits = ("train", "test")
    split_map: ClassVar = {"train": "train[:4]", "test": "train[4:]"}
    feature_map: ClassVar = {"inputs": "said.en", "targets": "label"}


@pytest.fixture
def written_by_tfds(raw: Path) -> Path:
    import tensorflow as tf
    import tensorflow_datasets as tfds

    features = tfds.features.FeaturesDict(
        {"said": {"en": tfds.features.Text()}, "label": tfds.features.ClassLabel(num_classes=2)}
    )
    builder = tfds.dataset_builders.store_as_tfds_dataset(
        name="sayings",
        version="1.0.0",
        features=features,
        split_datasets={
            "train": tf.data.Dataset.from_tensor_slices(
                {"said": {"en": [f"saying {i}" for i in range(6)]}, "label": [0, 1] * 3}
            )
        },
        data_dir=raw,
        disable_shuffling=True,
    )
    return Path(builder.data_path)


def test_a_prepared_data_set_by_its_folder(written_by_tfds: Path) -> None:
    register_problem("mine")(Shipped)
    found = [(one["inputs"], int(one["targets"])) for one in _rows(Shipped, written_by_tfds)]
    assert found == [("saying 4", 0), ("saying 5", 1)]


def test_a_prepared_data_set_by_its_name(written_by_tfds: Path) -> None:
    class Named(Shipped):
        builder = "sayings"

    register_problem("mine")(Named)
    found = [one["inputs"] for one in _rows(Named, written_by_tfds.parent.parent)]
    assert found == ["saying 4", "saying 5"]


def test_a_feature_that_the_data_set_lacks(written_by_tfds: Path) -> None:
    class Wrong(Shipped):
        feature_map: ClassVar = {"inputs": "said.de", "targets": "label"}

    register_problem("mine")(Wrong)
    with pytest.raises(UserError) as caught:
        _rows(Wrong, written_by_tfds)
    assert caught.value.message == (
        "Problem 'mine': the data set has no feature 'said.de'; it has label, said."
    )


def _rows(problem: type, raw_dir: Path) -> list[dict[str, Any]]:
    return list(problem().examples("test", raw_dir))


def test_no_data_set_of_tensorflow_datasets(raw: Path) -> None:
    register_problem("mine")(Shipped)
    with pytest.raises(UserError) as caught:
        _rows(Shipped, raw)
    assert caught.value.message.startswith(
        f"Problem 'mine': TensorFlow Datasets finds no data set in {raw}: "
    )


class FromHub(HuggingFaceDataset):
    """English to German."""

    inputs = targets = Text()
    feature_map: ClassVar = {"inputs": "translation.en", "targets": "translation.de"}


class Rows(list):  # type: ignore[type-arg]
    """Stands in for `datasets.Dataset`."""

    features: ClassVar = {"translation": {"en": "string", "de": "string"}}


ROWS = Rows({"translation": {"en": f"word {i}", "de": f"wort {i}"}} for i in range(3))


def fake_datasets(patch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Puts a module `datasets` in place that notes how it is called."""
    calls: list[tuple[Any, ...]] = []

    def load_dataset(kind: str, **arguments: Any) -> Rows:
        calls.append((kind, arguments))
        return ROWS

    def load_from_disk(path: str) -> Any:
        calls.append((path,))
        return {"train": ROWS} if Path(path, "dataset_dict.json").exists() else ROWS

    module = types.ModuleType("datasets")
    module.load_dataset = load_dataset  # type: ignore[attr-defined]
    module.load_from_disk = load_from_disk  # type: ignore[attr-defined]
    patch.setitem(sys.modules, "datasets", module)
    return calls


def test_files_by_hugging_face(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_datasets(monkeypatch)
    for split in ("train", "test"):
        (raw / f"{split}.parquet").write_bytes(b"")
    prepared = records(FromHub, raw)
    assert [len(prepared.dataset(split)) for split in ("train", "test")] == [3, 3]
    assert calls[-1] == (
        "parquet",
        {"data_files": {"test": [str(raw / "test.parquet")]}, "split": "test"},
    )


def test_folders_of_hugging_face(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_datasets(monkeypatch)
    (raw / "dataset_dict.json").write_text("{}")
    register_problem("mine")(FromHub)
    assert [one["targets"] for one in FromHub().examples("train", raw)] == [
        "wort 0",
        "wort 1",
        "wort 2",
    ]
    with pytest.raises(UserError) as caught:
        list(FromHub().examples("test", raw))
    assert str(caught.value) == (
        f"The data set in {raw} has no split 'test'; it has train.\n"
        'Write e.g. split_map = {"test": "train"}.'
    )


def test_without_the_package_of_hugging_face_the_extra_is_named(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    register_problem("mine")(FromHub)
    with pytest.raises(UserError) as caught:
        list(FromHub().examples("train", raw))
    assert str(caught.value) == (
        "Data sets of Hugging Face need the package datasets, which is not installed.\n"
        "pip install 't2t-multimodel[hf]'"
    )
