"""The flags of each command. A new knob is a field of the config, not a flag."""

from __future__ import annotations

import importlib
import re

import pytest

from t2t_multimodel import registry

FLAGS = {
    "mm_datagen": (
        "problem vocab_size list from source target inputs targets held_out data_dir raw_dir "
        "usr_dir workers verify accept tfds_metadata runner beam_options cache_dir cache_gb "
        "problems"
    ),
    "mm_trainer": (
        "problems hparams_set train_steps list_hparams gin_file gin_param hparams warm_start "
        "distribution cluster worker data_dir raw_dir usr_dir output_dir verify_resume plan "
        "json cache_dir cache_gb problem"
    ),
    "mm_eval": (
        "output_dir checkpoint problems split shuffle_sources hparams data_dir raw_dir "
        "usr_dir json compare cache_dir cache_gb problem"
    ),
    "mm_decode": (
        "output_dir checkpoint problem input_file split beam_size alpha ctc_weight "
        "temperature top_k top_p seed max_length batch_size jit output_file nbest scores raw "
        "json_lines data_dir raw_dir usr_dir cache_dir cache_gb"
    ),
    "mm_export": (
        "output_dir checkpoint export_dir problems beam_size alpha ctc_weight nbest "
        "max_length usr_dir cache_dir cache_gb problem"
    ),
    "mm_serve": (
        "output_dir checkpoint problems beam_size usr_dir host port cache_dir cache_gb problem"
    ),
    "mm_problems": ("data_dir raw_dir usr_dir split examples model json output cache_dir cache_gb"),
    "mm_average": ("output_dir last usr_dir to cache_dir cache_gb"),
    "mm_convert": "output_dir checkpoint usr_dir format to cache_dir cache_gb",
    "mm_add_task": (
        "from problems body train_steps hparams data_dir raw_dir usr_dir output_dir cache_dir "
        "cache_gb problem"
    ),
    "mm_remove_task": ("from problems usr_dir output_dir cache_dir cache_gb problem"),
    "mm_report": ("output cache_dir cache_gb"),
    "mm_paper": (
        "scale seeds arms jobs page_only data_dir raw_dir usr_dir output_dir results_dir cache_dir "
        "cache_gb arm"
    ),
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


@pytest.mark.parametrize("module", FLAGS)
def test_the_example_of_the_help_names_problems_that_exist(module: str) -> None:
    example = importlib.import_module(f"t2t_multimodel.bin.{module}").COMMAND.example
    named = re.findall(r"octet_\w+", example)
    known = [*registry.problems.names(), *registry.hparams.names()]
    assert [name for name in named if name not in known] == []
