"""Everything on S3: datagen, training, a kill, the same command again, and all that reads a run."""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from helpers.finished_run import forget_small_tasks
from helpers.s3_server import s3_server

from t2t_multimodel import storage

TASKS = ROOT / "tests/helpers/small_tasks.py"
RUN, DATA = "s3://shelf/run", "s3://shelf/data"
TRAIN = [
    "--problems=made_numbers",
    "--hparams_set=made_tiny",
    "--train_steps=6",
    "--hparams=train.checkpoint_steps=2,train.keep_checkpoints=2,train.log_steps=1,"
    "evaluate.steps=4,evaluate.resamples=100",
    f"--usr_dir={TASKS}",
]


@pytest.fixture
def store() -> Iterator[Any]:
    forget_small_tasks()
    with s3_server() as served:
        yield served
        storage.use_cache()
    forget_small_tasks()


def command(name: str, *flags: str) -> None:
    """Runs a command in this process; its staging folder is new, as in a process of its own."""
    assert importlib.import_module(f"t2t_multimodel.bin.mm_{name}").main(list(flags)) == 0


def steps_of(scalars: str) -> list[int]:
    """The step of each line: one that is lost or logged twice shows."""
    return [json.loads(line)["step"] for line in scalars.splitlines()]


def killed_at(step: int, flags: list[str]) -> None:
    """Starts a trainer and kills it when it has told of a step."""
    source = "import sys; from t2t_multimodel.bin import mm_trainer; mm_trainer.main(sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", source, *flags], stdout=subprocess.PIPE, text=True
    ) as trainer:
        assert trainer.stdout is not None
        for line in trainer.stdout:
            if line.startswith(f"step {step}/"):
                trainer.send_signal(signal.SIGKILL)
    assert trainer.returncode == -signal.SIGKILL


def test_a_run_on_s3_survives_a_kill_and_is_read_by_every_command(
    store: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = f"--cache_dir={tmp_path}/cache"
    places = [f"--data_dir={DATA}", cache]
    local = tmp_path / "run"
    command("datagen", "--problem=made_numbers", f"--usr_dir={TASKS}", "--workers=1", *places)
    command("trainer", *TRAIN, *places, f"--output_dir={local}")
    killed_at(5, [*TRAIN, *places, f"--output_dir={RUN}"])
    assert store.exists(f"{RUN}/.lock")
    capsys.readouterr()

    command("trainer", *TRAIN, *places, f"--output_dir={RUN}")
    said = capsys.readouterr().out
    assert f"\nGoing on from {RUN}/checkpoints/step-0000000" in said
    assert "is no longer there, is taken over." in said
    assert not store.exists(f"{RUN}/.lock")
    last = "checkpoints/step-00000006"
    sums = json.loads(store.cat_file(f"{RUN}/{last}/checksums.json"))
    undisturbed = json.loads((local / last / "checksums.json").read_text())
    assert sums["optimizer.npz"] == undisturbed["optimizer.npz"]
    results = json.loads(store.cat_file(f"{RUN}/results.json"))
    assert results == json.loads((local / "results.json").read_text())
    logged = store.cat_file(f"{RUN}/scalars.jsonl").decode()
    assert steps_of(logged) == steps_of((local / "scalars.jsonl").read_text())
    kept = {name.split("/")[3] for name in store.find("shelf/run/checkpoints")}
    assert kept >= {"step-00000004", "step-00000006", "best-joint.link"}
    assert "step-00000002" not in kept

    of_run = [f"--output_dir={RUN}", f"--usr_dir={TASKS}", cache]
    best = f"--checkpoint={RUN}/checkpoints/best-joint"
    command("eval", *of_run, f"--data_dir={DATA}", "--json=s3://shelf/out/scores.json")
    assert json.loads(store.cat_file("s3://shelf/out/scores.json")) == results
    command("eval", best, *of_run[1:], f"--data_dir={DATA}")
    command("report", RUN, cache)
    command("average", "--last=2", *of_run)
    command("eval", f"--checkpoint={RUN}/checkpoints/averaged-00000006", *of_run[1:], *places[:1])
    store.pipe_file("s3://shelf/in.txt", b"1 2\n3\n")
    texts = ["--input_file=s3://shelf/in.txt", "--output_file=s3://shelf/out/texts.txt"]
    command("decode", *of_run, *texts)
    assert len(store.cat_file("s3://shelf/out/texts.txt").splitlines()) == 2
    command("export", *of_run, "--export_dir=s3://shelf/exported")
    said = capsys.readouterr().out
    assert f"Report: {RUN}/report.html and {RUN}/report.md\n" in said
    assert "s3://shelf/exported/signatures.json says what each takes.\n" in said
    assert str(tmp_path) not in said
    assert {"saved_model.pb", "signatures.json"} <= {
        name.split("/")[-1] for name in store.find("shelf/exported")
    }
    storage.use_cache()  # as if this process ended
    assert list((tmp_path / "cache/open").iterdir()) == []
