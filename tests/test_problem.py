"""A problem is what it declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel import ClassLabel, Declared, Image, Problem, Text, UserError
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.registry import metrics


class Vocabulary:
    """Enough of a vocabulary for signatures."""

    def __init__(self, identity: str, size: int) -> None:
        self.identity, self.size = identity, size

    def encode(self, text: str, symbols: bool = False) -> list[int]:
        return []

    def decode(self, ids: list[int]) -> str:
        return ""


class Captions(Problem):
    name = "captions"
    inputs = Image(4, 4)
    targets = Text(vocab="english")
    splits = ("train", "dev", "test_unseen", "test")


TOKENIZERS = {"english": Vocabulary("english-8192-aa", 8192)}


def test_features_are_known_by_name_in_order() -> None:
    assert list(Captions().features.items()) == [
        ("inputs", Image(4, 4)),
        ("targets", Text(vocab="english")),
    ]


def test_vocabularies_are_listed_once() -> None:
    class Both(Problem):
        name = "both"
        inputs = Text(vocab="english")
        targets = Text(vocab="english")

    class Own(Problem):
        name = "own"
        inputs = Text(vocab="english")
        targets = Text()

    assert Captions().vocabularies() == ["english"]
    assert Both().vocabularies() == ["english"]
    assert Own().vocabularies() == ["english", "own"]


def test_the_signature_tells_the_model_all_it_needs() -> None:
    assert Captions().signature(TOKENIZERS) == ProblemSignature(
        name="captions",
        command="captions",
        inputs=Signature("image", "image", 0, (4, 4, 3), 16, "uint8"),
        targets=Signature("text", "text/english-8192-aa", 8192, (None,), 256),
    )


def test_problems_may_share_a_command() -> None:
    class Other(Captions):
        name = "other"
        command = "to_english"

    signature = Other().signature(TOKENIZERS)
    assert (signature.name, signature.command) == ("other", "to_english")


def test_a_text_has_a_tokenizer_and_an_image_has_none() -> None:
    problem = Captions()
    assert problem.tokenizer("inputs", TOKENIZERS) is None
    assert problem.tokenizer("targets", TOKENIZERS) is TOKENIZERS["english"]


def test_evaluation_takes_the_last_split_where_the_preferred_one_is_missing() -> None:
    problem = Captions()
    assert problem.eval_split("dev") == "dev"
    assert problem.eval_split("validation") == "test"


def test_by_default_records_depend_on_every_raw_file(tmp_path: Path) -> None:
    for name in ("b.txt", "sub/a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert Captions().source_files(tmp_path) == [tmp_path / "b.txt", tmp_path / "sub" / "a.txt"]
    assert Captions().source_files(None) == []


def test_examples_must_be_defined() -> None:
    with pytest.raises(UserError) as caught:
        Captions().examples("train", None)
    assert str(caught.value) == (
        "Captions must define examples(self, split, raw_dir).\nAdd it to the class Captions."
    )


def test_a_misspelt_method_is_offered() -> None:
    class Typo(Captions):
        def example(self, split: str, raw_dir: Path | None) -> Any:
            yield {"inputs": "a", "targets": 1}

    with pytest.raises(UserError) as caught:
        Typo().examples("train", None)
    assert str(caught.value) == (
        "Typo must define examples(self, split, raw_dir).\nRename its 'example'."
    )


def test_a_feature_without_brackets_is_told() -> None:
    class Bare(Captions):
        name = "bare"
        inputs = Image  # type: ignore[assignment]

    with pytest.raises(UserError) as caught:
        Bare().check_declared()
    assert str(caught.value) == (
        "Problem 'bare': inputs is the class Image, not an object of it.\n"
        "Write `inputs = Image(...)`, with brackets, in the class Bare."
    )


def test_examples_of_all_parts_are_the_examples() -> None:
    class Parts(Captions):
        def source_parts(self, split: str, raw_dir: Path | None) -> list[str]:
            return [f"{split}.a", f"{split}.b"]

        def examples_of(self, part: str, split: str, raw_dir: Path | None) -> Any:
            yield {"inputs": part, "targets": 1}
            yield {"inputs": part, "targets": 2}

    assert [(e["inputs"], e["targets"]) for e in Parts().examples("dev", None)] == [
        ("dev.a", 1),
        ("dev.a", 2),
        ("dev.b", 1),
        ("dev.b", 2),
    ]


def test_examples_of_a_part_must_be_defined() -> None:
    assert Captions().source_parts("train", None) is None
    with pytest.raises(UserError) as caught:
        Captions().examples_of("a", "train", None)
    assert str(caught.value) == (
        "Captions must define examples_of(self, part, split, raw_dir).\n"
        "Add it to the class Captions."
    )


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            {"targets": ClassLabel(2)},
            "Problem 'made' declares no inputs.\nwrite e.g. `inputs = Text()` in the class Made",
        ),
        (
            {"inputs": Text(), "targets": Text},
            "Problem 'made': targets is the class Text, not an object of it.\n"
            "Write `targets = Text(...)`, with brackets, in the class Made.",
        ),
        (
            {"inputs": Text()},
            "Problem 'made' declares no targets.\nwrite e.g. `targets = Text()` in the class Made",
        ),
        (
            {"inputs": Text(), "targets": Text(), "splits": ("test", "train")},
            "The splits of problem 'made' must begin with 'train'.",
        ),
        (
            {"inputs": Text(), "targets": Text(), "splits": ()},
            "The splits of problem 'made' must begin with 'train'.",
        ),
        (
            {"inputs": Text(), "targets": Text(), "metrics": "bleu"},
            "metrics of problem 'made' is a string; it must be a tuple of strings.",
        ),
        (
            {"inputs": Text(), "targets": Text(), "splits": "train"},
            "splits of problem 'made' is a string; it must be a tuple of strings.",
        ),
        (
            {
                "inputs": Text(),
                "targets": Text(),
                "declared": Declared(examples={"train": 3}, inputs_length=2, targets_length=2),
            },
            "Problem 'made' has the splits train, test, but declares examples of train.",
        ),
        (
            {"inputs": Text(), "targets": Text(), "metrics": ("bleu", "werr")},
            f"No metric is named 'werr'. Did you mean 'wer'?\nKnown: {', '.join(metrics.names())}.",
        ),
    ],
)
def test_a_wrong_declaration_is_explained(declared: dict[str, Any], message: str) -> None:
    made = type("Made", (Problem,), {"name": "made", **declared})()
    with pytest.raises(UserError) as caught:
        made.check_declared()
    assert str(caught.value) == message


def test_a_right_declaration_passes() -> None:
    Captions().check_declared()


def test_examples_need_both_keys_and_may_have_more() -> None:
    problem = Captions()
    problem.check_keys({"inputs": 1, "targets": 2, "comment": 3}, "train", 0)
    with pytest.raises(UserError) as caught:
        problem.check_keys({"inputs": 1, "target": 2}, "dev", 7)
    assert str(caught.value) == (
        "Problem 'captions', dev example 7: targets missing; it has inputs, target.\n"
        'examples() must yield {"inputs": ..., "targets": ...}.'
    )


def test_without_a_tiny_twin_the_error_says_what_to_define(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        Captions().tiny(tmp_path)
    assert str(caught.value) == (
        "Problem 'captions' has no tiny twin.\ndefine tiny(self, folder) in the class Captions"
    )
