"""The flags of each command. A new knob is a field of the config, not a flag."""

from __future__ import annotations

import importlib

import pytest

FLAGS = {
    "mm_datagen": "problem vocab_size list data_dir raw_dir usr_dir workers problems",
    "mm_trainer": (
        "problems hparams_set train_steps list_hparams gin_file gin_param hparams "
        "data_dir raw_dir usr_dir output_dir problem"
    ),
    "mm_eval": (
        "output_dir checkpoint problems split shuffle_sources data_dir raw_dir usr_dir json problem"
    ),
    "mm_problems": "data_dir raw_dir usr_dir split",
}


@pytest.mark.parametrize("module", FLAGS)
def test_the_flags_are_these(module: str) -> None:
    command = importlib.import_module(f"t2t_multimodel.bin.{module}").COMMAND
    assert command.flag_names() == FLAGS[module].split()
    assert command.name == module.replace("_", "-")


@pytest.mark.parametrize("module", FLAGS)
def test_every_flag_is_explained(module: str) -> None:
    command = importlib.import_module(f"t2t_multimodel.bin.{module}").COMMAND
    for flag in (command.flags[name] for name in command.flags):
        assert flag.help and flag.help.split(";\n")[0].endswith("."), flag.name
    assert command.example.startswith(command.name)
