"""The frame of the commands: help, flags, exit codes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from absl import flags
from conftest import ROOT

from t2t_multimodel import UserError, __version__
from t2t_multimodel.bin import _cli


@pytest.fixture
def command() -> _cli.Command:
    made = _cli.Command("mm-make", "Makes things.", example="mm-make --thing=cup")
    what = made.group("What to make")
    what.names("thing", "Things to make.", alias="things")
    what.number("size", "Height of each.", lowest=1)
    what.switch("dry", "Only say so.")
    how = made.group("How")
    how.text("how", "K=V,...", "Settings of the tool.", "")
    how.text("tool", "TOOL", "What to make them with.", "hand")
    how.texts("wish", "WISH", "What else to mind.")
    return made


def run(command: _cli.Command, *argv: str) -> tuple[int, dict[str, object]]:
    seen: dict[str, object] = {}

    def main(args: flags.FlagValues, arguments: list[str]) -> None:
        seen.update(args.flag_values_dict(), arguments=arguments)

    return command.run(main, argv), seen


def test_flags_reach_the_main(command: _cli.Command) -> None:
    argv = ["--thing=cup,plate", "--size=3", "--dry", "--wish=a", "--wish", "b,c"]
    assert run(command, *argv) == (
        0,
        {
            "thing": ["cup", "plate"],
            "size": 3,
            "dry": True,
            "how": "",
            "tool": "hand",
            "wish": ["a", "b,c"],
            "arguments": [],
        },
    )


def test_a_second_run_starts_from_the_defaults(command: _cli.Command) -> None:
    run(command, "--thing=cup", "--size=3", "--dry", "--wish=a")
    _, seen = run(command)
    assert (seen["thing"], seen["size"], seen["dry"], seen["wish"]) == ([], None, False, [])


@pytest.mark.parametrize("argv", [["--things=cup"], ["--things", "cup"], ["-things=cup"]])
def test_a_second_spelling_is_the_same_flag(command: _cli.Command, argv: list[str]) -> None:
    _, seen = run(command, *argv)
    assert seen["thing"] == ["cup"]
    assert "things" not in seen


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--thinh=cup"], "mm-make has no flag --thinh. Did you mean --thing?"),
        (["--colour=red"], "mm-make has no flag --colour."),
        (["--size=big"], "--size=big: expected a positive integer."),
        (["--size=0"], "--size=0: expected a positive integer."),
        (["--dry=maybe"], "--dry=maybe: expected true or false."),
        (["--thing"], "Missing value for flag --thing."),
        (["--nodry=1"], "--nodry=1 does not take an argument."),
        (["cup"], "mm-make takes flags only, but was given 'cup'."),
        (
            ["--thing=cup", "--things=plate"],
            "--thing is given twice; one with commas takes all.",
        ),
        (["--how=a=1", "--how=b=2"], "--how is given twice; one with commas takes all."),
    ],
)
def test_a_wrong_flag_is_told_in_one_line(
    command: _cli.Command, capsys: pytest.CaptureFixture[str], argv: list[str], message: str
) -> None:
    code, seen = run(command, *argv)
    out, err = capsys.readouterr()
    assert (code, seen, out) == (2, {}, "")
    assert err == f"{message}\nmm-make --help shows all 7 flags.\n"


@pytest.mark.parametrize("ask", ["-h", "-help", "--help"])
def test_help_shows_our_flags_in_their_groups_and_no_others(
    command: _cli.Command,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    ask: str,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    code, seen = run(command, "--size=big", ask)
    assert (code, seen) == (0, {})
    assert (
        capsys.readouterr().out
        == """\
Makes things.

Usage: mm-make [flags]
   e.g. mm-make --thing=cup

What to make:
  --thing=NAME[,NAME...]      Things to make. Also --things.
  --size=N                    Height of each.
  --dry                       Only say so.

How:
  --how=K=V,...               Settings of the tool.
  --tool=TOOL                 What to make them with. Default: hand.
  --wish=WISH                 What else to mind. May be given several times.

--help shows this, --version the version of t2t_multimodel.
"""
    )


def test_arguments_may_stand_before_and_after_flags() -> None:
    command = _cli.Command("mm-make", "Makes.", example="mm-make cup", arguments="THING...")
    command.places()
    code, seen = run(command, "cup", "--data_dir=there", "plate")
    assert (code, seen["arguments"], seen["data_dir"]) == (0, ["cup", "plate"], Path("there"))
    assert "Usage: mm-make THING... [flags]" in command.help()


def fails_with(error: BaseException) -> _cli.Main:
    def main(args: flags.FlagValues, arguments: list[str]) -> None:
        raise error

    return main


def test_a_user_error_goes_to_stderr_without_a_traceback(
    command: _cli.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run(fails_with(UserError("No clay.", "Buy some.")), []) == 2
    assert capsys.readouterr() == ("", "No clay.\nBuy some.\n")


def test_ctrl_c_is_130(command: _cli.Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(fails_with(KeyboardInterrupt()), []) == 130
    assert capsys.readouterr() == ("", "Stopped.\n")


def test_a_fault_of_the_program_keeps_its_traceback(command: _cli.Command) -> None:
    with pytest.raises(ZeroDivisionError, match="^by zero$"):
        command.run(fails_with(ZeroDivisionError("by zero")), [])


def test_a_reader_that_leaves_early_is_no_error() -> None:
    source = (
        "from t2t_multimodel.bin import _cli\nimport sys\n"
        "def main(args, arguments):\n    for _ in range(100_000): print('a long list')\n"
        "sys.exit(_cli.Command('mm-make', 'Makes.', example='mm-make').run(main, []))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as writer:
        assert writer.stdout is not None and writer.stderr is not None
        assert writer.stdout.readline() == b"a long list\n"
        writer.stdout.close()
        assert writer.stderr.read() == b""
        assert writer.wait() == 128 + signal.SIGPIPE


def test_a_path_resolves_the_home_folder(
    command: _cli.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    command.places()
    _, seen = run(command, "--data_dir=~/data")
    assert seen["data_dir"] == Path("/home/someone/data")
    assert seen["raw_dir"] is None
    assert run(command)[1]["data_dir"] == Path("data")


@pytest.mark.parametrize(
    ("argv", "value"), [([], None), (["--show"], "all"), (["--show=some"], "some")]
)
def test_a_choice_may_stand_bare(command: _cli.Command, argv: list[str], value: str | None) -> None:
    command.group("What to see").choice("show", ["all", "some"], "See things.")
    assert run(command, *argv)[1]["show"] == value
    assert "\n  --show[=all|some]           See things." in command.help()


def test_another_choice_is_refused_with_the_choices(
    command: _cli.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    command.group("What to see").choice("show", ["all", "some"], "See things.")
    assert run(command, "--show=none")[0] == 2
    assert capsys.readouterr().err.startswith("--show=none: expected all or some.\n")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a\0b", "--data_dir=a\0b: a path has no NUL characters."),
        ("x" * 256, f"--data_dir={'x' * 256}: a name has up to 255 bytes, a path 4,095."),
        ("x/" * 2049, f"--data_dir={'x/' * 2049}: a name has up to 255 bytes, a path 4,095."),
    ],
)
def test_a_path_that_no_system_holds_is_refused(
    value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from t2t_multimodel.bin import mm_problems

    assert mm_problems.main(["list", f"--data_dir={value}"]) == 2
    assert capsys.readouterr().err.splitlines()[0] == message


def test_the_version_is_told(command: _cli.Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--version", "--thing=cup") == (0, {})
    assert capsys.readouterr().out == f"mm-make {__version__}\n"
    assert command.help().endswith("--version the version of t2t_multimodel.")


def test_a_cache_lies_on_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    from t2t_multimodel.bin import mm_report

    assert mm_report.main(["run", "--cache_dir=s3://shelf/cache"]) == 2
    assert capsys.readouterr().err == (
        "--cache_dir=s3://shelf/cache: expected a folder of this machine.\n"
    )
