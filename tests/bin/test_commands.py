"""What each command says, and what it hands on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from helpers.named_checkpoint import named_checkpoint

from t2t_multimodel import quiet
from t2t_multimodel.bin import (
    mm_add_task,
    mm_average,
    mm_datagen,
    mm_eval,
    mm_problems,
    mm_remove_task,
    mm_report,
    mm_trainer,
)
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.config import Config, OneDeviceConfig, TrainConfig, rates
from t2t_multimodel.config.tree import all_fields
from t2t_multimodel.data.raw_dirs import RawDirs
from t2t_multimodel.overrides import Overrides
from t2t_multimodel.registry import hparams, problems

MINE = '''
from t2t_multimodel import ClassLabel, Config, Problem, Text, rates
from t2t_multimodel import register_hparams, register_problem

class Base(Problem):
    inputs = Text(vocab="octet")

@register_problem("mine")
class Mine(Base):
    """Sentences and their mood.

    Three moods.
    """

    targets = ClassLabel(3)

@register_problem("other")
class Other(Problem):
    """Declares nothing that can be read here."""

@register_hparams("my_set")
def my_set():
    """My own settings."""
    return Config(problems=rates("mine"))
'''


@pytest.fixture(autouse=True)
def raw_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder with raw files in `r`."""
    (tmp_path / "here" / "r").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def mine(tmp_path: Path) -> str:
    """The flag that adds two problems and a set."""
    (tmp_path / "mine.py").write_text(MINE)
    return f"--usr_dir={tmp_path / 'mine.py'}"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Replaces a function behind a command; the list receives the arguments of its calls.

    What the command makes for it, `request`, is a dict of the fields that were given.
    """

    def replace(module: str, function: str, returns: Any = None, request: str = "") -> list[Any]:
        calls: list[Any] = []

        def record(*args: Any, **kwargs: Any) -> Any:
            calls.append((args, kwargs) if kwargs else args)
            return f"what {function} returns" if returns is None else returns

        fake = ModuleType(module)
        setattr(fake, function, record)
        setattr(fake, request or "no_request", lambda **fields: fields)
        package, _, name = module.rpartition(".")
        monkeypatch.setitem(sys.modules, module, fake)
        if package not in sys.modules:
            monkeypatch.setitem(sys.modules, package, ModuleType(package))
        monkeypatch.setattr(sys.modules[package], name, fake, raising=False)
        return calls

    monkeypatch.setattr(quiet, "import_tensorflow", lambda: None)
    return replace


def test_list_shows_name_kinds_and_summary(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert mm_datagen.main(["--list", mine]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown] == problems.names()
    rows = [" ".join(line.split()) for line in shown]
    assert "mine Text -> ClassLabel Sentences and their mood." in rows
    assert "other Declares nothing that can be read here." in rows
    assert mm_problems.main(["list", mine]) == 0
    assert capsys.readouterr().out.splitlines() == shown


def test_list_hparams_shows_name_and_summary(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert mm_trainer.main(["--list_hparams", mine]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown] == hparams.names()
    assert any(line.split(maxsplit=1) == ["my_set", "My own settings."] for line in shown)


def test_list_fields_shows_path_default_and_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    assert mm_trainer.main(["--list_hparams=fields"]) == 0
    rows = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == [field.path for field in all_fields(Config)]
    assert ["train.steps", str(TrainConfig().steps)] in [row[:2] for row in rows]
    assert [row[0] for row in rows if len(row) < 3] == []


def test_list_fields_shows_the_kinds_and_the_fields_of_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert mm_trainer.main(["--list_hparams=fields"]) == 0
    rows = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    meanings = {(path, default): meaning for path, default, meaning in rows}
    assert meanings["model.nets", "paper"] == (
        "Nets for images, audio and labels: the paper's, or Tensor2Tensor's of 2017-06. One of: "
        "paper: The paper's nets (2.5); t2t: Tensor2Tensor's nets of 2017-06; class labels are "
        "read off the encoder"
    )
    assert meanings["model.body.filter_size", "2048"] == (
        "[model.body=t2t_v2] Width of the inner convolutions, feed-forward layers and encoder "
        "experts."
    )


def test_datagen_hands_on_its_flags(mine: str, stub: Callable) -> None:
    calls = stub("t2t_multimodel.data.datagen", "generate", {}, "DatagenOptions")
    argv = ["--problem=mine,other", "--data_dir=d", "--raw_dir=r", "--workers=3", mine]
    assert mm_datagen.main([*argv, "--vocab_size=99", "--verify"]) == 0
    options = {"workers": 3, "vocab_size": 99, "verify": True, "run": None}
    assert calls == [(["mine", "other"], Path("d"), RawDirs(Path("r")), options)]


def test_datagen_without_flags_uses_every_core(
    mine: str, stub: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(7), raising=False)
    calls = stub("t2t_multimodel.data.datagen", "generate", {}, "DatagenOptions")
    assert mm_datagen.main(["--problems=mine", mine]) == 0
    options = {"workers": 7, "vocab_size": None, "verify": False, "run": None}
    assert calls == [(["mine"], Path("data"), None, options)]


def test_datagen_runs_beam_with_its_options(mine: str, stub: Callable) -> None:
    runners = stub("t2t_multimodel.data.apache_beam_runner", "runner")
    calls = stub("t2t_multimodel.data.datagen", "generate", {}, "DatagenOptions")
    beam = ["--runner=FlinkRunner", "--beam_options=--a=1 --b='2 3'", "--beam_options=--c=4"]
    assert mm_datagen.main(["--problem=mine", mine, *beam]) == 0
    assert runners == [("FlinkRunner", ["--a=1", "--b=2 3", "--c=4"])]
    assert calls[0][3]["run"] == "what runner returns"


def test_datagen_wants_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert mm_datagen.main([]) == 2
    assert capsys.readouterr().err == (
        "--problem names no problem.\nmm-datagen --list shows all of them.\n"
    )


def resolved() -> Any:
    """What of resolved settings the command looks at."""
    config = SimpleNamespace(
        train=SimpleNamespace(distribution=OneDeviceConfig()), rates={"mine": 2.0, "other": 1.0}
    )
    return SimpleNamespace(config=config, set_name="my_set")


def unchanged(**changes: Any) -> Overrides:
    """What the command hands on where no flag changes a setting."""
    return Overrides(problems=[], gin_files=[], gin_params=[], **changes)


ASKED = "t2t_multimodel.train.settings"


def test_trainer_resolves_and_trains(
    mine: str, stub: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = resolved()
    asked = stub(ASKED, "asked_settings", (settings, Path("runs/my_set")))
    train = stub("t2t_multimodel.train.main", "train")
    argv = ["--hparams_set=my_set", "--problems=mine:2,other", "--hparams=a=1", "--train_steps=5"]
    assert mm_trainer.main([*argv, "--gin_file=f", "--gin_param=p", "--gin_param=q", mine]) == 0
    changes = Overrides(
        problems=["mine:2", "other"],
        hparams="a=1",
        gin_files=["f"],
        gin_params=["p", "q"],
        train_steps=5,
    )
    assert asked == [("my_set", None, changes)]
    assert train == [(settings, Path("data"), None, Path("runs/my_set"), None)]
    said = capsys.readouterr().out
    assert said == "runs/my_set: my_set, 2 problems; loading TensorFlow.\n"


def test_trainer_takes_another_output_folder(mine: str, stub: Callable) -> None:
    settings = resolved()
    asked = stub(ASKED, "asked_settings", (settings, Path("o")))
    train = stub("t2t_multimodel.train.main", "train")
    argv = ["--hparams_set=my_set", "--output_dir=o", "--data_dir=d", "--raw_dir=r", mine]
    assert mm_trainer.main(argv) == 0
    assert asked == [("my_set", Path("o"), unchanged())]
    assert train == [(settings, Path("d"), RawDirs(Path("r")), Path("o"), None)]


def test_trainer_names_no_set_unless_the_flag_does(mine: str, stub: Callable) -> None:
    asked = stub(ASKED, "asked_settings", (resolved(), Path("o")))
    stub("t2t_multimodel.train.main", "train")
    assert mm_trainer.main(["--output_dir=o", "--warm_start=r", mine]) == 0
    assert mm_trainer.main([mine]) == 0
    assert asked == [(None, Path("o"), unchanged(warm_start="r")), (None, None, unchanged())]


def test_verify_resume_hands_on_what_to_train(mine: str, stub: Callable) -> None:
    stub(ASKED, "asked_settings", (resolved(), Path("o")))
    verify = stub("t2t_multimodel.train.verify_resume", "verify_resume")
    argv = ["--hparams_set=my_set", "--problems=mine:2,other", "--hparams=a=1", "--raw_dir=r"]
    argv += ["--gin_file=f", "--gin_param=p = 1", "--gin_param=q", "--output_dir=o", mine]
    assert mm_trainer.main([*argv, "--verify_resume", "--data_dir=d"]) == 0
    again = ["--hparams_set=my_set", "--data_dir=d", mine, "--problems=mine:2,other", "--raw_dir=r"]
    again += ["--gin_file=f", "--gin_param=p = 1", "--gin_param=q"]
    assert verify == [(again, "a=1", Path("o"), 60)]
    assert mm_trainer.main([*argv, "--verify_resume", "--train_steps=30"]) == 0
    assert verify[1][3] == 30
    assert mm_trainer.main([*argv, "--verify_resume", "--warm_start=w"]) == 0
    assert "--warm_start=w" in verify[2][0]


def test_report_hands_on_one_run_two_or_a_batch(stub: Callable, tmp_path: Path) -> None:
    one, two, batch = tmp_path / "one", tmp_path / "two", tmp_path / "diverged-step-00000001.npz"
    for path in (one, two, batch):
        path.mkdir()
    summary = stub("t2t_multimodel.report.summary", "print_summary")
    pages = stub("t2t_multimodel.report.pages", "write_pages", ["report.html", "report.md"])
    difference = stub("t2t_multimodel.report.difference", "print_differences")
    batches = stub("t2t_multimodel.report.batch", "print_batches")
    for paths in ([one], [one, two], [batch]):
        assert mm_report.main(list(map(str, paths))) == 0
    assert (summary, difference, batches) == ([(one,)], [(one, two)], [(batch,)])
    assert pages == [(one, None)]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "mm-report takes one or two runs, but was given 0."),
        (["a", "b", "c"], "mm-report takes one or two runs, but was given 3."),
    ],
)
def test_report_explains_its_use(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_report.main(argv) == 2
    usage = "Usage: mm-report RUN [OTHER_RUN] | diverged-step-N.npz"
    assert capsys.readouterr().err == f"{message}\n{usage}\n"


def test_average_takes_the_newest_or_those_named(stub: Callable, tmp_path: Path) -> None:
    found = [tmp_path / f"step-{step:08d}" for step in (10, 20)]
    for path in found:
        named_checkpoint(path, "mine", step=int(path.name[5:]))
    averaging = "t2t_multimodel.checkpoints.averaging"
    calls = stub(averaging, "average")
    asked: list[Any] = []
    sys.modules[averaging].last_checkpoints = (  # type: ignore[attr-defined]
        lambda run, count: asked.append((run, count)) or [Checkpoint(path) for path in found]
    )
    parts = [Checkpoint(path) for path in found]
    assert mm_average.main([f"--output_dir={tmp_path}", "--last=2"]) == 0
    assert mm_average.main([str(found[0]), str(found[1]), "--to=mean"]) == 0
    assert asked == [(tmp_path, 2)]
    assert calls == [(parts, tmp_path / "averaged-00000020"), (parts, Path("mean"))]


@pytest.mark.parametrize("argv", [[], ["--output_dir=a", "b"]])
def test_average_wants_a_run_or_checkpoints(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_average.main(argv) == 2
    assert capsys.readouterr().err == (
        "Give either --output_dir or checkpoints.\n"
        "e.g. mm-average --output_dir=runs/octet_quick --last=3\n"
    )


def test_trainer_names_the_set_that_was_meant(
    mine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_trainer.main(["--hparams_set=my_sett", mine]) == 2
    assert capsys.readouterr().err == (
        "No hparams set is named 'my_sett'. Did you mean 'my_set'?\n"
        f"mm-trainer --list_hparams shows all {len(hparams.names())}.\n"
    )


def test_trainer_names_the_problem_that_was_meant(
    mine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_trainer.main(["--hparams_set=my_set", "--problems=mine:2,othr:1", mine]) == 2
    assert capsys.readouterr().err == (
        "No problem is named 'othr'. Did you mean 'other'?\n"
        f"mm-datagen --list shows all {len(problems.names())}.\n"
    )


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint as far as names go: its config and the user folders of its run."""
    return named_checkpoint(tmp_path, "mine", "other:2")


def test_eval_hands_on_its_flags(mine: str, stub: Callable, checkpoint: Path) -> None:
    calls = stub("t2t_multimodel.evaluate.main", "evaluate_checkpoint", request="EvalRequest")
    argv = [f"--checkpoint={checkpoint}", "--problems=mine", "--shuffle_sources", "--json=j", mine]
    assert mm_eval.main([*argv, "--hparams=evaluate.beam_size=4"]) == 0
    request = {
        "problems": ["mine"],
        "split": None,
        "shuffle_sources": True,
        "data_dir": Path("data"),
        "raw_dir": None,
        "json_file": Path("j"),
        "compare_with": None,
        "hparams": "evaluate.beam_size=4",
    }
    assert calls == [(Checkpoint(checkpoint), request)]


def test_eval_names_the_problem_that_was_meant(
    checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_eval.main([f"--checkpoint={checkpoint}", "--problems=othr"]) == 2
    assert capsys.readouterr().err == (
        "No problem of this checkpoint is named 'othr'. Did you mean 'other'?\n"
        "Known: mine, other.\n"
    )


@pytest.mark.parametrize("argv", [[], ["--output_dir=a", "--checkpoint=b"]])
def test_eval_wants_exactly_one_model(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert mm_eval.main(argv) == 2
    assert capsys.readouterr().err == (
        "Give either --output_dir or --checkpoint.\nmm-trainer writes runs into ./runs/SET.\n"
    )


def test_eval_says_that_a_run_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert mm_eval.main(["--output_dir=no/where"]) == 2
    assert capsys.readouterr().err == (
        "no/where does not exist.\n"
        "mm-trainer writes runs into ./runs/SET. Trained models that ship: octet.\n"
    )


@pytest.mark.parametrize("command", [mm_add_task, mm_remove_task])
@pytest.mark.parametrize("argv", [["--from=a"], ["--problems=octet_parse"]])
def test_tasks_are_added_to_and_removed_from_a_run(
    command: Any, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(argv) == 2
    assert capsys.readouterr().err == (
        f"--from and --problems are needed.\ne.g. {command.COMMAND.example}\n"
    )


def test_add_task_hands_on_its_request(mine: str, stub: Callable, checkpoint: Path) -> None:
    calls = stub("t2t_multimodel.tasks.add", "add_task", request="AddRequest")
    argv = [f"--from={checkpoint}", "--problems=octet_parse:2,mine", "--hparams=a=1", mine]
    assert mm_add_task.main([*argv, "--body=slow", "--train_steps=9", "--raw_dir=r"]) == 0
    assert mm_add_task.main([*argv, "--output_dir=o"]) == 0
    request = {"problems": [*rates("octet_parse:2", "mine")], "hparams": "a=1"}
    places = Path("data"), RawDirs(Path("r")), Path("runs", f"{checkpoint.name}-octet_parse")
    slow = {**request, "body": "slow", "train_steps": 9}
    frozen = {**request, "body": "frozen", "train_steps": None}
    here = checkpoint, Checkpoint(checkpoint)
    assert calls == [(*here, slow, *places), (*here, frozen, Path("data"), None, Path("o"))]


def test_remove_task_hands_on_its_names(
    mine: str, stub: Callable, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = stub("t2t_multimodel.tasks.remove", "remove_task")
    assert mm_remove_task.main([f"--from={checkpoint}", "--problems=other", mine]) == 0
    new = Path("runs", f"{checkpoint.name}-without-other")
    assert calls == [(checkpoint, Checkpoint(checkpoint), ["other"], new)]
    assert capsys.readouterr().out == (
        f"mm-eval --output_dir={new} scores it.\n"
        f"mm-trainer --output_dir={new} --train_steps=N trains it on.\n"
    )
    assert mm_remove_task.main([f"--from={checkpoint}", "--problems=othr", mine]) == 2
    assert capsys.readouterr().err == (
        "No problem of this checkpoint is named 'othr'. Did you mean 'other'?\n"
        "Known: mine, other.\n"
    )


def test_show_tells_what_a_problem_declares(
    mine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_problems.main(["show", "mine", mine]) == 0
    title, _, moods, _, *rows = capsys.readouterr().out.splitlines()
    assert (title, moods) == ("mine: Sentences and their mood.", "Three moods.")
    shown = {key: value.strip() for key, value in (row.split("  ", 1) for row in rows)}
    assert shown.pop("inputs").startswith("Text(vocab='octet'")
    assert shown.pop("targets").startswith("ClassLabel(n=3")
    assert shown == {
        "defined in": f"{tmp_path}/mine.py:8",
        "splits": "train, test",
        "metrics": "none of its own",
        "version": "1",
    }


def test_baselines_hands_on_its_names(mine: str, stub: Callable) -> None:
    calls = stub("t2t_multimodel.baselines.main", "baselines")
    assert mm_problems.main(["baselines", "mine", "other", "--raw_dir=r", mine]) == 0
    assert calls == [((["mine", "other"], Path("data"), RawDirs(Path("r"))), {"split": "test"})]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "mm-problems does what?"),
        (["shw"], "mm-problems cannot 'shw'. Did you mean 'show'?"),
        (["list", "a"], "mm-problems list takes no name, but was given 1."),
        (["show"], "mm-problems show takes one name, but was given 0."),
        (["show", "a", "b"], "mm-problems show takes one name, but was given 2."),
        (["baselines"], "mm-problems baselines takes at least one name, but was given 0."),
    ],
)
def test_problems_explains_its_use(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_problems.main(argv) == 2
    assert capsys.readouterr().err == (
        f"{message}\nUsage: mm-problems list | show NAME | check NAME... | "
        "inspect NAME[:RATE]... | baselines NAME... | completion SHELL\n"
    )


def test_a_problems_page_ends_with_how_to_get_its_data(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert mm_problems.main(["show", "fashion_mnist"]) == 0
    page = capsys.readouterr().out
    assert "\nexamples     train 55,000, dev 5,000, test 10,000\n" in page
    assert "\nmean length  targets 1\n" in page
    assert page.endswith(f"\n\n{problems.get('fashion_mnist').how_to_get}\n")
