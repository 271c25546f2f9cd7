"""The layouts of a treebank."""

from __future__ import annotations

from pathlib import Path

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.problems.formats.treebank import files_of_splits, read
from t2t_multimodel.problems.formats.trees import t2t_tags
from t2t_multimodel.problems.twins.treebank_tiny import write

SPLITS = ("train", "dev", "test")


def trees(folder: Path) -> dict[str, list[str]]:
    splits = files_of_splits(folder, "the page")
    return {
        split: [str(tree) for one in files for tree, _ in read(one)]
        for split, files in splits.items()
    }


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, list[str]]:
    """The trees of `sections`, a folder with the disc's layout."""
    write(tmp_path / "sections")
    return trees(tmp_path / "sections")


def test_sections_are_splits(expected: dict[str, list[str]], tmp_path: Path) -> None:
    assert {split: len(found) for split, found in expected.items()} == {
        "train": 40,
        "dev": 2,
        "test": 2,
    }
    assert expected["dev"][1] == (
        "( (S (NP-SBJ (PRP It)) (VP (VBZ sinks) (, ,) (NP=2 (NN robot)))))"
    )
    for top in ("parsed/mrg/wsj", "parsed/mrg", "parsed"):
        assert trees(tmp_path / "sections" / top) == expected


def test_a_missing_section_is_named(expected: dict[str, list[str]], tmp_path: Path) -> None:
    top = tmp_path / "sections" / "parsed" / "mrg" / "wsj"
    (top / "17" / "wsj_1701.mrg").unlink()
    with pytest.raises(UserError) as caught:
        trees(tmp_path / "sections")
    assert str(caught.value) == (
        f"{top} has no section 17, which belongs to train.\n"
        "Sections 02 to 21 are train, 22 is dev, 23 is test."
    )


def test_one_folder_as_nltk_has_it(expected: dict[str, list[str]], tmp_path: Path) -> None:
    flat = tmp_path / "corpora" / "treebank" / "combined"
    flat.mkdir(parents=True)
    for path in (tmp_path / "sections").rglob("*.mrg"):
        (flat / path.name).write_bytes(path.read_bytes())
    assert trees(flat) == expected
    for top in (tmp_path / "corpora", tmp_path / "corpora" / "treebank"):
        assert trees(top) == expected
    next(flat.glob("wsj_17*")).unlink()
    with pytest.raises(UserError, match="has no section 17, which belongs to train"):
        trees(flat)


@pytest.mark.parametrize("layout", ["wsj_{:04d}.mrg", "{:02d}/wsj_{:04d}.mrg"])
def test_a_part_of_the_treebank_is_shared_out(tmp_path: Path, layout: str) -> None:
    for number in range(20):
        place = number // 10, number + 90 * (number // 10)
        path = tmp_path / layout.format(*(place if "/" in layout else place[1:]))
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"(S (NN tree{number}))")
    found = trees(tmp_path)
    assert [len(found[split]) for split in SPLITS] == [16, 2, 2]
    assert found["dev"] == ["(S (NN tree16))", "(S (NN tree17))"]
    assert found["test"] == ["(S (NN tree18))", "(S (NN tree19))"]


def test_a_part_too_small_for_three_splits(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"wsj_000{number}.mrg").write_text("(S (NN a))")
    with pytest.raises(UserError) as caught:
        trees(tmp_path)
    assert caught.value.message == (
        f"{tmp_path} holds 2 files of the treebank, but three splits need at least 3."
    )


@pytest.mark.parametrize("prefix", ["", "parsing_"])
def test_files_of_trees(expected: dict[str, list[str]], tmp_path: Path, prefix: str) -> None:
    folder = tmp_path / "trees"
    folder.mkdir()
    for split in SPLITS:
        (folder / f"{prefix}{split}.trees").write_text("\n".join(expected[split]))
    assert trees(folder) == expected


@pytest.mark.parametrize("name", ["parsing_{split}.{kind}", "wsj.{split}.{kind}.txt"])
def test_pairs_of_sentences_and_tags(
    expected: dict[str, list[str]], tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "pairs"
    folder.mkdir()
    for split in SPLITS:
        files = files_of_splits(tmp_path / "sections", "")[split]
        found = [tree for one in files for tree, _ in read(one)]
        lines = {"text": [t.words() for t in found], "tags": [t2t_tags(t) for t in found]}
        for kind in lines:
            path = folder / name.format(split=split, kind=kind)
            path.write_text("".join(f"{line}\n" for line in lines[kind]))
    assert trees(folder) == expected


def test_a_split_without_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "parsing_train.trees").touch()
    with pytest.raises(UserError) as caught:
        trees(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} holds parsing_train.trees, but nothing like it for dev and test.\nthe page"
    )


def test_a_folder_without_trees_is_told_what_to_get(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        trees(tmp_path)
    assert str(caught.value) == f"{tmp_path} holds no treebank.\nthe page"


def test_two_files_for_a_split_are_refused(tmp_path: Path) -> None:
    for name in ("train.trees", "wsj_train.trees"):
        (tmp_path / name).touch()
    with pytest.raises(UserError) as caught:
        trees(tmp_path)
    assert caught.value.message == (
        f"{tmp_path} holds train.trees and wsj_train.trees: which one counts?"
    )


def test_text_without_tags_is_named(tmp_path: Path) -> None:
    (tmp_path / "parsing_train.text").touch()
    with pytest.raises(UserError) as caught:
        trees(tmp_path)
    assert str(caught.value) == f"{tmp_path} holds parsing_train.text, but no parsing_train.tags."


@pytest.mark.parametrize(
    ("text", "tags", "message"),
    [
        ("a\nb\n", "NP NN /NP\n", "x.tags ends after 1 lines, x.text goes on."),
        ("a\n", "NP NN /NP\nNP NN /NP\n", "x.text ends after 1 lines, x.tags goes on."),
        ("a\nb c\n", "NP NN /NP\nNP NN /NP\n", "x.tags:2: there are 2 words, but 1 tags."),
    ],
)
def test_pairs_that_do_not_match_are_refused(
    tmp_path: Path, text: str, tags: str, message: str
) -> None:
    paths = tmp_path / "x.text", tmp_path / "x.tags"
    for path, lines in zip(paths, (text, tags), strict=True):
        path.write_text(lines)
    with pytest.raises(UserError) as caught:
        list(read(paths))
    assert caught.value.message == message


def test_bytes_that_are_no_utf8_are_placed(tmp_path: Path) -> None:
    (tmp_path / "x.mrg").write_bytes(b"(NP (NN a))\n(NP (NN \xe9))\n")
    with pytest.raises(UserError, match=r"^x.mrg:2: not UTF-8: "):
        list(read((tmp_path / "x.mrg",)))
