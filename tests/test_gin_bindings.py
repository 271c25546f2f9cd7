"""Gin files are read as data: bindings and macros, no imports, no calls."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel.errors import UserError
from t2t_multimodel.gin_bindings import FIX, MOST_BYTES, read_bindings

FIELDS = {"TrainConfig": ["steps", "seed"], "ModelConfig": ["hidden_size", "encoder_blocks"]}
STEPS, SEED = ("TrainConfig", "steps"), ("TrainConfig", "seed")


def read(*params: str) -> dict[tuple[str, str], Any]:
    return read_bindings([], params, FIELDS)


def read_file(file: Path, text: str) -> dict[tuple[str, str], Any]:
    file.write_text(text)
    return read_bindings([str(file)], [], FIELDS)


def test_values_are_literals_and_macros_and_the_last_one_counts() -> None:
    assert read("TrainConfig.steps = 5", "TrainConfig.steps = 6") == {STEPS: 6}
    assert read("TrainConfig.steps = %N", "N = %M", "M = -3") == {STEPS: -3}
    assert read("a = 1", "ModelConfig.encoder_blocks = (%a, [2, {'x': %a}])") == {
        ("ModelConfig", "encoder_blocks"): (1, [2, {"x": 1}])
    }


def test_a_class_may_be_named_with_its_module_and_in_a_block(tmp_path: Path) -> None:
    text = "t2t_multimodel.config.TrainConfig.steps = 5\nTrainConfig:\n  seed = 7\n"
    assert read_file(tmp_path / "a.gin", text) == {STEPS: 5, SEED: 7}
    assert read("config.TrainConfig.seed = 1") == {SEED: 1}


def test_files_may_include_others(tmp_path: Path) -> None:
    (tmp_path / "base.gin").write_text("N = 7\nTrainConfig.steps = %N\n")
    text = f"include '{tmp_path}/base.gin'\nTrainConfig.seed = %N\n"
    assert read_file(tmp_path / "run.gin", text) == {STEPS: 7, SEED: 7}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("import os", "'import os' is refused: a file of settings may not name code."),
        ("import x.y as z", "'import x.y' is refused: a file of settings may not name code."),
        (
            "from os import path",
            "'import os.path' is refused: a file of settings may not name code.",
        ),
        (
            "TrainConfig.steps = @f()",
            "@f() names a function; a file of settings may not name code.",
        ),
        ("TrainConfig.steps = @f", "@f names a function; a file of settings may not name code."),
        (
            "N = [{1: @a/os.system()}]",
            "@a/os.system() names a function; a file of settings may not name code.",
        ),
        ("os.system.command = 'touch hit'", "no section of settings is named 'os.system'."),
        (
            "os.TrainConfig.steps = 1",
            "no section of settings is named 'os.TrainConfig'. Did you mean 'TrainConfig'?",
        ),
        (
            "TrainConfg.steps = 1",
            "no section of settings is named 'TrainConfg'. Did you mean 'TrainConfig'?",
        ),
        (
            "TrainConfig.step = 1",
            "no setting is named 'TrainConfig.step'. Did you mean 'TrainConfig.steps'?",
        ),
        (
            "a/TrainConfig.steps = 1",
            "'a/TrainConfig.steps' is bound in a scope, where nothing reads it.",
        ),
        ("include 'x.gin'", "include stands in a file only."),
        ("TrainConfig.steps = %N", "TrainConfig.steps needs the macro %N, which is not defined."),
        (
            "TrainConfig.steps = %gin.REQUIRED",
            "TrainConfig.steps is REQUIRED, but no binding gives it a value.",
        ),
        ("TrainConfig.steps = ", "Unable to parse value. (line 1)"),
        ("TrainConfig.steps = {[1]: 2}", "unhashable type: 'list'"),
        ("TrainConfig.steps = 1\0", "Expected newline. (line 1)"),
        ("TrainConfig.steps = (1,", "('EOF in multi-line statement', (2, 0))"),
    ],
)
def test_what_is_no_binding_is_refused(line: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(line)
    assert caught.value.message == f"gin: {message}"
    assert caught.value.fix


def test_nothing_in_a_file_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("open('hit', 'w').close()")
    monkeypatch.syspath_prepend(tmp_path)
    for text in ("import evil\n", "import os\nN = @os.system()\nos.system.command = 'touch hit'\n"):
        with pytest.raises(UserError, match="^gin: 'import "):
            read_file(tmp_path / "a.gin", text)
    assert sorted(os.listdir(tmp_path)) == ["a.gin", "evil.py"]


def test_macros_of_macros_and_of_themselves_end() -> None:
    bomb = ["m0 = [1, 1]", *(f"m{i} = [%m{i - 1}, %m{i - 1}]" for i in range(1, 40))]
    with pytest.raises(UserError) as caught:
        read(*bomb, "TrainConfig.steps = %m39")
    assert str(caught.value) == f"gin: TrainConfig.steps has more than 10,000 values.\n{FIX}"
    with pytest.raises(UserError, match="^gin: the macro %a stands for itself."):
        read("a = %b", "b = %a", "TrainConfig.steps = %a")
    with pytest.raises(UserError, match="^gin: "):
        read("TrainConfig.steps = " + "[" * 5000)


def test_a_file_that_is_no_file_of_settings_is_named(tmp_path: Path) -> None:
    file, other = tmp_path / "a.gin", tmp_path / "b.gin"
    for text, message in (
        (f"include '{other}'", f"gin: {file} includes {other}, which does not exist."),
        (f"include '{file}'", f"gin: {file} includes itself."),
        ("#" * (MOST_BYTES + 1), f"gin: {file} is longer than 1,048,576 bytes."),
        (
            "TrainConfig.steps = @f()",
            f"gin: @f() names a function; a file of settings may not name code. (in {file})",
        ),
    ):
        with pytest.raises(UserError) as caught:
            read_file(file, text)
        assert caught.value.message == message
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=f"^gin: {file} cannot be read as text: "):
        read_bindings([str(file)], [], FIELDS)
