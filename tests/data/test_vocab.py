"""Vocabularies are trained once, found again, and named by problems."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from t2t_multimodel import Problem, Text, UserError, Vocabulary, register_problem
from t2t_multimodel.data.vocab import (
    check_vocabulary,
    declared,
    load_or_train,
)
from t2t_multimodel.registry import register_vocabulary

TEXTS = [f"the {c} {a} runs {n}" for c in ("red", "blue") for a in ("fox", "dog") for n in "123"]
SYMBOLS = ("XX", "(S", "S)")


class Animals(Vocabulary):
    """Declared once, trained on the texts of the test."""

    name = "animals"
    size = 320
    symbols = SYMBOLS
    trained = 0

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        type(self).trained += 1
        yield from TEXTS

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        return [raw_dir / "texts"] if raw_dir else []


def files(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "vocab").iterdir())


def test_a_vocabulary_is_trained_once(tmp_path: Path) -> None:
    before = Animals.trained
    first = load_or_train(Animals(), tmp_path, None, None)
    second = load_or_train(Animals(), tmp_path, None, None)
    assert Animals.trained == before + 1
    assert (first.identity, first.model) == (second.identity, second.model)
    model, facts = reversed(files(tmp_path))
    assert model.startswith("animals-320-") and model.endswith(".model")
    assert facts == model.replace(".model", ".json")


@pytest.mark.parametrize("damage", ["model", "checksum"])
def test_a_damaged_vocabulary_is_told_of_and_trained_again(tmp_path: Path, damage: str) -> None:
    first = load_or_train(Animals(), tmp_path, None, None)
    (path,) = (tmp_path / "vocab").glob("*.model")
    about = path.with_suffix(".json").read_bytes()
    if damage == "model":
        path.write_bytes(bytes(reversed(first.model)))
    else:
        path.with_suffix(".json").write_text("{")
    lines: list[str] = []
    assert load_or_train(Animals(), tmp_path, None, None, lines.append).model == first.model
    fault = "is damaged" if damage == "model" else "has no checksum beside it"
    assert lines[0] == f"{path} {fault}; it is made again."
    assert lines[1].startswith(f"vocabulary {path.stem}: 0.0 MB, ")
    assert (path.read_bytes(), path.with_suffix(".json").read_bytes()) == (first.model, about)


def test_another_size_is_another_file(tmp_path: Path) -> None:
    load_or_train(Animals(), tmp_path, None, None)
    assert load_or_train(Animals(), tmp_path, None, 310).size == 310
    sizes = [name.split("-")[1] for name in files(tmp_path) if name.endswith(".model")]
    assert sizes == ["310", "320"]


def test_a_changed_source_file_is_another_vocabulary(tmp_path: Path) -> None:
    (tmp_path / "texts").write_text("one")
    load_or_train(Animals(), tmp_path, tmp_path, None)
    (tmp_path / "texts").write_text("two")
    load_or_train(Animals(), tmp_path, tmp_path, None)
    assert len(files(tmp_path)) == 4


def test_a_problem_without_a_named_vocabulary_has_its_own() -> None:
    @register_problem("made_pairs")
    class Pairs(Problem):
        inputs = Text()
        targets = Text(vocab="made_targets")

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict]:
            yield {"inputs": f"{split} source", "targets": f"{split} target"}
            yield {"inputs": 7, "targets": " "}

    @register_vocabulary("made_targets")
    class Targets(Vocabulary):
        pass

    own = declared("made_pairs", Pairs())
    assert own.name == "made_pairs"
    assert list(own.text(None)) == ["train source", "train target"]
    assert type(declared("made_targets", Pairs())) is Targets


def test_an_unknown_vocabulary_is_answered_with_the_nearest() -> None:
    class Pairs(Problem):
        name = "made_pairs"

    with pytest.raises(UserError, match="^No vocabulary is named 'octett'. Did you mean 'octet'?"):
        declared("octett", Pairs())


def test_a_vocabulary_must_define_its_texts() -> None:
    with pytest.raises(UserError) as caught:
        Vocabulary().text(None)
    assert str(caught.value) == (
        "Vocabulary must define text(self, raw_dir).\nAdd it to the class Vocabulary."
    )


@pytest.mark.parametrize(
    ("symbol", "why"),
    [
        ("<pad>", "SentencePiece has a meaning for it"),
        ("</s>", "SentencePiece has a meaning for it"),
        ("<unk>", "SentencePiece has a meaning for it"),
        ("<0x0A>", "SentencePiece has a meaning for it"),
        ("a\tb", "a symbol is one word, without blanks, tabs and U+2581"),
        ("a b", "a symbol is one word, without blanks, tabs and U+2581"),
        ("", "it is no text"),
        ("(S", "it is named twice"),
    ],
)
def test_a_symbol_that_can_be_none_is_refused(symbol: str, why: str) -> None:
    class Odd(Vocabulary):
        name = "odd"
        symbols = ("(S", symbol)

    with pytest.raises(UserError) as caught:
        check_vocabulary(Odd(), 300)
    assert str(caught.value) == (
        f"Vocabulary 'odd': {symbol!r} can be no symbol: {why}.\n"
        "Choose another in symbols of the class Odd."
    )


@pytest.mark.parametrize("size", [10**12, 0, -1])
def test_a_size_that_no_vocabulary_has_is_refused(size: int) -> None:
    class Huge(Vocabulary):
        name = "huge"

    with pytest.raises(UserError, match=f"^Vocabulary 'huge' can not have {size:,} ids."):
        check_vocabulary(Huge(), size)
