"""imagenet reads four layouts alike."""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.twin_run import tiny_run
from scipy.io import savemat

from t2t_multimodel import UserError
from t2t_multimodel.data.example_proto import Example
from t2t_multimodel.data.records import write_records
from t2t_multimodel.problems.corpora import imagenet
from t2t_multimodel.problems.image.imagenet import ImageNet
from t2t_multimodel.problems.twins.imagenet_tiny import (
    CLASS_IDS,
    train_images,
    validation_images,
    write_class_folders,
)


def read(folder: Path, split: str) -> list[tuple[bytes, int]]:
    """Contents and label of each image."""
    examples = ImageNet().examples(split, folder)
    return [
        (x.read_bytes() if isinstance(x := e["inputs"], Path) else x, e["targets"])
        for e in examples
    ]


def test_a_tiny_twin_goes_all_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageNet, "train_shards", 3)
    monkeypatch.setattr(
        ImageNet, "inputs", dataclasses.replace(ImageNet.inputs, height=32, width=32)
    )
    run = tiny_run("imagenet", tmp_path)
    sizes = {split: len(run.prepared.dataset(split)) for split in ImageNet.splits}
    assert sizes == {"train": 32, "dev": 8, "test": 16}
    stored = run.prepared.dataset("test")[0]["inputs"]
    assert stored[:2].tobytes() == b"\xff\xd8"  # a JPEG file as it was


def test_class_folders_are_labelled_in_alphabetical_order(tmp_path: Path) -> None:
    write_class_folders(tmp_path)
    splits = {split: read(tmp_path, split) for split in ("train", "dev", "test")}
    assert {split: len(found) for split, found in splits.items()} == {
        "train": 32,
        "dev": 8,
        "test": 16,
    }
    expected = {image: label for label, _, image in (*train_images(), *validation_images())}
    assert all(expected[image] == label for found in splits.values() for image, label in found)
    first = next(ImageNet().examples("dev", tmp_path))
    path = tmp_path / "train" / CLASS_IDS[99] / f"{CLASS_IDS[99]}_0.JPEG"
    assert first == {"inputs": path, "targets": 99, "origin": str(path)}


@pytest.mark.parametrize("place", ["imagenet", "imagenet/ILSVRC/Data/CLS-LOC"])
def test_class_folders_may_lie_deeper(tmp_path: Path, place: str) -> None:
    write_class_folders(tmp_path / place)
    assert len(read(tmp_path, "test")) == 16
    assert ImageNet().source_files(tmp_path)[0] == tmp_path / place / "train" / CLASS_IDS[0]


def test_a_missing_class_is_an_error_since_labels_would_shift(tmp_path: Path) -> None:
    write_class_folders(tmp_path)
    (tmp_path / "train" / CLASS_IDS[5]).rmdir()
    with pytest.raises(UserError) as caught:
        read(tmp_path, "train")
    assert caught.value.message == f"{tmp_path / 'train'} holds 999 classes of ImageNet, not 1,000."


def flat_validation(folder: Path) -> list[tuple[str, int]]:
    """Class folders, but for `val`, which is flat. Returns name and label of each image."""
    write_class_folders(folder)
    shutil.rmtree(folder / "val")
    (folder / "val").mkdir()
    for _, name, image in validation_images():
        (folder / "val" / name).write_bytes(image)
    return [(name, label) for label, name, _ in validation_images()]


def devkit_numbers() -> dict[int, int]:
    """Label -> number in a development kit that counts backwards."""
    return {label: 1000 - label for label in range(1000)}


def devkit(images: Iterable[tuple[str, int]]) -> bytes:
    """A development kit as a tar file."""
    numbers = devkit_numbers()
    rows = sorted((number, CLASS_IDS[label]) for label, number in numbers.items())
    kind = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O")]
    synsets = np.array([(number, name, "a thing") for number, name in rows], kind)
    meta = io.BytesIO()
    savemat(meta, {"synsets": synsets[:, None]})
    truth = "".join(f"{numbers[label]}\n" for _, label in sorted(images))
    return tar(
        {
            "ILSVRC2012_devkit_t12/data/meta.mat": meta.getvalue(),
            "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt": truth.encode(),
        },
        "w:gz",
    )


def tar(files: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, contents in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
    return buffer.getvalue()


def write_devkit(folder: Path, images: list[tuple[str, int]]) -> None:
    (folder / "ILSVRC2012_devkit_t12.tar.gz").write_bytes(devkit(images))


def write_unpacked_devkit(folder: Path, images: list[tuple[str, int]]) -> None:
    with tarfile.open(fileobj=io.BytesIO(devkit(images))) as archive:
        archive.extractall(folder, filter="data")


def write_synsets(folder: Path, images: list[tuple[str, int]]) -> None:
    lines = "".join(f"{CLASS_IDS[label]}\n" for _, label in sorted(images))
    (folder / "imagenet_2012_validation_synset_labels.txt").write_text(lines)


def write_solution(folder: Path, images: list[tuple[str, int]]) -> None:
    with open(folder / "LOC_val_solution.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ImageId", "PredictionString"])
        for name, label in reversed(images):  # Kaggle's file is in no order
            writer.writerow(
                [Path(name).stem, f"{CLASS_IDS[label]} 1 2 3 4 {CLASS_IDS[0]} 5 6 7 8 "]
            )


@pytest.mark.parametrize(
    "write", [write_devkit, write_unpacked_devkit, write_synsets, write_solution]
)
def test_flat_validation_images_have_labels_in_a_file(
    tmp_path: Path, write: Callable[[Path, list[tuple[str, int]]], None]
) -> None:
    images = flat_validation(tmp_path)
    write(tmp_path, images)
    examples = list(ImageNet().examples("test", tmp_path))
    assert [(e["inputs"].name, e["targets"]) for e in examples] == images


def test_flat_validation_images_without_labels_are_one_error(tmp_path: Path) -> None:
    flat_validation(tmp_path)
    with pytest.raises(UserError) as caught:
        read(tmp_path, "test")
    assert caught.value.message == (
        f"The classes of the validation images are not under {tmp_path}: "
        "ILSVRC2012_validation_ground_truth.txt and meta.mat missing."
    )


def test_a_missing_validation_image_is_an_error(tmp_path: Path) -> None:
    write_synsets(tmp_path, flat_validation(tmp_path))
    (tmp_path / "val" / "ILSVRC2012_val_00000003.JPEG").unlink()
    with pytest.raises(UserError) as caught:
        read(tmp_path, "test")
    assert caught.value.message == f"{tmp_path / 'val'} holds 15 images, but 16 have labels."


def test_the_official_tar_files_are_read_as_they_are(tmp_path: Path) -> None:
    classes: dict[str, dict[str, bytes]] = {name: {} for name in CLASS_IDS}
    for label, name, image in train_images():
        classes[CLASS_IDS[label]][name] = image
    outer = {f"{name}.tar": tar(files) for name, files in classes.items()}
    (tmp_path / imagenet.TRAIN_TAR).write_bytes(tar(outer))
    validation = {name: image for _, name, image in validation_images()}
    (tmp_path / imagenet.VALIDATION_TAR).write_bytes(tar(validation))
    write_devkit(tmp_path, [(name, label) for label, name, _ in validation_images()])
    write_class_folders(tmp_path / "folders")
    for split in ("train", "dev"):
        assert read(tmp_path, split) == read(tmp_path / "folders", split)
    assert read(tmp_path, "test") == [(image, label) for label, _, image in validation_images()]
    del validation["ILSVRC2012_val_00000016.JPEG"]
    (tmp_path / imagenet.VALIDATION_TAR).write_bytes(tar(validation))
    with pytest.raises(UserError) as caught:
        read(tmp_path, "test")
    place = tmp_path / imagenet.VALIDATION_TAR
    assert caught.value.message == f"{place} holds 15 images, but 16 have labels."
    origin = next(ImageNet().examples("dev", tmp_path))["origin"]
    assert origin == f"ILSVRC2012_img_train.tar: {CLASS_IDS[99]}.tar: {CLASS_IDS[99]}_0.JPEG"


def inception_record(image: bytes, label: int) -> bytes:
    example = Example()
    example.features.feature["image/encoded"].bytes_list.value.append(image)
    example.features.feature["image/class/label"].int64_list.value.append(label)
    example.features.feature["image/height"].int64_list.value.append(48)
    example.features.feature["image/object/bbox/xmin"].float_list.value[:] = []
    return example.SerializeToString()


def write_inception(folder: Path) -> None:
    """Two train files, of which the first is dev, and a validation file."""
    images = list(train_images())
    for n, chosen in enumerate((images[::5], [i for k, i in enumerate(images) if k % 5])):
        records = [inception_record(image, label + 1) for label, _, image in chosen]
        write_records(folder / f"train-{n:05d}-of-00002", records)
    records = [inception_record(image, label + 1) for label, _, image in validation_images()]
    write_records(folder / "validation-00000-of-00001", records)


def test_labels_of_inception_records_begin_with_1(tmp_path: Path) -> None:
    write_inception(tmp_path)
    write_class_folders(tmp_path / "folders")
    for split in ("train", "dev"):
        assert read(tmp_path, split) == read(tmp_path / "folders", split)
    assert read(tmp_path, "test") == [(image, label) for label, _, image in validation_images()]


def test_faults_of_records_are_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    write_inception(tmp_path)
    records = [inception_record(b"1", 0), inception_record(b"2", 1000), b"\xff\xff", b""]
    write_records(tmp_path / "validation-00000-of-00001", records)
    found = [
        (e["origin"], str(e["inputs"]), str(e["targets"]))
        for e in ImageNet().examples("test", tmp_path)
    ]
    name = "validation-00000-of-00001 record"
    no_image, no_label = (
        f"record has 0 values of image/{key}" for key in ("encoded", "class/label")
    )
    assert found == [
        (f"{name} 0", "b'1'", "label 0 of the record is out of range 1 to 1000"),
        (f"{name} 1", "b'2'", "999"),
        (f"{name} 2", *["TFRecord: no tf.train.Example"] * 2),
        (f"{name} 3", no_image, no_label),
    ]


@pytest.fixture(scope="module")
def prepared_by_tfds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of the name, features and files of TensorFlow Datasets' imagenet2012."""
    import tensorflow_datasets as tfds

    class Imagenet2012(tfds.core.GeneratorBasedBuilder):  # type: ignore[misc]
        VERSION = tfds.core.Version("5.1.0")

        def _info(self) -> Any:
            features = {
                "image": tfds.features.Image(encoding_format="jpeg"),
                "label": tfds.features.ClassLabel(names=CLASS_IDS),
                "file_name": tfds.features.Text(),
            }
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[Any]]:
            return {
                "train": self._generate_examples(train_images()),
                "validation": self._generate_examples(validation_images()),
            }

        def _generate_examples(self, images: Any) -> Iterator[tuple[str, dict[str, Any]]]:
            for label, name, image in images:
                yield name, {"image": io.BytesIO(image), "label": label, "file_name": name}

    folder = tmp_path_factory.mktemp("tfds")
    config = tfds.download.DownloadConfig(num_shards=3)
    Imagenet2012(data_dir=folder).download_and_prepare(download_config=config)
    return folder


def test_what_tensorflow_datasets_prepared_is_read_without_it(prepared_by_tfds: Path) -> None:
    found = [pair for split in ("train", "dev") for pair in read(prepared_by_tfds, split)]
    assert sorted(found) == sorted((image, label) for label, _, image in train_images())
    expected = sorted((image, label) for label, _, image in validation_images())
    assert sorted(read(prepared_by_tfds, "test")) == expected


def test_the_last_version_of_what_was_prepared_is_read(
    prepared_by_tfds: Path, tmp_path: Path
) -> None:
    for version in ("5.0.0", "5.1.0.incompleteXYZ", "5.1.0"):
        shutil.copytree(
            prepared_by_tfds / "imagenet2012/5.1.0", tmp_path / "imagenet2012" / version
        )
    parts = ImageNet().source_parts("test", tmp_path)
    assert list(parts) == [
        f"imagenet2012/5.1.0/imagenet2012-validation.tfrecord-{n:05d}-of-00003" for n in range(3)
    ]


def test_a_missing_record_file_is_an_error(tmp_path: Path) -> None:
    write_inception(tmp_path)
    (tmp_path / "train-00001-of-00002").unlink()
    with pytest.raises(UserError) as caught:
        read(tmp_path, "test")
    assert str(caught.value) == f"{tmp_path} holds 1 of 2 files train-*."


def test_missing_images_are_one_error_with_the_whole_page(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        ImageNet().source_files(tmp_path)
    assert caught.value.message == f"ImageNet is not in {tmp_path}: none of its four layouts is."
    assert caught.value.fix == ImageNet.how_to_get
    assert "ILSVRC2012_img_train.tar (138 GB)" in ImageNet.how_to_get
