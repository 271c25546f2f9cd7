"""Tab completion: each shell gets the flags that the commands have."""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Callable

import pytest
from conftest import ROOT, Outcome

from t2t_multimodel.bin import _completion, mm_problems
from t2t_multimodel.errors import UserError


def completed(line: str) -> list[str]:
    """What bash offers at the end of a line."""
    words = line.split(" ")
    ask = (
        f"COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({line}); "
        f"COMP_CWORD={len(words) - 1}; _mm_commands; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(
        ["bash", "-c", f"{_completion.script('bash')}\n{ask}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_bash_offers_flags_values_and_names() -> None:
    assert completed("mm-trainer --tra") == ["--train_steps="]
    assert completed("mm-trainer --ver") == ["--verify_resume", "--version"]
    assert completed("mm-trainer --list_hparams=s") == ["sets"]
    assert completed("mm-eval --problems=octet_im") == ["octet_image"]
    assert completed("mm-trainer --hparams_set=octet_q") == ["octet_quick"]


def test_bash_goes_on_in_a_list() -> None:
    assert completed("mm-trainer --problems=octet_ende,octet_im") == ["octet_ende,octet_image"]
    assert completed("mm-trainer --problems=octet_ende:2,octet_im") == ["2,octet_image"]
    assert completed("mm-trainer --hparams=model.hid") == ["model.hidden_size="]
    assert completed("mm-trainer --hparams=train.steps=5,model.hid") == ["5,model.hidden_size="]
    assert completed("mm-trainer --hparams=model.hidden_size=") == []


def test_bash_offers_what_a_command_does_and_names_behind_it() -> None:
    assert completed("mm-problems in") == ["inspect"]
    assert completed("mm-problems show octet_im") == ["octet_image"]
    assert completed("mm-problems --data_dir=x check octet_image octet_sp") == ["octet_speech"]
    assert completed("mm-problems --spl") == ["--split="]
    assert completed("mm-paper table") == ["table1", "table2", "table3", "table4"]
    assert completed("mm-report run") == []


def test_every_command_is_completed() -> None:
    files = {path.stem for path in (ROOT / "bin").glob("mm_*.py")}
    assert set(_completion.MODULES) == files
    for shell in mm_problems.SHELLS:
        script = _completion.script(shell)
        for module in _completion.MODULES:
            command = importlib.import_module(f"t2t_multimodel.bin.{module}").COMMAND
            assert command.name in script
            assert all(name in script for name in command.flag_names())


def test_help_is_quoted_for_the_shell() -> None:
    fish = _completion.script("fish").splitlines()
    (line,) = [one for one in fish if one.startswith("complete -c mm-trainer -l gin_param ")]
    assert line.endswith("-d 'Gin binding, as in \\'TrainConfig.steps = 1000\\'.' -r")
    assert "'--gin_param=[Gin binding, as in '\\''TrainConfig" in _completion.script("zsh")


def test_the_command_writes_it_without_tensorflow(run_command: Callable[..., Outcome]) -> None:
    done = run_command("mm_problems", "completion", "bash")
    assert done.out == _completion.script("bash")
    assert {"tensorflow", "keras", "numpy"} & done.modules == set()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "mm-problems completion takes one shell, but was given 0."),
        (["bsh"], "No shell is named 'bsh'. Did you mean 'bash'?"),
    ],
)
def test_another_shell_is_refused(names: list[str], message: str) -> None:
    with pytest.raises(UserError) as error:
        mm_problems._check("completion", names)
    assert error.value.message == message
