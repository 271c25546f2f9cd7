"""Data that TensorFlow Datasets prepared is read where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from t2t_multimodel.problems.corpora.wmt import Direction
from t2t_multimodel.problems.formats.parallel import LinePair
from t2t_multimodel.problems.formats.prepared import (
    prepared_version,
    splits_of,
    translation_pairs,
)
from t2t_multimodel.problems.twins.wmt_tiny import write


def texts(split: str) -> Iterator[tuple[int, dict[str, str]]]:
    for n in range(7):
        yield n, {"de": f"{split} Satz {n}", "en": f"{split} sentence {n}"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared wmt14_translate/de-en."""
    tfds = pytest.importorskip("tensorflow_datasets")
    folder = tmp_path_factory.mktemp("tfds")
    tfds.dataset_builders.store_as_tfds_dataset(
        name="wmt14_translate",
        config="de-en",
        version="1.0.0",
        features=tfds.features.Translation(languages=("de", "en")),
        split_datasets={split: list(texts(split)) for split in ("train", "validation")},
        data_dir=folder,
        disable_shuffling=True,
    )
    return folder


def test_the_newest_version_is_found(tmp_path: Path) -> None:
    assert prepared_version(tmp_path, "a/b") is None
    for version in ("1.0.0", "1.10.0", "1.9.2"):
        folder = tmp_path / "a" / "b" / version
        folder.mkdir(parents=True)
        (folder / "dataset_info.json").touch()
    (tmp_path / "a" / "b" / "2.0.0.incomplete").mkdir()
    assert prepared_version(tmp_path, "a/b") == tmp_path / "a" / "b" / "1.10.0"


def test_pairs_come_in_the_order_of_the_records(data_dir: Path) -> None:
    version = prepared_version(data_dir, "wmt14_translate/de-en")
    assert version is not None
    assert splits_of(version) == ["train", "validation"]
    assert list(translation_pairs(version, "validation", "de", "en")) == [
        LinePair(n + 1, f"validation Satz {n}", f"validation sentence {n}") for n in range(7)
    ]


def test_wmt_takes_what_is_prepared_and_the_rest_from_files(data_dir: Path, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "wmt14_translate").symlink_to(data_dir / "wmt14_translate")
    direction = Direction("en", "de")
    (dev,) = direction.parts(tmp_path, "dev")
    assert next(dev.pairs()) == ("validation sentence 0", "validation Satz 0", "de-en validation 1")
    (test,) = direction.parts(tmp_path, "test")
    assert str(test) == "test-full.tgz:newstest2014-deen-src.en.sgm"
    assert next(test.pairs()).origin == "test-full.tgz:newstest2014-deen-src.en.sgm line 1"
    names = {path.name for path in direction.source_files(tmp_path)}
    assert {"dataset_info.json", "test-full.tgz"} <= names
    assert "dev.tgz" not in names
