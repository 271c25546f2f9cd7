"""mm-problems check as a person types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from conftest import Outcome

MINE = '''
from helper import WORDS
from t2t_multimodel import ClassLabel, Problem, Text, register_problem

@register_problem("my_moods")
class MyMoods(Problem):
    """Sentences and their mood."""

    inputs = Text(max_length=20)
    targets = ClassLabel(2)
    metrics = ("top1",)

    def examples(self, split, raw_dir):
        for n in range(20):
            yield {"inputs": f"{WORDS[n % 2]} {split} {n}", "targets": n % 2}

@register_problem("my_numbers")
class MyNumbers(MyMoods):
    """The same, counted from 1."""

    def examples(self, split, raw_dir):
        for n in range(20):
            yield {"inputs": f"{WORDS[n % 2]} {split} {n}", "targets": n % 2 + 1}
'''


def test_each_check_has_a_line_and_a_failure_says_what_to_change(
    tmp_path: Path, run_command: Callable[..., Outcome]
) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "helper.py").write_text("WORDS = ('sad', 'glad')\n")
    file = tmp_path / "found.json"
    done = run_command(
        "mm_problems",
        "check",
        "my_moods",
        "my_numbers",
        f"--usr_dir={tmp_path / 'mine.py'}",
        f"--json={file}",
    )
    assert done.code == 2
    assert done.err == (
        "1 of 2 problems breaks its contract: my_numbers.\n"
        "Above, what to change stands behind each arrow. docs/checking.md explains the checks.\n"
    )
    lines = done.out.splitlines()
    assert lines[:15] == [
        "my_moods: ok",
        "  ok           declaration",
        "  ok           raw files",
        "  ok           reading",
        "  ok           splits",
        "  ok           values",
        "  ok           lengths",
        "  ok           sizes",
        "  ok           round trip",
        "  ok           determinism",
        "  ok           workers",
        "  ok           leakage",
        "  ok           metrics",
        "  ok           sources",
        "my_numbers: 1 of 13 checks fails",
    ]
    assert lines[19:22] == [
        "  FAILS        values",
        f"{'':17}train: 10 of 20 targets are no ClassLabel: "
        "example 2: targets: label 2 is out of range 0 to 1; "
        "example 4: targets: label 2 is out of range 0 to 1; "
        "example 6: targets: label 2 is out of range 0 to 1.",
        "                 -> Yield a number from 0 to 1, or declare more classes in `targets`.",
    ]
    content = json.loads(file.read_text())
    assert [(name, one["ok"]) for name, one in content.items()] == [
        ("my_moods", True),
        ("my_numbers", False),
    ]
    (values,) = [one for one in content["my_numbers"]["checks"] if one["status"] == "fails"]
    assert values["check"] == "values"
    assert values["findings"][0]["fix"] == (
        "Yield a number from 0 to 1, or declare more classes in `targets`."
    )
    assert {"tensorflow", "keras"} & done.modules == set()


def test_a_module_that_cannot_be_imported_is_told_with_its_line(
    tmp_path: Path, run_command: Callable[..., Outcome]
) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(MINE.replace("from helper import WORDS", "WORDS = [1 / 0]"))
    done = run_command("mm_problems", "check", "my_moods", f"--usr_dir={mine}")
    assert done.code == 2
    assert done.out.splitlines()[:8] == [
        "my_moods: 1 of 13 checks fails",
        "  FAILS        declaration",
        "                 Problem 'my_moods': its code can not be imported: ZeroDivisionError: "
        "division by zero",
        f"                   {mine}:2: WORDS = [1 / 0]",
        "                 -> Mend mine.py, then run the same command.",
        "  not checked  raw files: the class can not be made",
        "  not checked  reading: the class can not be made",
        "  not checked  splits: the class can not be made",
    ]
    mine.write_text(MINE.replace("from helper import WORDS", "WORDS = ["))
    done = run_command("mm_problems", "check", "my_moods", f"--usr_dir={mine}")
    assert done.out.splitlines()[2:5] == [
        "                 Problem 'my_moods': '[' was never closed",
        f"                   {mine}:2: WORDS = [",
        "                 -> Mend mine.py, then run the same command.",
    ]


def test_flags_of_other_actions_are_refused(run_command: Callable[..., Outcome]) -> None:
    done = run_command("mm_problems", "baselines", "octet_image", "--examples=3")
    assert (done.code, done.err) == (2, "--examples goes with mm-problems check.\n")
