"""Each hparams set states how it is run, on what, how long, and what comes out."""

from __future__ import annotations

import inspect
import re
import shlex
from pathlib import Path

import pytest

from t2t_multimodel import registry
from t2t_multimodel.bin import mm_trainer

SETS = [name for name in registry.hparams.names() if "hparams" in registry.hparams.where(name)]


def facts(name: str) -> dict[str, str]:
    """The labelled lines of a set's docstring."""
    text = inspect.getdoc(registry.hparams.get(name)) or ""
    return dict(re.findall(r"^(Command|Hardware|Minutes|Scores): (.+)$", text, re.MULTILINE))


def test_the_built_in_sets_are_checked() -> None:
    assert {"octet_quick", "octet_tiny", "multimodel_paper", "t2t_multimodel1p8"} <= set(SETS)


@pytest.mark.parametrize("name", SETS)
def test_command_hardware_minutes_and_scores_are_stated(name: str) -> None:
    stated = facts(name)
    assert list(stated) == ["Command", "Hardware", "Minutes", "Scores"]
    assert re.fullmatch(r"\d+|not measured", stated["Minutes"])
    measured = stated["Minutes"] != "not measured"
    assert measured == bool(re.search(r"seed \d+, .*\.\d", stated["Scores"]))
    assert measured or stated["Scores"] == "not measured"
    assert measured <= bool(re.search(r"\d", stated["Hardware"]))


@pytest.mark.parametrize("name", SETS)
def test_the_command_trains_this_set(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mm_trainer.COMMAND, "run", lambda main, argv: run(main, argv, asked))
    command, *flags = shlex.split(facts(name)["Command"])
    assert command == mm_trainer.COMMAND.name
    assert mm_trainer.main(flags) == 0
    assert asked == [name]


def run(main: object, argv: list[str], asked: list[str]) -> int:
    """Parses as the command does, but notes the set instead of training it."""
    args, _ = mm_trainer.COMMAND._parse(argv)
    asked.append(args.hparams_set)
    return 0
