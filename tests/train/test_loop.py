"""Training: it learns, goes on bit by bit where it was stopped, and stops when it diverges."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers.finished_run import Run

from t2t_multimodel import UserError
from t2t_multimodel.checkpoints import checkpoint as checkpoints
from t2t_multimodel.engines.engine import make_engine
from t2t_multimodel.engines.micro_batch import Computed, Observed
from t2t_multimodel.runs.run_folder import RunFolder
from t2t_multimodel.train.loop import Trainer
from t2t_multimodel.train.progress import Progress
from t2t_multimodel.train.stopping import StopRequest

TIMES = ("train/examples_per_second", "train/waiting")


def scalars_of(folder: Path) -> dict[int, dict[str, float]]:
    """Step -> what was logged of training itself, without times."""
    logged: dict[int, dict[str, float]] = {}
    for line in (folder / "scalars.jsonl").read_text().splitlines():
        values = json.loads(line)
        for name, value in values.items():
            if "train/" in name and name not in TIMES:
                logged.setdefault(values["step"], {})[name] = value
    return logged


def test_every_task_learns(run: Run) -> None:
    logged = scalars_of(run.folder)
    assert list(logged) == list(range(1, 91))
    for name in run.prepared:
        losses = [logged[step][f"{name}/train/xent"] for step in logged]
        assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    assert {result.problem: result.examples for result in run.results} == dict.fromkeys(
        run.prepared, 14
    )
    for result in run.results:
        assert result.scores.get("top1", 1.0) == 1.0


def test_lines_tell_step_and_losses_and_the_dev_scores_between(run: Run) -> None:
    assert run.lines[0].startswith("step 1/90  made_captions ")
    assert len(run.lines) == 92
    assert run.lines[45].startswith("  dev: made_colours log_ppl ")
    assert run.lines[46].startswith("step 46/90")
    assert run.lines[91].startswith("  dev: made_colours log_ppl ")


def test_nothing_is_traced_after_the_first_step(run: Run) -> None:
    assert run.traces[0] >= len(run.prepared)
    assert set(run.traces) == {run.traces[0]}


def test_the_run_folder_holds_all_there_is_to_know(run: Run) -> None:
    names = sorted(path.name for path in run.folder.iterdir())
    assert names == [
        ".lock",
        ".t2t_multimodel",
        "baselines.json",
        "checkpoints",
        "config.json",
        "mixture.json",
        "results.examples.json",
        "results.json",
        "samples.json",
        "scalars.jsonl",
        "tensorboard",
    ]
    checkpoints = run.folder / "checkpoints"
    kept = {path.name: path for path in checkpoints.iterdir()}
    best = {name: path for name, path in kept.items() if name.startswith("best-")}
    assert sorted(best) == [f"best-{name}" for name in ["joint", *sorted(run.prepared)]]
    steps = {"step-00000060", "step-00000090"} | {path.readlink().name for path in best.values()}
    assert kept.keys() - best.keys() == steps <= {"step-00000045", *steps}


def test_the_best_checkpoints_are_those_with_the_best_dev_scores(run: Run) -> None:
    scores: dict[str, dict[int, float]] = {}
    for line in (run.folder / "scalars.jsonl").read_text().splitlines():
        values = json.loads(line)
        for name, value in values.items():
            if name.endswith("log_ppl"):
                scores.setdefault(name.split("/")[0], {})[values["step"]] = value
    assert scores.keys() == run.prepared.keys()
    for name, by_step in scores.items():
        assert list(by_step) == [45, 90]
        best = checkpoints.open_checkpoint(run.folder / "checkpoints" / f"best-{name}")
        assert best.step == min(by_step, key=by_step.__getitem__)


def test_the_table_holds_the_results_beside_their_baselines(run: Run) -> None:
    rows = json.loads((run.folder / "results.json").read_text())
    assert [row["problem"] for row in rows] == list(run.prepared)
    for row, result in zip(rows, run.results, strict=True):
        assert row["scores"] == result.scores
        assert (row["split"], row["examples"]) == ("test", 14)
        assert row["verdict"]["loss_above_source_blind"] == "yes"
        assert row["verdict"]["learned"] == "yes"
    assert rows[0]["trivial_baseline"]["top1"] == pytest.approx(1 / 3)


def test_the_baselines_of_the_final_split_lie_beside_the_results(run: Run) -> None:
    rows = json.loads((run.folder / "results.json").read_text())
    baselines = json.loads((run.folder / "baselines.json").read_text())
    assert {row["problem"]: row["source_blind_baseline"] for row in rows} == {
        name: by_split["test"]["source_blind"] for name, by_split in baselines.items()
    }


def test_samples_of_every_kind_of_problem_are_kept(run: Run) -> None:
    kept = json.loads((run.folder / "samples.json").read_text())
    assert {(one["step"], one["split"]) for one in kept.values()} == {(90, "test")}
    first = {name: one["samples"][0] for name, one in kept.items()}
    assert {name: (one["type"], len(kept[name]["samples"])) for name, one in first.items()} == {
        "made_colours": ("image/png", 4),
        "made_captions": ("image/png", 4),
        "made_tones": ("image/png", 4),
        "made_numbers": ("text/plain", 4),
    }
    assert first["made_colours"]["words"] == "picture 4x4"
    names = first["made_colours"]["output"].split(", ")
    assert names[0] == first["made_colours"]["target"]
    assert sorted(names) == ["blue", "green", "red"]
    words = dict(zip("123456", "one two three four five six".split(), strict=True))
    digits = first["made_numbers"]["words"].split()
    assert first["made_numbers"]["target"] == " ".join(words[digit] for digit in digits)


def test_evaluations_that_decode_keep_samples_on_the_way(run: Run, tmp_path: Path) -> None:
    config = run.resolved.config
    evaluate = config.evaluate.replace(examples=3, train_decode_examples=3)
    trainer = Trainer(
        config.replace(evaluate=evaluate),
        run.prepared,
        run.trainer.model,
        run.trainer.engine,
        RunFolder(tmp_path),
    )
    trainer.log = lambda _: None
    trainer.evaluator = run.trainer.evaluator  # which is compiled already
    trainer._evaluate(Progress(0, 90))
    kept = json.loads((tmp_path / "samples.json").read_text())
    assert kept.keys() == run.prepared.keys()
    assert {(one["step"], one["split"]) for one in kept.values()} == {(0, "dev")}
    assert len(kept["made_numbers"]["samples"]) == 3
    assert {one["words"][:14] for one in kept["made_tones"]["samples"]} == {"spectrogram of"}


def test_a_stopped_run_goes_on_bit_by_bit(run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(
        run.folder / "checkpoints" / "step-00000060", copy / "checkpoints" / "step-00000060"
    )
    shutil.copy(run.folder / "config.json", copy)
    shutil.copy(run.folder / "scalars.jsonl", copy)  # as a kill at step 90 leaves it
    (checkpoint,) = checkpoints.found(copy / "checkpoints")
    # Evaluations in between change nothing either.
    config = run.resolved.config.replace(evaluate=run.resolved.config.evaluate.replace(steps=0))
    model = checkpoint.model()
    trainer = Trainer(config, run.prepared, model, make_engine(model, config), RunFolder(copy))
    trainer.log = lambda _: None
    trainer.restore(checkpoint)
    assert (trainer.step, trainer.positions) == (60, checkpoint.state["positions"])
    trainer.run()
    whole, resumed = scalars_of(run.folder), scalars_of(copy)
    assert list(resumed) == list(range(1, 91))
    assert resumed == whole
    lines = (copy / "scalars.jsonl").read_text().splitlines()
    assert sum("/mixture/" not in line for line in lines) == 90 + len(run.prepared)
    assert trainer.positions == run.trainer.positions
    assert_same_arrays(weights(trainer), weights(run.trainer))
    assert_same_arrays(trainer.engine.state(), run.trainer.engine.state())


def weights(trainer: Trainer) -> dict[str, np.ndarray]:
    return {v.path: v.numpy() for v in trainer.model.variables}


def assert_same_arrays(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    assert first.keys() == second.keys()
    assert [name for name in first if not np.array_equal(first[name], second[name])] == []


class Stub:
    """An engine that computes nothing."""

    traces, added, split = 0, 0, None

    def __init__(self, xent: dict[int, float] | None = None, norm: float = 1.0) -> None:
        self.xent, self.norm, self.draws = xent or {}, norm, []
        self.applied: list[int] = []
        self.loads: list[list[float]] = []

    def averages(self) -> dict[str, np.ndarray]:
        return {}

    def compile(self, problem: str) -> None:
        pass

    def compute(self, problem: str, batch: dict[str, Any], draw: int) -> Computed:
        self.draws.append(draw)
        loads = {"bias": np.float32([1, draw])}
        return Computed({}, Observed({"xent": self.xent.get(draw, 1.0)}, loads))

    def add(self, gradients: dict) -> None:
        self.added += 1

    def clear(self) -> None:
        self.added = 0

    def update(self, learning_rate: float, step: int, loads: dict) -> float:
        self.applied.append(self.added)
        self.loads.append(loads["bias"].tolist())
        self.clear()
        return self.norm


class Stubbed(Trainer):
    """Saves nothing, but notes when it would; its dev scores are given."""

    def __init__(self, *arguments: Any) -> None:
        self.lines: list[str] = []
        super().__init__(*arguments)
        self.log = self.lines.append
        self.saves: list[int] = []
        self.dev: list[float] = []

    def save(self) -> None:
        self.saves.append(self.step)
        self.saved_step = self.step

    def _evaluate(self, progress: Any) -> dict[str, dict[str, float]]:
        return {"made_colours": {"log_ppl": self.dev.pop(0)}}


def stubbed(run: Run, folder: Path, engine: Stub, **fields: Any) -> Stubbed:
    """A trainer of five steps; fields are of the config's sections `train` and `evaluate`."""
    config = run.resolved.config
    train = {"steps": 5, "checkpoint_steps": 100, **fields.get("train", {})}
    evaluate = {"steps": 0, **fields.get("evaluate", {})}
    config = config.replace(
        train=config.train.replace(**train), evaluate=config.evaluate.replace(**evaluate)
    )
    return Stubbed(config, run.prepared, SimpleNamespace(), engine, RunFolder(folder))


def reading_threads() -> int:
    return sum(thread.name.startswith("made_ahead") for thread in threading.enumerate())


def test_every_micro_batch_of_a_run_has_its_own_draw(run: Run, tmp_path: Path) -> None:
    engine = Stub()
    stubbed(run, tmp_path, engine).run()
    assert sorted(engine.draws) == list(range(5 * 4))


def test_accumulation_makes_steps_of_so_many_times_more_micro_batches(
    run: Run, tmp_path: Path
) -> None:
    engine = Stub()
    trainer = stubbed(run, tmp_path, engine, train={"accumulate": 3})
    trainer.run()
    assert engine.applied == [12] * 5
    assert sorted(engine.draws) == list(range(5 * 12))
    assert trainer.positions == dict.fromkeys(run.prepared, 15)


def test_an_update_is_told_the_loads_of_all_its_micro_batches(run: Run, tmp_path: Path) -> None:
    engine = Stub()
    stubbed(run, tmp_path, engine).run()
    assert engine.loads == [[4, 4 * 4 * step + 0 + 1 + 2 + 3] for step in range(5)]


def test_a_step_that_failed_leaves_no_gradients_behind(run: Run, tmp_path: Path) -> None:
    engine = Stub(xent={1: float("nan")})
    trainer = stubbed(run, tmp_path, engine)
    with pytest.raises(UserError, match="^The loss of made_captions is nan at step 0."):
        trainer.run()
    assert (engine.added, engine.applied) == (4, [])
    engine.xent = {}
    trainer.run()
    assert engine.applied == [4] * 5


def test_the_last_step_is_saved_whenever_a_run_ends(run: Run, tmp_path: Path) -> None:
    trainer = stubbed(run, tmp_path, Stub(), train={"checkpoint_steps": 2})
    trainer.run()
    assert trainer.saves == [2, 4, 5]


def test_a_run_that_is_asked_to_stop_saves_and_ends(run: Run, tmp_path: Path) -> None:
    stop, engine = StopRequest(), Stub()
    trainer = stubbed(run, tmp_path, engine, evaluate={"steps": 1})
    trainer.dev = [1.0] * 5

    def compute(problem: str, batch: dict[str, Any], draw: int) -> Computed:
        if draw == 2 * 4:
            stop.signal = "SIGTERM"
        return Computed({}, Observed({"xent": 1.0}, {"bias": np.ones(2)}))

    engine.compute = compute  # type: ignore[method-assign]
    trainer.run(stop)
    assert (trainer.step, trainer.evaluated_step) == (3, 2)
    assert trainer.saves == [1, 3]  # a new best, and the end
    trainer.run()  # as it goes on: the evaluation that was due comes first
    assert (trainer.step, trainer.evaluated_step) == (5, 5)


@pytest.mark.parametrize(("patience", "step"), [(0, 5), (1, 3), (2, 4)])
def test_a_run_whose_dev_score_no_longer_improves_ends(
    run: Run, tmp_path: Path, patience: int, step: int
) -> None:
    evaluate = {"steps": 1, "patience": patience}
    trainer = stubbed(run, tmp_path, Stub(), evaluate=evaluate)
    trainer.dev = [3.0, 2.0, 2.5, 2.5, 2.5]
    trainer.run()
    assert (trainer.step, trainer.finished) == (step, True)
    assert trainer.best.steps == {"made_colours": 2, "joint": 2}
    assert trainer.saves == [1, 2, step]
    if patience:
        assert trainer.lines[-1] == f"  No new best in {patience} evaluations: done."


def test_a_loss_that_is_no_number_stops_the_run(run: Run, tmp_path: Path) -> None:
    threads = reading_threads()
    trainer = stubbed(run, tmp_path, Stub(xent={2 * 4 + 1: float("nan")}))
    with pytest.raises(UserError) as caught:
        trainer.run()
    assert str(caught.value) == (
        "The loss of made_captions is nan at step 2.\n"
        f"Its batch is kept: mm-report {tmp_path}/diverged-step-00000002.npz shows it.\n"
        "Lower optimizer.learning_rate or raise optimizer.schedule.warmup_steps; the same command "
        "goes on from the last checkpoint."
    )
    assert trainer.step == 2
    assert reading_threads() == threads


def test_a_gradient_that_is_no_number_stops_the_run_before_it_is_saved(
    run: Run, tmp_path: Path
) -> None:
    trainer = stubbed(run, tmp_path, Stub(norm=float("inf")))
    with pytest.raises(UserError, match="^The gradient's norm is inf at step 0.\n"):
        trainer.run()
    assert trainer.saves == []
