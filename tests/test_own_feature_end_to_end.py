"""A feature and a net from outside of the package go through every command, beside a built-in one.

`outside/` holds them: rows of numbers to rows of numbers, to a class, and from a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import _REGISTRIES, ROOT, _forget
from helpers.finished_run import TASKS, forget_small_tasks
from helpers.running_server import Server

from t2t_multimodel import Feature
from t2t_multimodel.bin import (
    mm_datagen,
    mm_decode,
    mm_eval,
    mm_export,
    mm_problems,
    mm_report,
    mm_trainer,
)
from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
from t2t_multimodel.serve.app import app
from t2t_multimodel.serve.service import Service

OUTSIDE = Path(__file__).parent / "outside"
OWN = ("my_sums", "my_peaks", "my_counts")
TRUTH = np.array([6.0, -1.0])
"""Sum and first difference of 1 2 3."""


PAGE = ROOT / "docs/own_data.md"


def test_the_page_shows_the_very_files_that_are_run_here() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    files = [(OUTSIDE / name).read_text() for name in ("vectors.py", "vector_net.py")]
    assert len(blocks) == 3
    assert all(any(block in file for file in files) for block in blocks)


def test_the_page_names_methods_that_there_are() -> None:
    table = re.search(r"\| a feature is asked .*?\n\n", PAGE.read_text(), re.DOTALL)
    assert table is not None
    names = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table[0], re.MULTILINE)))
    assert len(names) == 26
    assert [name for name in names if name != "dtype" and not hasattr(Feature, name)] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Holds `data` and a finished `run`."""
    folder = tmp_path_factory.mktemp("vectors")
    forget_small_tasks()
    places = [f"--usr_dir={OUTSIDE},{TASKS}", f"--data_dir={folder}/data"]
    assert mm_datagen.main([f"--problem={','.join(OWN)}", *places]) == 0
    hparams = (
        "evaluate.steps=50,evaluate.examples=20,evaluate.train_decode_examples=4,"
        "evaluate.final_examples=40,evaluate.decode_examples=40,train.log_steps=10,"
        "data.examples_per_batch=64"
    )
    trained = mm_trainer.main(
        [
            f"--problems={','.join(OWN)},octet_image",
            "--hparams_set=made_tiny",
            "--train_steps=50",
            f"--hparams={hparams}",
            f"--output_dir={folder}/run",
            *places,
        ]
    )
    assert trained == 0
    yield folder
    _forget([{}] * len(_REGISTRIES), {})


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    service = Service(open_checkpoint(folder / "run"), [*OWN, "octet_image"])
    server = Server(service, app(service))
    yield server
    server.stop()


def rows(file: Path) -> dict[str, Any]:
    return {row["problem"]: row for row in json.loads(file.read_text())}


def numbers(text: str) -> np.ndarray:
    return np.array([float(word) for word in text.split()])


def decoded(folder: Path, *flags: str) -> list[str]:
    """The lines of mm-decode."""
    file = folder / "decoded.txt"
    asked = [f"--output_dir={folder}/run", f"--data_dir={folder}/data", f"--output_file={file}"]
    assert mm_decode.main([*asked, *flags]) == 0
    return file.read_text().splitlines()


def test_it_learns_beside_a_built_in_problem(folder: Path) -> None:
    found = rows(folder / "run/results.json")
    assert list(found) == [*OWN, "octet_image"]
    for name in ("my_sums", "my_counts"):
        row = found[name]
        assert list(row["scores"]) == ["loss/squared_error", "decoded/my_r2"]
        kinds = ("scores", "source_blind_baseline", "trivial_baseline")
        model, blind, trivial = (row[kind]["loss/squared_error"] for kind in kinds)
        assert model < blind < trivial
        assert row["verdict"]["learned"] == "yes"
    assert found["my_sums"]["scores"]["decoded/my_r2"] > 0.5
    assert found["my_peaks"]["scores"]["top1"] > 0.6
    assert list(found["octet_image"]["scores"]) == ["log_ppl", "top1", "top5"]


def test_training_logs_the_loss_by_its_own_name(folder: Path) -> None:
    logged = [json.loads(line) for line in (folder / "run/scalars.jsonl").read_text().splitlines()]
    steps = [values for values in logged if "my_sums/train/loss_squared_error" in values]
    losses = [values["my_sums/train/loss_squared_error"] for values in steps]
    assert losses[-1] < losses[0] / 2
    assert all("my_sums/train/xent" not in values for values in steps)
    assert all(values["my_peaks/train/xent"] > 0 for values in steps)


def test_a_checkpoint_repeats_its_scores(folder: Path, tmp_path: Path) -> None:
    table, run = tmp_path / "scores.json", folder / "run"
    asked = [f"--output_dir={run}", f"--data_dir={folder}/data", f"--json={table}"]
    assert mm_eval.main([*asked, f"--compare={run}"]) == 0
    again, before = rows(table), rows(run / "results.json")
    assert {name: row["scores"] for name, row in again.items()} == {
        name: row["scores"] for name, row in before.items()
    }


def test_mm_decode_writes_a_line_for_each_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("1 2 3\nbad\n\n-1 0.5 0.5 7\n")
    first, *others = decoded(folder, "--problem=my_sums", f"--input_file={file}")
    assert others == ["", "", ""]
    assert np.abs(numbers(first) - TRUTH).max() < 4
    assert capsys.readouterr().err.splitlines()[-3:] == [
        "line 2: could not convert string to float: 'bad'; its output is empty.",
        "line 4: a vector must be 3 finite numbers, but is [-1.0, 0.5, 0.5, 7.0]; "
        "its output is empty.",
        "Inputs that could not be read: 2.",
    ]
    best = decoded(folder, "--problem=my_peaks", f"--input_file={file}", "--nbest=2")[0]
    assert len(set(best.split("\t")) & {"0", "1", "2"}) == 2


def test_mm_decode_knows_the_targets_of_a_split(folder: Path) -> None:
    lines = decoded(folder, "--problem=my_counts", "--split=test", "--json_lines")
    answers = [json.loads(line) for line in lines]
    assert len(answers) == 40
    for answer in answers:
        (output,) = answer["outputs"]
        assert output["score"] is None
        assert (len(numbers(output["text"])), len(answer["target"])) == (3, 3)


@pytest.mark.parametrize("flag", ["--scores", "--nbest=2", "--beam_size=2"])
def test_values_have_no_probability(
    flag: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_decode.main([f"--output_dir={folder}/run", "--problem=my_sums", flag]) == 2
    assert capsys.readouterr().err == (
        f"{flag.partition('=')[0]} is for outputs with a probability, "
        "but those of my_sums are values.\n"
    )


def test_its_baselines_are_measured(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mm_problems.main(["baselines", *OWN, f"--data_dir={folder}/data"]) == 0
    told = capsys.readouterr().out
    for line in (
        "my_sums. trivial: zeros. source-blind: the mean of 120 train targets. "
        "classical: ridge regression on the numbers; 120 train examples.",
        "classical: logistic regression on the numbers; 120 train examples.",
        "classical: ridge regression on TF-IDF of words; 120 train examples.",
    ):
        assert line in told


def test_the_report_shows_its_curves_and_samples(folder: Path) -> None:
    assert mm_report.main([f"{folder}/run", f"--output={folder}/report.html"]) == 0
    report = (folder / "report.md").read_text()
    assert "| my_sums | test | loss/squared_error | 40 |" in report
    assert "| dev loss/squared_error |" in report
    samples = json.loads((folder / "run/samples.json").read_text())["my_sums"]["samples"]
    assert len(samples) == 4
    for sample in samples:
        assert sample["type"] == "text/plain"
        x, target = numbers(sample["words"]), numbers(sample["target"])
        np.testing.assert_allclose(target, [x.sum(), x[0] - x[1]], atol=0.003)
        assert len(numbers(sample["output"])) == 2
        assert sample["words"] in report


def test_the_export_gives_the_same_numbers(folder: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    exported = tmp_path / "exported"
    flags = [f"--output_dir={folder}/run", f"--export_dir={exported}"]
    assert mm_export.main([*flags, f"--problems={','.join(OWN)}"]) == 0
    told = json.loads((exported / "signatures.json").read_text())["signatures"]
    assert told["my_sums"] == {
        "inputs": {"inputs": "float32 [B, 3], as Vector.model_input gives them"},
        "outputs": {"values": "float32 [B, 2]"},
    }
    assert told["my_counts"]["outputs"] == {"values": "float32 [B, 3]"}
    signatures = tf.saved_model.load(str(exported)).signatures
    file = tmp_path / "lines.txt"
    file.write_text("1 2 3\n")
    (line,) = decoded(folder, "--problem=my_sums", f"--input_file={file}")
    values = signatures["my_sums"](inputs=tf.constant([[1.0, 2.0, 3.0]]))["values"]
    np.testing.assert_allclose(values.numpy()[0], numbers(line), atol=6e-4)
    best = signatures["my_peaks"](inputs=tf.constant([[5.0, 0.0, 0.0]]))["text"]
    assert best.numpy().tolist() == [[b"0"]]
    counts = signatures["my_counts"](inputs=tf.constant(["one one two"]))["values"]
    assert counts.shape == (1, 3)


def test_the_server_tells_of_it_and_answers(server: Server, folder: Path, tmp_path: Path) -> None:
    _, told = server("GET", "/problems")
    (sums,) = (one for one in told["problems"] if one["name"] == "my_sums")
    assert sums == {
        "name": "my_sums",
        "about": "Three numbers to their sum and their first difference.",
        "inputs": "text",
        "hint": "Type numbers with blanks between",
        "targets": "Vector",
        "most_outputs": 1,
        "scores": "",
    }
    status, answer = server("POST", "/problems/my_sums", {"input": "1 2 3"})
    file = tmp_path / "lines.txt"
    file.write_text("1 2 3\n")
    (line,) = decoded(folder, "--problem=my_sums", f"--input_file={file}")
    assert (status, answer["outputs"]) == (200, [{"text": line, "score": None}])
    assert server("POST", "/problems/my_sums", {"input": "1 2"}) == (
        422,
        {"error": "input: a vector must be 3 finite numbers, but is [1.0, 2.0]"},
    )
    status, found = server("POST", "/problems/my_sums/explain", {"input": "1 2 3"})
    assert status == 200
    assert (found["output"], found["source"], found["target"]) == (line, None, [line])
    status, answer = server("POST", "/problems/my_peaks", {"input": "5 0 0", "nbest": 3})
    assert [output["text"] for output in answer["outputs"]][0] == "0"
    assert status == 200


def test_the_user_files_are_listed_without_tensorflow(run_command: Callable[..., Any]) -> None:
    shown = run_command("mm_problems", "show", "my_sums", f"--usr_dir={OUTSIDE}")
    assert "inputs      Vector(n=3)" in shown.out
    assert not shown.modules & {"tensorflow", "keras", "jax"}
