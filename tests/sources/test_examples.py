"""The folders of docs/examples: each is short, and all of them train together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from helpers.finished_run import TASKS, forget_small_tasks

from t2t_multimodel import registry
from t2t_multimodel.bin import mm_trainer

EXAMPLES = ROOT / "docs" / "examples"
NAMES = ("spoken_digits", "captions_ende", "captions_deen", "sentiment", "counting")


def write_digits(folder: Path) -> None:
    for number, name in enumerate("zero one two three four five six seven eight nine".split()):
        (folder / name).mkdir(parents=True)
        for i in range(6):
            wave = np.sin(np.arange(1600) * (number + 1) / 10)
            soundfile.write(folder / name / f"{i}.wav", 0.5 * wave, 8000)


def write_captions(folder: Path) -> None:
    folder.mkdir(parents=True)
    for stem in ("train", "val", "test_2016_flickr", "test_2017_flickr"):
        for end, word in (("en", "a dog"), ("de", "ein hund")):
            lines = (f"{word} {stem} {i}\n" for i in range(12))
            (folder / f"{stem}.{end}").write_text("".join(lines))


def write_reviews(folder: Path) -> None:
    folder.mkdir(parents=True)
    for split in ("train", "dev", "test"):
        rows = (f"a {('dull', 'fine')[i % 2]} film {i}\t{i % 2}\n" for i in range(12))
        (folder / f"{split}.tsv").write_text("sentence\tlabel\n" + "".join(rows))


def test_each_is_under_40_lines() -> None:
    files = sorted(EXAMPLES.rglob("*.py"))
    assert [path.parent.name for path in files] == ["captions", "counting", "digits", "sentiment"]
    assert all(len(path.read_text().splitlines()) < 40 for path in files)


def test_all_of_them_train_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forget_small_tasks()
    write_digits(tmp_path / "raw/spoken_digits")
    write_captions(tmp_path / "m30k")
    write_reviews(tmp_path / "raw/sentiment")
    hparams = (
        "evaluate.examples=4,evaluate.final_examples=4,evaluate.decode_examples=2,"
        "evaluate.train_decode_examples=2,data.examples_per_batch=4,data.vocab_size=300"
    )
    trained = mm_trainer.main(
        [
            f"--usr_dir={EXAMPLES},{TASKS}",
            f"--problems={','.join(NAMES)}",
            f"--raw_dir={tmp_path}/raw,captions_ende:{tmp_path}/m30k,captions_deen:{tmp_path}/m30k",
            "--hparams_set=made_tiny",
            "--train_steps=2",
            f"--hparams={hparams}",
            f"--data_dir={tmp_path}/data",
            f"--output_dir={tmp_path}/run",
        ]
    )
    assert trained == 0, capsys.readouterr().err
    out = capsys.readouterr().out
    for line in ("counting train: 2,000 ex", "captions_ende dev: 12 ex", "sentiment test: 12 ex"):
        assert line in out
    assert set(json.loads((tmp_path / "run/config.json").read_text())["data"]) == set(NAMES)
    assert set(NAMES) <= set(registry.problems.names())
