"""Stale records say what changed since they were made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel import Audio, Image, Problem, Text, register_problem
from t2t_multimodel.data import stale
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.data.stale import differences

FACTS: dict[str, Any] = {
    "format": "1",
    "problem": "made",
    "version": "1",
    "features": {"inputs": "Text()", "targets": "ClassLabel(2)"},
    "splits": ("train", "test"),
    "train_shards": 4,
    "vocabularies": {"made": "made-300-aa"},
    "code": {"Made": "11", "Base": "22"},
    "files": {"a.txt": "1", "b.txt": "2"},
}


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({}, []),
        ({"splits": ["train", "test"]}, []),
        ({"version": "2"}, ["version was 1 and is 2"]),
        ({"format": "2"}, ["format was 1 and is 2"]),
        ({"splits": ("train",)}, ["splits was train, test and is train"]),
        ({"train_shards": 8}, ["train_shards was 4 and is 8"]),
        (
            {"features": {"inputs": "Text()", "targets": "ClassLabel(3)"}},
            ["targets was ClassLabel(2) and is ClassLabel(3)"],
        ),
        (
            {"vocabularies": {"made": "made-300-bb", "new": "new-9-cc"}},
            ["vocabulary made was made-300-aa and is made-300-bb",
             "vocabulary new was none and is new-9-cc"],
        ),
        (
            {"reading_rules": {"inputs": 2}},
            ["the rules by which inputs are read were version 1 and are version 2"],
        ),
        ({"code": {"Made": "33", "Base": "44"}}, ["the code of Made, Base changed"]),
        (
            {"files": {"a.txt": "3", "c.txt": "2"}},
            ["source file a.txt changed", "source file c.txt is new", "source file b.txt is gone"],
        ),
        (
            {"files": {f"{n}.txt": "" for n in range(5)}},
            [*(f"source file {n}.txt is new" for n in range(3)), "2 more like that",
             "source file a.txt is gone", "source file b.txt is gone"],
        ),
    ],
)  # fmt: skip
def test_what_changed_is_told_in_words(changed: dict[str, Any], reasons: list[str]) -> None:
    assert differences(FACTS, {**FACTS, **changed}) == reasons


@pytest.mark.parametrize("text", ["", "[]", "{", '{"made_from": 3}', "{}"])
def test_a_manifest_that_can_not_be_read_has_no_facts(tmp_path: Path, text: str) -> None:
    (tmp_path / "train.json").write_text(text)
    assert stale.made_from(tmp_path / "train.json") is None
    assert stale.made_from(tmp_path / "none.json") is None


@register_problem("made_lines")
class Lines(Problem):
    """The lines of a file."""

    inputs = Text()
    targets = Text()

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        assert raw_dir is not None
        for line in (raw_dir / "lines.txt").read_text().splitlines():
            yield {"inputs": line, "targets": line}


def make(tmp_path: Path, **options: Any) -> tuple[Prepared, list[str]]:
    lines: list[str] = []
    register_problem("made_lines")(Lines)
    options = {"vocab_size": 300, "report": lines.append, **options}
    made = generate(["made_lines"], tmp_path / "data", tmp_path / "raw", DatagenOptions(**options))
    return made["made_lines"], lines


@pytest.fixture
def first(tmp_path: Path) -> Prepared:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "lines.txt").write_text("one line\nand another\n")
    return make(tmp_path)[0]


def why(lines: list[str]) -> list[str]:
    return [line for line in lines if "stale" in line]


def test_records_that_are_made_for_the_first_time_replace_none(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "lines.txt").write_text("one line\n")
    assert why(make(tmp_path)[1]) == []


def test_another_version_says_so(
    tmp_path: Path, first: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lines, "version", "2")
    assert why(make(tmp_path)[1]) == [
        f"made_lines: made anew, the records {first.fingerprint} are stale: version was 1 and is 2."
    ]


def test_a_changed_raw_file_is_named_with_the_vocabulary_it_changes(
    tmp_path: Path, first: Prepared
) -> None:
    (tmp_path / "raw" / "lines.txt").write_text("one line\nand a third\n")
    second, lines = make(tmp_path)
    was, now = (made.tokenizers["made_lines"].identity for made in (first, second))
    assert why(lines) == [
        f"made_lines: made anew, the records {first.fingerprint} are stale: "
        f"vocabulary made_lines was {was} and is {now}; source file lines.txt changed."
    ]


def test_the_nearest_of_several_states_is_compared(
    tmp_path: Path, first: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lines, "version", "2")
    second, _ = make(tmp_path)
    monkeypatch.setattr(Lines, "train_shards", 2)
    assert why(make(tmp_path)[1]) == [
        f"made_lines: made anew, the records {second.fingerprint} are stale: "
        "train_shards was 4 and is 2."
    ]


def test_verify_lists_what_is_stale_with_its_size(
    tmp_path: Path, first: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lines, "version", "2")
    make(tmp_path)
    assert why(make(tmp_path, verify=True)[1]) == [
        f"{first.folder}: 0.0 MB, stale: version was 1 and is 2."
    ]


def test_rules_of_reading_count_from_their_second_version_on(
    tmp_path: Path, first: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [Text.reading_rules, Image.reading_rules, Audio.reading_rules] == [1, 1, 1]
    assert "reading_rules" not in (stale.made_from(first.folder / "train.json") or {})
    monkeypatch.setattr(Text, "reading_rules", 2)
    second, lines = make(tmp_path)
    (told,) = why(lines)
    assert "the rules by which inputs are read were version 1 and are version 2" in told
    assert second.folder != first.folder
    facts = stale.made_from(second.folder / "train.json")
    assert facts is not None and facts["reading_rules"] == {"inputs": 2, "targets": 2}
