"""A trained model that learns more problems, and what that does to the old ones."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.finished_run import TASKS, Run, forget_small_tasks

from t2t_multimodel import usr_dir
from t2t_multimodel.bin import mm_add_task, mm_eval, mm_remove_task, mm_trainer
from t2t_multimodel.checkpoints.checkpoint import Checkpoint, open_checkpoint
from t2t_multimodel.config import rates
from t2t_multimodel.tasks import forgetting
from t2t_multimodel.tasks.add import AddRequest, settings
from t2t_multimodel.train.parts import parts_of

ADDED = TASKS.with_name("added_tasks.py")
STEPS = 40
PARTS = ("body", "image", "class_label_made_colours")
FEW = "--hparams=evaluate.final_examples=1,evaluate.decode_examples=0"
OVERRIDES = "optimizer.weight_decay=decoupled:0.1,optimizer.ema_decay=0.9,train.checkpoint_steps=20"


@pytest.fixture(autouse=True)
def tasks() -> None:
    forget_small_tasks()
    sys.modules.pop(usr_dir._module_name(ADDED), None)
    for file in (TASKS, ADDED):
        usr_dir.add(file)


@dataclasses.dataclass(frozen=True)
class Grown:
    folder: Path
    out: str


_grown: list[Grown] = []


@pytest.fixture
def grown(
    run: Run, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> Grown:
    """The made run with two problems more, its old parts frozen; trained once."""
    if not _grown:
        folder = tmp_path_factory.mktemp("grown") / "run"
        code = mm_add_task.main(
            [
                f"--from={run.folder}",
                "--problems=added_parity,added_echo",
                f"--train_steps={STEPS}",
                f"--hparams={OVERRIDES}",
                f"--data_dir={run.data_dir}",
                f"--output_dir={folder}",
            ]
        )
        shown = capsys.readouterr()
        assert code == 0, shown.err
        _grown.append(Grown(folder, shown.out))
    return _grown[0]


def weights(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    return {v.path: v.numpy() for v in checkpoint.model().variables}


def losses(folder: Path, name: str) -> list[float]:
    rows = map(json.loads, (folder / "scalars.jsonl").read_text().splitlines())
    return [row[f"{name}/train/xent"] for row in rows if f"{name}/train/xent" in row]


def test_the_new_problems_learn(grown: Grown) -> None:
    for name in ("added_parity", "added_echo"):
        found = losses(grown.folder, name)
        assert len(found) == STEPS
        assert np.mean(found[-5:]) < 0.8 * np.mean(found[:5])


def test_what_was_there_stays_bit_by_bit(run: Run, grown: Grown) -> None:
    before, after = weights(open_checkpoint(run.folder)), weights(open_checkpoint(grown.folder))
    assert before.keys() < after.keys()
    assert all(before[path].tobytes() == after[path].tobytes() for path in before)
    new = {path.split("/")[1] for path in after.keys() - before.keys()}
    (own,) = [name for name in new if name.startswith("text_added_echo")]
    assert new == {
        "class_label_added_parity",
        "command_added_parity",
        "command_added_echo",
        own,
    }
    first = weights(Checkpoint(grown.folder / "checkpoints" / "step-00000020"))
    moved = {path.split("/")[1] for path in after if first[path].tobytes() != after[path].tobytes()}
    assert moved == new - {"command_added_parity"}  # a class net does not read its command


def test_only_what_is_new_has_slots(run: Run, grown: Grown) -> None:
    old = weights(open_checkpoint(run.folder))
    slots = open_checkpoint(grown.folder).optimizer()
    assert slots and not {name.partition("/")[2] for name in slots} & old.keys()


def test_the_old_problems_score_the_same_to_the_last_digit(run: Run, grown: Grown) -> None:
    table = forgetting.load(grown.folder / "forgetting.json")
    assert table.source == str(run.folder / "checkpoints" / "step-00000090")
    assert list(table.before) == list(run.prepared)
    assert table.before == table.after
    for result in run.results:
        assert table.before[result.problem].scores == result.scores
    count = sum(len(result.scores) for result in run.results)
    assert table.verdict in grown.out.replace("\n", " ")
    assert table.verdict == (
        f"All {count} scores of 4 old problems are unchanged to the last digit."
    )
    assert {line.verdict for line in table.lines()} == {"unchanged"}


def test_it_is_told_what_was_taken(grown: Grown) -> None:
    lines = grown.out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("Weights of "))
    taken, new, vocabularies = lines[at + 1 : at + 4]
    assert taken.startswith("  taken: body (")
    assert "class_label_made_colours (" in taken and "class_label_made_tones (" in taken
    assert new.startswith("  new: class_label_added_parity (")
    assert ", command_added_parity (1), text_added_echo_" in new
    assert new.endswith(" (1), command_added_echo (1)")
    assert vocabularies == "  vocabularies taken: made_words"


def test_the_vocabulary_of_the_old_run_is_taken_as_it_is(run: Run, grown: Grown) -> None:
    old, new = (open_checkpoint(folder).tokenizers() for folder in (run.folder, grown.folder))
    assert new.keys() == {*old, "added_echo"}
    assert new["made_words"].model == old["made_words"].model


def test_the_settings_tell_where_they_come_from(run: Run, grown: Grown) -> None:
    record = json.loads((grown.folder / "config.json").read_text())
    assert record["hparams_set"] == "made_tiny"
    assert record["config"]["problems"] == [
        *({"name": name, "rate": 0.0} for name in run.prepared),
        {"name": "added_parity", "rate": 1.0},
        {"name": "added_echo", "rate": 1.0},
    ]
    assert record["config"]["train"]["warm_start"] == str(run.folder)
    assert {"part": "body", "factor": 0.0} in record["config"]["optimizer"]["rate_factors"]
    origins = record["origins"]
    assert origins["optimizer.rate_factors"] == "--body"
    assert origins["train.warm_start"] == "--from"
    assert origins["optimizer.weight_decay"] == "--hparams"
    assert origins["model.hidden_size"] == "set made_tiny"


def test_the_run_is_scored_as_any_other(run: Run, grown: Grown, tmp_path: Path) -> None:
    file = tmp_path / "scores.json"
    names = ["added_parity", "made_numbers"]
    flags = [f"--output_dir={grown.folder}", f"--problems={','.join(names)}", f"--json={file}"]
    assert mm_eval.main([*flags, f"--data_dir={run.data_dir}"]) == 0
    final = json.loads((grown.folder / "results.json").read_text())
    assert len(final) == 6
    assert json.loads(file.read_text()) == [row for row in final if row["problem"] in names][::-1]


def test_the_run_goes_on_with_its_own_settings(
    run: Run, grown: Grown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = Path("checkpoints", f"step-{STEPS:08d}")
    shutil.copytree(grown.folder / newest, tmp_path / newest)
    shutil.copy(grown.folder / "config.json", tmp_path)
    flags = [f"--output_dir={tmp_path}", f"--data_dir={run.data_dir}", FEW]
    assert mm_trainer.main([*flags, f"--train_steps={STEPS + 1}"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        f"{tmp_path}: made_tiny, 6 problems; loading TensorFlow.\n"
        f"Going on from {tmp_path / newest}, step {STEPS}.\n{tmp_path}: made_tiny, 6 problems, "
    )
    before, after = weights(open_checkpoint(grown.folder)), weights(open_checkpoint(tmp_path))
    moved = {
        path.split("/")[1] for path in after if before[path].tobytes() != after[path].tobytes()
    }
    assert "class_label_added_parity" in moved and "body" not in moved


def test_a_problem_is_taken_out_again(
    run: Run, grown: Grown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [f"--from={grown.folder}", "--problems=added_echo,made_tones"]
    assert mm_remove_task.main([*flags, f"--output_dir={tmp_path}"]) == 0
    before, small = open_checkpoint(grown.folder), open_checkpoint(tmp_path)
    assert small.problems([]) == ["made_colours", "made_captions", "made_numbers", "added_parity"]
    assert small.tokenizers().keys() == {"made_words"}
    old, kept = weights(before), weights(small)
    assert all(old[path].tobytes() == kept[path].tobytes() for path in kept)
    left = {path.split("/")[1] for path in old.keys() - kept.keys()}
    gone = ("audio", "class_label_made_tones", "command_", "text_added_echo")
    assert left and all(name.startswith(gone) for name in left)
    assert {name.partition("/")[2] for name in small.optimizer()} < kept.keys()
    capsys.readouterr()
    going_on = [f"--output_dir={tmp_path}", f"--data_dir={run.data_dir}", FEW]
    assert mm_trainer.main([*going_on, f"--train_steps={STEPS + 1}"]) == 0
    assert f"Going on from {small.path}, step {STEPS}." in capsys.readouterr().out
    assert open_checkpoint(tmp_path).step == STEPS + 1
    assert mm_remove_task.main([*flags, f"--output_dir={tmp_path}"]) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path} holds a run already.\nGive another --output_dir.\n"
    )


def test_a_run_that_would_train_nothing_is_refused(
    grown: Grown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [f"--from={grown.folder}", f"--output_dir={tmp_path / 'new'}"]
    assert mm_remove_task.main([*flags, "--problems=added_echo,added_parity"]) == 2
    assert capsys.readouterr().err == (
        "Without added_echo, added_parity the run would train nothing; "
        "it trains added_parity, added_echo.\n"
        "Train others first: mm-trainer --warm_start=RUN --problems=...\n"
    )
    assert not (tmp_path / "new").exists()


def test_a_slow_body_and_old_problems_that_are_rehearsed(run: Run) -> None:
    request = AddRequest(
        problems=rates("added_parity:2", "made_tones:0.5"), body="slow", train_steps=7
    )
    config = settings(run.folder, open_checkpoint(run.folder), PARTS, request).config
    assert config.problems == rates(
        "made_colours:0",
        "made_captions:0",
        "made_numbers:0",
        "added_parity:2",
        "made_tones:0.5",
    )
    assert config.trained == {"added_parity": 2.0, "made_tones": 0.5}
    assert config.rate_factors == dict.fromkeys(PARTS, 0.1)
    assert config.train.steps == 7
    assert config.model == run.resolved.config.model


def test_a_free_body_has_no_factors(run: Run) -> None:
    request = AddRequest(problems=rates("added_parity"), body="free", hparams="train.seed=3")
    resolved = settings(run.folder, open_checkpoint(run.folder), PARTS, request)
    assert resolved.config.rate_factors == {}
    assert resolved.config.train.steps == run.resolved.config.train.steps
    assert (resolved.config.train.seed, resolved.origins["train.seed"]) == (3, "--hparams")


def test_a_single_checkpoint_will_do(run: Run) -> None:
    checkpoint = open_checkpoint(run.folder)
    request = AddRequest(problems=rates("added_parity"))
    resolved = settings(checkpoint.path, checkpoint, PARTS, request)
    assert resolved.set_name == "step-00000090"
    assert resolved.origins["model.hidden_size"] == f"checkpoint {checkpoint.path}"
    assert resolved.origins["model.dropout"] == f"checkpoint {checkpoint.path}"
    assert resolved.origins["train.seed"] == "default"
    assert resolved.config.train.warm_start == str(checkpoint.path)


def test_a_problem_with_nothing_new_needs_a_body_that_learns(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = parts_of(open_checkpoint(run.folder).model())
    (text,) = [name for name in names if name.startswith("text_made_words")]
    flags = [f"--from={run.folder}", "--problems=added_same", f"--data_dir={run.data_dir}"]
    assert mm_add_task.main([*flags, f"--output_dir={tmp_path}", FEW]) == 2
    assert capsys.readouterr().err == (
        f"Nothing is left to train for added_same: body, {text}, command_made_numbers "
        "are all frozen.\nLeave one of them out of optimizer.rate_factors, or give it more than 0 "
        "(mm-add-task: --body=slow).\n"
    )
    assert not (tmp_path / "config.json").exists()


@pytest.mark.parametrize(
    ("problems", "message"),
    [
        (
            "made_tones,made_colours:2",
            "{run} knows made_tones, made_colours already.\n"
            "To train on them: mm-trainer --warm_start={run} --problems=made_tones,made_colours\n",
        ),
        ("added_parety", "No problem is named 'added_parety'. Did you mean 'added_parity'?\n"),
    ],
)
def test_names_are_checked_first(
    run: Run, problems: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_add_task.main([f"--from={run.folder}", f"--problems={problems}"]) == 2
    assert capsys.readouterr().err.startswith(message.format(run=run.folder))


def test_changes_are_told_as_better_or_worse() -> None:
    before = {
        "a": forgetting.Scored(
            "test", 3, {"top1": 0.5, "log_ppl": 1.0, "teacher_forced/log_ppl": 2.0}
        )
    }
    after = {
        "a": forgetting.Scored(
            "test", 3, {"top1": 0.25, "log_ppl": 0.5, "teacher_forced/log_ppl": 2.0}
        )
    }
    table = forgetting.Forgetting("there", before, after)
    assert [line.verdict for line in table.lines()] == ["worse", "better", "unchanged"]
    assert table.verdict == "Of 3 scores of 1 old problems 1 are worse, 1 better."
