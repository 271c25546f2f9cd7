"""wsj_parse: from the treebank's folders to scores."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.twin_run import tiny_run

from t2t_multimodel import BadValue, UserError
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.vocab_training import train
from t2t_multimodel.problems.parse.wsj import LABELS, TAGS, WsjParse, WsjParseTags, WsjTrees
from t2t_multimodel.registry import vocabularies


@pytest.fixture(scope="module")
def tokenizer() -> SubwordTokenizer:
    declared = WsjTrees()
    model = train(declared.text(None), declared.size, declared.symbols, "wsj_trees")
    return SubwordTokenizer("wsj_trees", model)


def test_from_folders_to_scores(tmp_path: Path) -> None:
    run = tiny_run("wsj_parse", tmp_path)
    assert len(run.prepared.dataset("train")) == 40
    assert {"decoded/bracket_f1", "decoded/well_formed"} <= set(run.result.scores)


def test_sentences_become_trees_with_or_without_tags(tmp_path: Path) -> None:
    WsjParse().tiny(tmp_path)
    (_, short) = WsjParse().examples("dev", tmp_path)
    assert short == {
        "inputs": "It sinks , robot",
        "targets": "(S (NP XX NP) (VP XX , (NP XX NP) VP) S)",
        "origin": "wsj_2201.mrg:12",
    }
    (_, tagged) = WsjParseTags().examples("dev", tmp_path)
    assert tagged["targets"] == "(S (NP PRP NP) (VP VBZ , (NP NN NP) VP) S)"


def test_a_tree_of_traces_is_left_out_and_named(tmp_path: Path) -> None:
    WsjParse().tiny(tmp_path)
    with (tmp_path / "parsed/mrg/wsj/22/wsj_2201.mrg").open("a") as file:
        file.write("( (S (NP (-NONE- *))))\n")
    (*_, last) = WsjParse().examples("dev", tmp_path)
    assert last["origin"] == "wsj_2201.mrg:13"
    for side in ("inputs", "targets"):
        assert isinstance(last[side], BadValue)
        assert str(last[side]) == "the tree has nothing but traces"


def test_each_label_and_tag_is_one_symbol(tokenizer: SubwordTokenizer) -> None:
    for label in LABELS:
        assert len(tokenizer.encode(f"({label} {label})", symbols=True)) == 2
    for tag in ("XX", *TAGS):
        assert len(tokenizer.encode(tag, symbols=True)) == 1


def test_other_labels_are_spelled_and_come_back(tokenizer: SubwordTokenizer) -> None:
    tree = "(NEW XX (NP é NP) NEW)"
    assert tokenizer.decode(tokenizer.encode(tree, symbols=True)) == tree


def test_words_are_learned_from_train_sentences(tmp_path: Path) -> None:
    WsjParse().tiny(tmp_path)
    words = vocabularies.get("wsj_words")()
    assert len(list(words.text(tmp_path))) == 40
    assert len(words.source_files(tmp_path)) == 20
    assert vocabularies.get("wsj_trees")().source_files(tmp_path) == []


def test_missing_trees_are_told_where_to_be_put(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        next(WsjParse().examples("train", tmp_path))
    assert str(caught.value) == f"{tmp_path} holds no treebank.\n{WsjParse.how_to_get}"
