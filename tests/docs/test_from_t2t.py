"""Every name of ours that the page about Tensor2Tensor gives is one that there is."""

from __future__ import annotations

import re

from conftest import ROOT

import t2t_multimodel
from t2t_multimodel.config import Config
from t2t_multimodel.config.tree import all_fields
from t2t_multimodel.registry import hparams, problems
from tools.site_pages import commands

PAGE = (ROOT / "docs/from_t2t.md").read_text()


def names_of(heading: str) -> list[str]:
    """The words in code of the second column of the table below a heading."""
    part = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("|")][2:]
    found = [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[2])]
    assert found
    return found


def test_commands() -> None:
    known = {command.name for command in commands()}
    assert [name for name in names_of("Commands") if name not in known] == []


def test_flags_and_settings() -> None:
    flags = {f"--{name}" for command in commands() for name in command.flag_names()}
    fields = {field.path for field in all_fields(Config)}
    words = [word for name in names_of("Flags") for word in name.split()]
    assert [w for w in words if w.partition("=")[0] not in flags and w not in fields] == []
    assert [name for name in names_of("Settings") if name not in fields] == []


def test_names_in_code() -> None:
    for name in names_of("Names in code"):
        owner, _, member = name.partition(".")
        found = getattr(t2t_multimodel, owner)
        if member:
            assert hasattr(found, member) or member in found.__annotations__, name


def test_problems_and_sets() -> None:
    assert [name for name in names_of("Problems") if name not in problems.names()] == []
    assert [name for name in names_of("Sets") if name not in hparams.names()] == []
