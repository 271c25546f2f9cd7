"""A plan, held against the run that it plans."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.finished_run import TASKS, Run, forget_small_tasks

from t2t_multimodel import (
    Audio,
    ClassLabel,
    Config,
    DataConfig,
    Declared,
    Image,
    MixtureConfig,
    ModelConfig,
    Problem,
    Text,
    TrainConfig,
    UserError,
    register_problem,
    usr_dir,
)
from t2t_multimodel.bin import mm_trainer
from t2t_multimodel.config import (
    AdaptiveMixtureConfig,
    ExpertsConfig,
    ScheduledMixtureConfig,
    SchedulePoint,
    UnimaxMixtureConfig,
    rates,
)
from t2t_multimodel.features import ProblemSignature
from t2t_multimodel.plan import plan as module
from t2t_multimodel.plan.footprint import Counted, Footprint, Shapes
from t2t_multimodel.plan.plan import estimate_memory, make_plan
from t2t_multimodel.plan.table import print_plan


@pytest.fixture
def untraced(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """Leaves the model out: what the footprints were asked for."""
    asked: list[tuple] = []

    def footprints(
        config: Config, problems: list[ProblemSignature], shapes: dict[str, Shapes]
    ) -> Counted:
        asked.append((problems, shapes))
        return Counted(1000, 2000, {name: Footprint(800, 500, 10_000) for name in shapes})

    monkeypatch.setattr(module, "footprints", footprints)
    return asked


def test_the_plan_of_a_run_is_what_the_run_did(run: Run) -> None:
    forget_small_tasks()
    usr_dir.add(TASKS)
    plan = make_plan(run.resolved.config, run.data_dir)
    assert plan.parameters == run.trainer.model.count_params()
    assert (plan.steps, plan.batches_per_step) == (90, 4)
    for planned, done in zip(plan.problems, run.trainer.realised(), strict=True):
        assert planned.problem == done.problem
        assert planned.source == str(run.prepared[done.problem].folder)
        assert (planned.share, planned.micro_batches) == (0.25, pytest.approx(done.asked))
        assert planned.examples == done.train_examples == 60
        assert planned.epochs == pytest.approx(done.epochs, rel=0.05)
        assert planned.rows == pytest.approx(done.examples / done.batches, rel=0.05)
        assert planned.inputs == pytest.approx(done.inputs / done.batches, rel=0.05)
        assert planned.targets == pytest.approx(done.targets / done.batches, rel=0.05)
        buckets = run.trainer.streams[done.problem].plan.buckets
        assert [one.rows for one in planned.buckets] == [one.rows for one in buckets]
    values = json.loads(json.dumps(plan.to_dict()))
    assert values["examples_per_step"] == pytest.approx(
        sum(row.examples for row in run.trainer.realised()) / 90, rel=0.05
    )
    assert values["problems"][0]["padding"] == 0.0  # pictures and classes


def test_padding_is_that_of_rows_as_long_as_the_longest(run: Run, untraced: list) -> None:
    forget_small_tasks()
    usr_dir.add(TASKS)
    (_, _, tones, _) = make_plan(run.resolved.config, run.data_dir).problems
    lengths = run.trainer.streams["made_tones"].lengths
    buckets = run.trainer.streams["made_tones"].plan.buckets
    cells = filled = 0
    for bucket, planned in zip(buckets, tones.buckets, strict=True):
        longest = max(lengths["inputs"][i] for i in bucket.members)
        real = sum(lengths["inputs"][i] + 1 for i in bucket.members)
        assert (planned.examples, planned.inputs) == (len(bucket.members), longest)
        assert planned.padding == pytest.approx(1 - real / len(bucket.members) / (longest + 1))
        cells, filled = cells + len(bucket.members) * (longest + 1), filled + real
    assert tones.padding == pytest.approx(1 - filled / cells)


def published() -> None:
    """Registers two problems whose data is elsewhere."""

    @register_problem("far_speech")
    class FarSpeech(Problem):
        inputs = Audio(rate=16000, form="waveform")
        targets = Text(vocab="octet")
        declared = Declared(
            examples={"train": 37_000, "test": 300}, inputs_length=780, targets_length=30
        )

    @register_problem("far_pictures")
    class FarPictures(Problem):
        inputs = Image(299, 299, 3)
        targets = ClassLabel(1000)
        declared = Declared(
            examples={"train": 1_281_167, "test": 50_000}, inputs_length=0, targets_length=1
        )


CONFIG = Config(
    problems=rates("far_speech", "far_pictures:3"),
    model=ModelConfig(hidden_size=16, moe=ExpertsConfig(experts=4, per_token=2)),
    data=DataConfig(frames_per_batch=7800, pixels_per_batch=8 * 299 * 299),
    train=TrainConfig(steps=1000, problems_per_step=1),
)


def test_without_data_the_declared_sizes_are_planned_with(tmp_path: Path, untraced: list) -> None:
    published()
    plan = make_plan(CONFIG, tmp_path)
    speech, pictures = plan.problems
    assert (speech.source, speech.share, speech.micro_batches) == ("declared", 0.25, 250)
    assert (speech.rows, speech.examples, speech.targets) == (10, 37_000, 300)
    assert speech.inputs == 10 * 780 * 160  # samples
    assert speech.epochs == pytest.approx(250 * 10 / 37_000)
    assert (pictures.rows, pictures.targets, pictures.padding) == (8, 8, None)
    assert pictures.epochs == pytest.approx(750 * 8 / 1_281_167)
    assert plan.per_step("rows") == pytest.approx(0.25 * 10 + 0.75 * 8)
    (((a, b), shapes),) = untraced
    assert a.targets.size == 4096  # as its vocabulary declares
    assert b.targets.size == 1000
    assert shapes["far_speech"] == {
        "inputs": (10, 780 * 160),
        "inputs_length": (10,),
        "targets": (10, 30),
        "targets_length": (10,),
    }
    assert shapes["far_pictures"]["inputs"] == (8, 299, 299, 3)
    assert shapes["far_pictures"]["targets"] == (8,)


@pytest.mark.parametrize(
    ("mixture", "shares"),
    [
        # 250 and 750 batches of 3,700 and 160,146 an epoch; rates 1 and 3 count too
        (UnimaxMixtureConfig(max_epochs=0.05), [185 / 1000, 815 / 1000]),
        (AdaptiveMixtureConfig(), [0.25, 0.75]),
        (
            ScheduledMixtureConfig(
                form="linear",
                points=(
                    SchedulePoint(step=0, rates=(1, 0)),
                    SchedulePoint(step=999, rates=(0, 1)),
                ),
            ),
            [0.5, 0.5],
        ),
    ],
)
def test_every_strategy_can_be_planned(
    tmp_path: Path, untraced: list, mixture: MixtureConfig, shares: list[float]
) -> None:
    published()
    plan = make_plan(CONFIG.replace(mixture=mixture), tmp_path)
    assert [one.share for one in plan.problems] == pytest.approx(shares)


def test_a_problem_of_unknown_size_cannot_be_planned(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        make_plan(Config(problems=rates("octet_ende")), tmp_path)
    assert str(caught.value) == (
        f"Problem 'octet_ende' has no records in {tmp_path} and declares no sizes to plan with.\n"
        f"make the records: mm-datagen --problems=octet_ende --data_dir={tmp_path}"
    )


def test_memory_counts_weights_slots_gradients_and_activations() -> None:
    prints = {"a": Footprint(800, 500, 10_000), "b": Footprint(900, 500, 2_000)}
    train = TrainConfig(problems_per_step=2, parallel_batches=2)
    memory = estimate_memory(
        Config(problems=rates("a", "b"), train=train), Counted(1000, 1700, prints)
    )
    assert (memory.parameters, memory.slots) == (4000, 6800)
    assert (memory.gradients, memory.activations) == (4 * 900 * 3, 20_000)
    assert memory.total == 4000 + 6800 + 10_800 + 20_000


def test_the_plan_is_printed_within_80_columns(
    tmp_path: Path, untraced: list, capsys: pytest.CaptureFixture[str]
) -> None:
    published()
    print_plan(make_plan(CONFIG, tmp_path))
    assert capsys.readouterr().out.splitlines()[:5] == [
        "1,000 steps of 1 micro-batch: in the mean 8 examples and 81 target tokens a ",
        "step.",
        "problem       share  batches  epochs  rows  targets  padding  active",
        "far_speech    25.0%      250   0.068    10      300        ?   0.0 M",
        "far_pictures  75.0%      750  0.0047     8        8        ?   0.0 M",
    ]


def test_the_command_plans_and_writes_json(
    run: Run, untraced: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forget_small_tasks()
    flags = [f"--usr_dir={TASKS}", "--hparams_set=made_tiny", f"--data_dir={run.data_dir}"]
    file = tmp_path / "plan.json"
    assert mm_trainer.main([*flags, "--plan", f"--json={file}"]) == 0
    assert "Parameters: 1,000\n" in capsys.readouterr().out
    values = json.loads(file.read_text())
    assert [one["problem"] for one in values["problems"]] == list(run.prepared)
    assert mm_trainer.main([*flags, f"--json={file}"]) == 2
    assert capsys.readouterr().err == "--json goes with --plan.\n"


def test_a_plan_from_weights_that_are_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    none = tmp_path / "nope"
    assert mm_trainer.main(["--plan", f"--warm_start={none}"]) == 2
    assert capsys.readouterr().err == (
        f"train.warm_start={none} does not exist.\n"
        "mm-trainer writes runs into ./runs/SET. Trained models that ship: octet.\n"
    )
