"""An exported run answers as mm-decode does, where nothing of this package can be imported."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from helpers.finished_run import Run, forget_small_tasks
from PIL import Image

from t2t_multimodel.bin import mm_decode, mm_export
from t2t_multimodel.raw_files import data_files

ALONE = """
import pickle, sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("t2t_multimodel", "sentencepiece"):
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Refused())
import tensorflow as tf

loaded = tf.saved_model.load(sys.argv[1])
calls = pickle.load(open(sys.argv[2], "rb"))
answers = []
for name, inputs in calls:
    out = loaded.signatures[name](**{key: tf.constant(value) for key, value in inputs.items()})
    answers.append({key: value.numpy() for key, value in out.items()})
pickle.dump((sorted(loaded.signatures), answers), open(sys.argv[3], "wb"))
assert not any(name.startswith("t2t_multimodel") for name in sys.modules)
"""
TEXTS = ["1", "2 3 4", "", "6 😀 5", "1 2 3 4 5 6 1 2 3 4 5 6 1 2 3 4 5 6", "zwölf"]


_exported: list[Path] = []


@pytest.fixture
def exported(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not _exported:
        forget_small_tasks()
        folder = tmp_path_factory.mktemp("export") / "made"
        flags = [f"--output_dir={run.folder}", f"--export_dir={folder}"]
        assert mm_export.main([*flags, "--nbest=2", "--beam_size=3"]) == 0
        _exported.append(folder)
    return _exported[0]


def decoded(
    run: Run, problem: str, lines: list[str], folder: Path
) -> list[list[tuple[float, str]]]:
    """What mm-decode says of each line."""
    forget_small_tasks()
    (folder / "in").write_text("".join(f"{line}\n" for line in lines))
    flags = [f"--output_dir={run.folder}", f"--problem={problem}", f"--input_file={folder}/in"]
    chosen = ["--nbest=2", "--json_lines", f"--output_file={folder}/out"]
    if problem in ("made_numbers", "made_captions"):  # classes are not searched for
        chosen.append("--beam_size=3")
    assert mm_decode.main([*flags, *chosen, "--batch_size=1"]) == 0
    answers = [json.loads(line) for line in (folder / "out").read_text().splitlines()]
    return [[(one["score"], one["text"]) for one in answer["outputs"]] for answer in answers]


def asked(folder: Path, calls: list[tuple[str, dict[str, Any]]], tmp_path: Path) -> Any:
    """Names of the signatures, and answers, from a process of its own."""
    (tmp_path / "alone.py").write_text(ALONE)
    (tmp_path / "calls").write_bytes(pickle.dumps(calls))
    command = [sys.executable, "alone.py", str(folder), "calls", "answers"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return pickle.loads((tmp_path / "answers").read_bytes())


def test_answers_are_those_of_mm_decode(run: Run, exported: Path, tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    pictures, clips = [], []
    for i in range(3):
        pictures.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(draws.integers(0, 256, (4, 4, 3), np.uint8)).save(pictures[-1])
    lengths = np.asarray([900, 1200, 700], np.int32)
    samples = draws.normal(0, 0.2, (3, 1200)).astype(np.float32)
    for i, length in enumerate(lengths):
        clips.append(str(tmp_path / f"{i}.wav"))
        soundfile.write(clips[-1], samples[i, :length], 4000, "FLOAT")
    files = np.asarray([Path(path).read_bytes() for path in pictures], object)
    calls = [
        ("made_numbers", {"inputs": TEXTS}),
        ("made_colours", {"inputs": files.tolist()}),
        ("made_captions", {"inputs": files.tolist()}),
        ("made_tones", {"inputs": samples, "inputs_length": lengths}),
    ]
    names, answers = asked(exported, calls, tmp_path)
    assert names == ["made_captions", "made_colours", "made_numbers", "made_tones"]
    for (name, _), lines, answer in zip(
        calls, (TEXTS, pictures, pictures, clips), answers, strict=True
    ):
        for i, expected in enumerate(decoded(run, name, lines, tmp_path)):
            real = np.isfinite(answer["score"][i])
            texts = [text.decode() for text in answer["text"][i][real]]
            assert texts == [text for _, text in expected], (name, lines[i])
            np.testing.assert_allclose(
                answer["score"][i][real], [score for score, _ in expected], atol=2e-3
            )
    assert answers[0]["text"].tolist()[2] == [b"", b""]
    assert answers[0]["text"].shape == (6, 2)


def test_a_file_says_what_each_signature_takes(exported: Path) -> None:
    told = json.loads((exported / "signatures.json").read_text())
    assert told["decoding"]["method"] == "beam"
    assert told["signatures"]["made_tones"]["inputs"] == {
        "inputs": "float32 [B, S], mono samples from -1 to 1 at 4000 Hz",
        "inputs_length": "int32 [B], samples of each row",
    }
    assert told["signatures"]["made_numbers"]["inputs"] == {"inputs": "string [B], UTF-8"}


def test_an_export_among_raw_files_is_not_taken_for_one(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "raw.txt").write_text("raw")
    shutil.copytree(exported, tmp_path / "exported")
    assert data_files(tmp_path) == [tmp_path / "raw.txt"]


def test_a_folder_that_holds_something_is_left_alone(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forget_small_tasks()
    (tmp_path / "mine").write_text("mine")
    assert mm_export.main([f"--output_dir={run.folder}", f"--export_dir={tmp_path}"]) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path} exists already.\nGive --export_dir a folder of its own.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("place", [".", "../here"])
def test_the_current_folder_is_left_alone_even_if_empty(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: str,
) -> None:
    forget_small_tasks()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert mm_export.main([f"--output_dir={run.folder}", f"--export_dir={place}"]) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path}/here exists already.\n")


def test_flags_imply_the_way_of_decoding() -> None:
    def method(*argv: str) -> tuple[str, int, int]:
        values, _ = mm_export.COMMAND._parse(list(argv))
        config = mm_export.settings(values)
        return config.method, config.beam_size, config.nbest

    assert method() == ("greedy", 4, 1)
    assert method("--nbest=6") == ("beam", 6, 6)
    assert method("--alpha=0") == ("beam", 4, 1)
