"""Sources of sounds, trees, captions, tars and TensorFlow Datasets: from files to predictions."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.finished_run import TASKS, forget_small_tasks
from PIL import Image as Pillow

import t2t_multimodel as mm
from t2t_multimodel.bin import mm_trainer

SPLITS = ("train", "dev", "test")
MINE = '''
from t2t_multimodel import Audio, ClassLabel, Image, register_problem
from t2t_multimodel.sources import CocoCaptions, SoundManifest, TfdsBuilder, Trees, WebDatasetTars


@register_problem("my_dictation")
class Dictation(SoundManifest):
    """Tones to words."""

    inputs = Audio(rate=8000, n_mels=16)
    columns = ("path", "text")


@register_problem("my_trees")
class MyTrees(Trees):
    """Sentences to trees."""


@register_problem("my_captions")
class Captions(CocoCaptions):
    """Squares to words."""

    inputs = Image(8, 8)
    images = "{split}_pictures"


@register_problem("my_shades")
class Shades(WebDatasetTars):
    """Squares to shades."""

    source, target = "jpg;png", "cls"
    inputs, targets = Image(8, 8), ClassLabel(3)


@register_problem("my_pictures")
class Pictures(TfdsBuilder):
    """Pictures in the layout of tfds.ImageFolder."""

    inputs, targets = Image(8, 8), ClassLabel(names=("black", "white"))
    splits = ("train", "test")
    feature_map = {"inputs": "image", "targets": "label"}

    def make_builder(self, raw_dir):
        import tensorflow_datasets as tfds

        return tfds.ImageFolder(str(raw_dir))
'''
NAMES = ("my_dictation", "my_trees", "my_captions", "my_shades", "my_pictures")


def png(value: int) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(np.full((8, 8, 3), value, np.uint8)).save(file, "PNG")
    return file.getvalue()


def write_dictation(folder: Path) -> None:
    (folder / "wavs").mkdir(parents=True)
    for i in range(4):
        soundfile.write(folder / "wavs" / f"{i}.wav", np.sin(np.arange(2400) / (5 + i)), 8000)
    for split in SPLITS:
        lines = [f"wavs/{i}.wav\tthis is {i}\n" for i in range(4)]
        (folder / f"{split}.tsv").write_text("".join(lines))


def write_trees(folder: Path) -> None:
    folder.mkdir()
    tree = "( (S (NP-SBJ (DT The) (NN dog)) (VP (VBZ barks)) (. .)) )\n"
    for split in SPLITS:
        (folder / f"{split}.trees").write_text(tree * 4)


def write_captions(folder: Path) -> None:
    (folder / "annotations").mkdir(parents=True)
    for split, word in (("train", "train2014"), ("dev", "val2014"), ("test", "test")):
        (folder / f"{split}_pictures").mkdir()
        for i in range(3):
            (folder / f"{split}_pictures" / f"{i}.png").write_bytes(png(100 * i))
        listed = {
            "images": [{"id": i, "file_name": f"{i}.png"} for i in range(3)],
            "annotations": [{"image_id": i, "caption": f"a grey square {i}"} for i in range(3)],
        }
        (folder / "annotations" / f"captions_{word}.json").write_text(json.dumps(listed))


def write_shades(folder: Path) -> None:
    folder.mkdir()
    for split in SPLITS:
        with tarfile.open(folder / f"{split}-0000.tar", "w") as archive:
            for i in range(3):
                for name, content in ((f"{i}.png", png(100 * i)), (f"{i}.cls", b"%d" % i)):
                    entry = tarfile.TarInfo(name)
                    entry.size = len(content)
                    archive.addfile(entry, io.BytesIO(content))


def write_pictures(folder: Path) -> None:
    for split in ("train", "test"):
        for name, value in (("black", 0), ("white", 255)):
            (folder / split / name).mkdir(parents=True)
            for i in range(2):
                (folder / split / name / f"{i}.png").write_bytes(png(value))


def test_each_kind_is_trained_and_predicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forget_small_tasks()
    (tmp_path / "mine.py").write_text(MINE)
    raw = tmp_path / "raw"
    raw.mkdir()
    writers = (write_dictation, write_trees, write_captions, write_shades, write_pictures)
    for name, write in zip(NAMES, writers, strict=True):
        write(raw / name)
    hparams = "data.examples_per_batch=4,data.vocab_size=400,evaluate.decode_examples=2"
    trained = mm_trainer.main(
        [
            f"--usr_dir={tmp_path}/mine.py,{TASKS}",
            f"--problems={','.join(NAMES)}",
            f"--raw_dir={raw}",
            "--hparams_set=made_tiny",
            "--train_steps=2",
            f"--hparams={hparams}",
            f"--data_dir={tmp_path}/data",
            f"--output_dir={tmp_path}/run",
        ]
    )
    assert trained == 0, capsys.readouterr().err
    model = mm.load(tmp_path / "run")
    inputs = {
        "my_dictation": raw / "my_dictation/wavs/0.wav",
        "my_trees": "The cat sleeps .",
        "my_captions": raw / "my_captions/test_pictures/0.png",
        "my_shades": png(100),
        "my_pictures": raw / "my_pictures/test/white/0.png",
    }
    found = {name: model.predict(name, [value])[0].text for name, value in inputs.items()}
    assert found["my_shades"] in ("0", "1", "2")
    assert found["my_pictures"] in ("black", "white")
    tree = found["my_trees"]
    assert tree.count("(") == tree.count(")") > 0 and "cat" in tree
    assert all(isinstance(text, str) for text in found.values())
