"""Each part of a problem's contract: a problem that breaks it is told what to change."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import ROOT

from t2t_multimodel import registry, usr_dir
from t2t_multimodel.check.contract import CHECKS, checked
from t2t_multimodel.check.finding import Finding, Found
from t2t_multimodel.check.subject import Subject

BROKEN = ROOT / "tests" / "helpers" / "broken_problems.py"


def subject(name: str, raw_dir: Path | None = None) -> Subject:
    sys.modules.pop(usr_dir._module_name(BROKEN), None)
    usr_dir.add(BROKEN)
    return Subject(registry.problems.get(name)(), raw_dir)


def found(name: str, raw_dir: Path | None = None) -> dict[str, Found]:
    """What each check found, but for the one that needs processes of its own."""
    examined = subject(name, raw_dir)
    return {check: checked(check, examined) for check in CHECKS if check != "workers"}


LATER = "the class is not declared as it must be"
KINDS = [
    (
        "broken_declaration",
        "declaration",
        "Problem 'broken_declaration' declares no targets.",
        "write e.g. `targets = Text()` in the class NoTargets",
    ),
    (
        "broken_keys",
        "reading",
        "Problem 'broken_keys', train example 0: targets missing; it has inputs, target.",
        'examples() must yield {"inputs": ..., "targets": ...}.',
    ),
    (
        "broken_splits",
        "splits",
        "dev is empty: examples('dev', raw_dir) yields nothing.",
        "Yield examples for 'dev', or take it out of `splits`.",
    ),
    (
        "broken_count",
        "splits",
        "test has 30 examples, but `declared` says 40.",
        "Correct `declared`, or find what is missing from the raw files.",
    ),
    (
        "broken_labels",
        "values",
        "train: 10 of 30 targets are no ClassLabel: example 3: targets: label 3 is out of range 0 "
        "to 2; example 6: targets: label 3 is out of range 0 to 2; example 9: targets: label 3 is "
        "out of range 0 to 2.",
        "Yield a number from 0 to 2 or one of its names, or declare more classes in `targets`.",
    ),
    (
        "broken_empty",
        "values",
        "train: 3 of 30 inputs are empty: example 5: inputs: text is empty; example 15: inputs: "
        "text is empty; example 25: inputs: text is empty.",
        'Leave them out in examples(), or yield BadValue("why") in the place of the value.',
    ),
    (
        "broken_sizes",
        "sizes",
        "train: 30 of 30 inputs are not as declared: "
        "example 1: inputs: model_input gives the shape [2], but the signature says [3]; "
        "example 2: inputs: model_input gives the shape [2], but the signature says [3]; "
        "example 3: inputs: model_input gives the shape [2], but the signature says [3].",
        "Let encode() and model_input() of Point give what signature(), dtype and stored_shape() "
        "say, or correct these.",
    ),
    (
        "broken_round_trip",
        "round trip",
        "train: 30 of 30 inputs do not come back: example 1: inputs: [0, 5.0] comes back as "
        "[0.5, 5.5], which encode stores as another value; example 2: inputs: "
        "[1, 5.333333333333333] comes back as [1.5, 5.833333492279053], which encode stores as "
        "another value; example 3: inputs: [2, 5.666666666666667] comes back as "
        "[2.5, 6.166666507720947], which encode stores as another value.",
        "Let decode() of Point undo what encode() does.",
    ),
    (
        "broken_determinism",
        "determinism",
        "train: two readings read other values, from example 1 on.",
        "Draw with a generator of a fixed seed made in examples(), sort what a folder lists, and "
        "keep nothing between two calls.",
    ),
    (
        "broken_leakage",
        "leakage",
        "5 of 35 examples of test are in train too, such as example 31, which is 11 of train.",
        "Split by what is in an example, such as a hash of it, after equal ones are put together.",
    ),
    (
        "broken_metrics",
        "metrics",
        "bleu of the true targets of test is 0, not 1 or 100.",
        "Name metrics that fit the targets (bleu needs four words, bracket_f1 trees), or let "
        "decode() of Text give what the metric compares. A metric of your own says another best "
        "value by its attribute `best`.",
    ),
]


@pytest.mark.parametrize(("name", "check", "message", "fix"), KINDS, ids=[k[0] for k in KINDS])
def test_a_broken_problem_is_told_what_to_change(
    name: str, check: str, message: str, fix: str
) -> None:
    results = found(name)
    assert results[check].findings[0] == Finding(message, fix)
    # what is broken in one way fails one check; an empty declaration leaves the others unlooked at
    assert [one for one, result in results.items() if result.status == "fails"] == [check]


def test_a_problem_that_keeps_its_contract_passes_every_check() -> None:
    subject("broken_labels")  # imports the file
    module = sys.modules[usr_dir._module_name(BROKEN)]
    for cls in (module.Sound, module.Points):
        examined = Subject(type("Named", (cls,), {"name": "named", "__doc__": "Named."})())
        for check in CHECKS:
            result = checked(check, examined)
            if check == "workers":
                assert (
                    result.not_checked == "another process could not import the class by its name"
                )
            else:
                assert (result.status, result.notes) == ("ok", ())


def test_texts_that_are_too_long_are_counted_and_the_longest_is_told() -> None:
    (train, test) = found("broken_lengths")["lengths"].findings
    longest = max(subject("broken_lengths").look("train").lengths["inputs"])
    assert train.message.startswith(
        "train: 30 of 30 inputs are too long: example 1: inputs: "
    ) and train.message.endswith(f"; the longest has {longest} tokens.")
    assert train.fix == (
        "Raise the largest length that `inputs` declares, or cut them in examples(); they are left "
        "out."
    )


def test_an_error_of_the_users_own_code_is_told_with_its_file_and_line() -> None:
    results = found("broken_reading")
    (finding,) = results["reading"].findings
    line = 1 + BROKEN.read_text().splitlines().index(
        '            yield {**example, "weight": 1 / (2 - n)}'
    )
    assert finding == Finding(
        "Problem 'broken_reading', train: examples() failed after 2 examples: ZeroDivisionError: "
        f"division by zero\n  {BROKEN}:{line}: "
        'yield {**example, "weight": 1 / (2 - n)}',
        "Mend broken_problems.py, or yield BadValue(reason) in place of a bad value; then run the "
        "same command: what was made is kept.",
    )
    assert results["leakage"].not_checked == "the check of reading fails"


def test_raw_files_that_are_not_given_are_told_with_the_way_to_get_them() -> None:
    results = found("broken_raw_files")
    (finding,) = results["raw files"].findings
    assert results["reading"].not_checked == "its raw files are not given"
    assert finding == Finding(
        "Its raw files are not given: examples() uses raw_dir, which is None.",
        "Record ten of them, and put them into wavs/ as 0.wav to 9.wav.\n"
        "Give their folder: --raw_dir=broken_raw_files:FOLDER.",
    )


def test_a_file_that_source_files_does_not_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("red green blue")
    for split in ("train", "test"):
        lines = (f"{split} line number {n}\n" for n in range(20))
        (tmp_path / f"{split}.tsv").write_text("".join(lines))
    results = found("broken_sources", tmp_path)
    assert results["sources"].findings == (
        Finding(
            f"examples() reads {tmp_path / 'names.txt'}, which source_files does not name: records "
            "would not be made again when it changes.",
            "Return it from source_files(self, raw_dir), or let `reads` match it.",
        ),
    )
    assert [one for one, result in results.items() if result.status == "fails"] == ["sources"]


def test_source_files_must_be_there(tmp_path: Path) -> None:
    examined = subject("broken_sources", tmp_path)
    lost = tmp_path / "lost.tsv"
    examined.problem.source_files = lambda raw_dir: [lost]  # type: ignore[method-assign]
    (finding,) = checked("raw files", examined).findings
    assert finding == Finding(
        f"source_files names 1 that are not there, such as {lost}.",
        "Put them there, or correct source_files() or `reads`.",
    )


def test_an_order_that_differs_between_processes_is_told() -> None:
    examined = subject("broken_workers")
    assert checked("determinism", examined).status == "ok"
    first = checked("workers", examined).findings[0]
    assert first.message.startswith("train: this process and another read ")
    assert first.fix == (
        "Sort sets and what a folder lists: their order differs from process to process. Keep "
        "nothing in the class that examples() changes."
    )
