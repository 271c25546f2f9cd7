"""Two tables of results: stored, loaded, compared."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from t2t_multimodel.baselines.measured import Baselines
from t2t_multimodel.errors import UserError
from t2t_multimodel.evaluate.compare import compare, print_comparison
from t2t_multimodel.evaluate.result import Output, Result
from t2t_multimodel.evaluate.results_file import examples_file, load_results, store
from t2t_multimodel.evaluate.table import Row

WORDS = [f"this is the sentence number {n} of a few" for n in range(40)]


def result(nats: float, worse: int, problem: str = "mine", **changes: Any) -> Result:
    """40 examples of 10 tokens; the first `worse` outputs lack their last three words."""
    counts = np.tile([10 * nats, 10.0, 5.0, 0.0], (40, 1))
    counts[:, 0] += np.random.default_rng(0).normal(size=40)
    outputs = tuple(
        Output(n, (text, "another"), text if n >= worse else text.rsplit(" ", 3)[0])
        for n, text in enumerate(WORDS)
    )
    made = Result(problem, "test", "f00d", np.arange(40), counts, outputs, ("bleu", "exact"))
    return dataclasses.replace(made, **changes)


def stored(results: list[Result], file: Path) -> Path:
    baselines = Baselines(
        problem="mine", split="test", examples=40, fingerprint="f00d", command="", versions={},
        seconds=0.0, methods={}, trivial={}, source_blind={"teacher_forced/log_ppl": 3.0},
    )  # fmt: skip
    rows = [Row(r, r.scores, {n: (v, v) for n, v in r.scores.items()}, baselines) for r in results]
    store(rows, file)
    return file


def test_results_come_back_from_their_file(tmp_path: Path) -> None:
    first = result(2.0, 5)
    file = stored([first], tmp_path / "results.json")
    (again,) = load_results(file)
    assert again.scores == first.scores
    assert again.outputs == first.outputs
    assert [r.scores for r in load_results(tmp_path)] == [first.scores]
    assert [row["scores"] for row in json.loads(file.read_text())] == [first.scores]


def test_values_come_back_with_their_type(tmp_path: Path) -> None:
    row = np.array([0.1, 0.2], np.float32)
    values = result(
        2.0, 0, counts=np.ones((40, 2)), loss="squared_error", metrics=(),
        outputs=(Output(0, row, row * 2),),
    )  # fmt: skip
    (again,) = load_results(stored([values], tmp_path / "results.json"))
    assert again.scores == {"loss/squared_error": 1.0}
    (output,) = again.outputs
    assert (output.target.dtype, output.target.tolist()) == (np.float32, row.tolist())
    assert output.output.tolist() == (row * 2).tolist()


def test_a_file_without_its_examples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as missing:
        load_results(tmp_path)
    assert str(missing.value) == (
        f"{tmp_path}/results.json does not exist.\nIt is what mm-eval --json=FILE writes."
    )
    (tmp_path / "old.json").write_text("[]")
    with pytest.raises(UserError) as caught:
        load_results(tmp_path / "old.json")
    assert str(caught.value) == (
        f"{tmp_path}/old.examples.json does not exist; it holds the examples behind old.json.\n"
        f"Write both: mm-eval --output_dir=RUN --json={tmp_path}/old.json"
    )
    examples_file(tmp_path / "old.json").write_text('[{"problem": 1}]')
    with pytest.raises(UserError, match="old.examples.json is no file of mm-eval: KeyError"):
        load_results(tmp_path / "old.json")


def test_each_score_of_shared_problems_is_compared() -> None:
    there = [result(2.5, 30), result(2.0, 0, problem="theirs")]
    rows = compare([result(2.0, 2), result(1.0, 0, problem="ours")], there, 200)
    assert [(row.problem, row.score) for row in rows] == [
        ("mine", name)
        for name in (
            "teacher_forced/log_ppl",
            "teacher_forced/accuracy",
            "teacher_forced/sequence_accuracy",
            "decoded/bleu",
            "decoded/exact",
        )
    ]
    by_name = {row.score: row for row in rows}
    nats = by_name["teacher_forced/log_ppl"]
    assert nats.difference.value == pytest.approx(-0.5)
    assert nats.difference.interval == pytest.approx((-0.5, -0.5))
    assert by_name["teacher_forced/accuracy"].difference.value == 0.0
    assert by_name["teacher_forced/accuracy"].difference.p == 1.0
    exact = by_name["decoded/exact"]
    assert (exact.first, exact.second) == (38 / 40, 10 / 40)
    assert exact.difference.interval[0] > 0.5
    assert by_name["decoded/bleu"].difference.value > 5
    assert by_name["decoded/bleu"].difference.p == pytest.approx(1 / 201)  # by sacrebleu


def test_a_table_is_printed_within_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_comparison(compare([result(2.0, 2)], [result(2.5, 30)], 200), "runs/a", "runs/b")
    shown = capsys.readouterr().out.splitlines()
    assert shown[:2] == ["here: runs/a", "there: runs/b"]
    cells = [line.split() for line in shown]
    assert cells[2] == "problem score n here there difference 95 % interval p".split()
    assert ["mine", "decoded/", "40", "0.95", "0.25", "+0.7"] in [row[:6] for row in cells]
    assert cells[3][5:] == ["-0.5", "-0.5", "-0.5", "0.005"]
    assert max(map(len, shown)) <= 80


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fingerprint": "beef"}, "were scored on other data (40 of test here, 40 of test there)."),
        ({"split": "dev"}, "were scored on other data (40 of test here, 40 of dev there)."),
        (
            {"numbers": np.arange(1, 41)},
            "were scored on other examples (40 of test here, 40 of test there).",
        ),
        (
            {"outputs": result(2.0, 0).outputs[:30]},
            "were decoded on other examples (40 of test here, 40 of test there).",
        ),
    ],
)
def test_other_examples_are_not_compared(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        compare([result(2.0, 0)], [result(2.0, 0, **change)], 100)
    assert str(caught.value) == (
        f"mine: the two models {message}\n"
        "Score both again: mm-eval --output_dir=RUN --json=FILE, with the same --split."
    )


def test_nothing_in_common_is_an_error() -> None:
    with pytest.raises(UserError) as caught:
        compare([result(2.0, 0)], [result(2.0, 0, problem="theirs")], 100)
    assert str(caught.value) == "The two have no problem in common: mine here, theirs there."
