"""Data sets of Hugging Face, read by the real package `datasets`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import t2t_multimodel as mm
from t2t_multimodel import ClassLabel, Image, Text, UserError, register_problem, usr_dir
from t2t_multimodel.sources import HuggingFaceDataset

pytestmark = [pytest.mark.hf, pytest.mark.filterwarnings("default")]  # warnings of the package

MINE = '''
from t2t_multimodel import Text, register_problem
from t2t_multimodel.sources import HuggingFaceDataset


@register_problem("hf_pairs")
class Translated(HuggingFaceDataset):
    """English to German."""

    inputs = targets = Text()
    feature_map = {"inputs": "translation.en", "targets": "translation.de"}
'''
PAIRS = [{"translation": {"en": f"word {i}", "de": f"wort {i}"}} for i in range(3)]


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package, with its cache in the folder of the test and without a network."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    package = pytest.importorskip("datasets")
    monkeypatch.setattr(package.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return package


class Translated(HuggingFaceDataset):
    """English to German."""

    inputs = targets = Text()
    feature_map: ClassVar = {"inputs": "translation.en", "targets": "translation.de"}


class Pictures(HuggingFaceDataset):
    """Pictures of two kinds."""

    inputs = Image(4, 4)
    targets = ClassLabel(names=("cat", "dog"))
    feature_map: ClassVar = {"inputs": "image", "targets": "label"}


def words(split: str, folder: Path) -> list[tuple[str, str]]:
    register_problem("hf_pairs")(Translated)
    return [(one["inputs"], one["targets"]) for one in Translated().examples(split, folder)]


EXPECTED = [(f"word {i}", f"wort {i}") for i in range(3)]


@pytest.mark.parametrize("kind", ["parquet", "json"])
def test_files(datasets: Any, tmp_path: Path, kind: str) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    getattr(datasets.Dataset.from_list(PAIRS), f"to_{kind}")(str(raw / f"train.{kind}"))
    assert words("train", raw) == EXPECTED


def test_it_is_trained_and_predicts(datasets: Any, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for split in ("train", "dev", "test"):
        datasets.Dataset.from_list(PAIRS * 4).to_parquet(str(raw / f"{split}.parquet"))
    (tmp_path / "mine.py").write_text(MINE)
    usr_dir.add(tmp_path / "mine.py")
    run = mm.train(
        problems=["hf_pairs"],
        hparams={
            "train.steps": 2,
            "model.hidden_size": 32,
            "model.moe.experts": 2,
            "data.vocab_size": 300,
            "evaluate.steps": 0,
            "evaluate.decode_examples": 2,
        },
        raw_dir=raw,
        data_dir=tmp_path / "data",
        output_dir=tmp_path / "run",
    )
    (prediction,) = run.load().predict("hf_pairs", ["word 1"])
    assert isinstance(prediction.text, str)
    assert run.results["hf_pairs"].scores["teacher_forced/log_ppl"] > 0


def test_a_folder_of_splits(datasets: Any, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    rows = datasets.Dataset.from_list(PAIRS)
    datasets.DatasetDict({"train": rows}).save_to_disk(str(raw))
    assert words("train", raw) == EXPECTED
    with pytest.raises(UserError) as caught:
        words("test", raw)
    assert caught.value.message == f"The data set in {raw} has no split 'test'; it has train."


def test_a_folder_for_each_split(datasets: Any, tmp_path: Path) -> None:
    datasets.Dataset.from_list(PAIRS).save_to_disk(str(tmp_path / "raw/train"))
    assert words("train", tmp_path / "raw") == EXPECTED


def test_pictures_and_names_of_classes(datasets: Any, tmp_path: Path) -> None:
    from PIL import Image as Pillow

    pixels = np.full((4, 4, 3), 200, np.uint8)
    Pillow.fromarray(pixels).save(tmp_path / "one.png")
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["dog", "cat"])}
    )
    rows = {"image": [str(tmp_path / "one.png")] * 2, "label": [0, 1]}
    made = datasets.Dataset.from_dict(rows, features=features)
    made.save_to_disk(str(tmp_path / "raw/train"))
    register_problem("hf_pictures")(Pictures)
    found = list(Pictures().examples("train", tmp_path / "raw"))
    assert [one["targets"] for one in found] == ["dog", "cat"]
    tokens = [Pictures.inputs.encode(one["inputs"], None) for one in found]
    assert all((one == pixels).all() for one in tokens)


def test_a_column_that_is_not_there(datasets: Any, tmp_path: Path) -> None:
    rows = datasets.Dataset.from_list([{"text": "a", "label": 1}])
    rows.save_to_disk(str(tmp_path / "raw/train"))
    with pytest.raises(UserError) as caught:
        words("train", tmp_path / "raw")
    assert caught.value.message == (
        "Problem 'hf_pairs': the data set has no column 'translation.en'; it has text, label."
    )
