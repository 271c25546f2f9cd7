"""wmt_*: from the workshop's archives to scores."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest
from conftest import ROOT
from helpers.twin_run import tiny_run

from t2t_multimodel import BadValue, Problem, UserError, usr_dir
from t2t_multimodel.data.datagen import DatagenOptions, generate
from t2t_multimodel.problems.corpora.wmt import Direction
from t2t_multimodel.problems.translate import wmt as wmt_problems
from t2t_multimodel.problems.twins.tiny_sentences import sentences
from t2t_multimodel.problems.twins.wmt_tiny import SENTENCES_PER_CORPUS
from t2t_multimodel.registry import problems, vocabularies

DIRECTIONS = ("ende", "deen", "enfr", "fren", "frde", "defr")


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    wmt("ende").tiny(folder)
    return folder


def wmt(direction: str) -> Problem:
    return problems.get(f"wmt_{direction}")()


def pairs(direction: str, split: str, raw_dir: Path) -> list[tuple[str, str]]:
    return [(e["inputs"], e["targets"]) for e in wmt(direction).examples(split, raw_dir)]


def unpack(archive: Path, to: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(to, filter="data")
    archive.unlink()


@pytest.mark.parametrize(("direction", "corpora"), [("ende", 3), ("fren", 5)])
def test_from_archives_to_scores(direction: str, corpora: int, tmp_path: Path) -> None:
    run = tiny_run(f"wmt_{direction}", tmp_path)
    assert len(run.prepared.dataset("train")) == corpora * SENTENCES_PER_CORPUS
    assert any(line.startswith(f"wmt_{direction} train: {corpora}0 ") for line in run.lines)
    assert {"decoded/bleu", "decoded/chrf"} <= set(run.result.scores)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_each_direction_has_its_source_and_target(direction: str, raw_dir: Path) -> None:
    translations = {
        language: dict(zip(sentences(language), range(40), strict=True))
        for language in ("en", "de", "fr")
    }
    source, target = direction[:2], direction[2:]
    corpora = 5 if direction in ("enfr", "fren") else 3
    for split, count in (("train", corpora), ("dev", 1), ("test", 1)):
        found = pairs(direction, split, raw_dir)
        assert len(found) == count * SENTENCES_PER_CORPUS
        for one, other in found:
            assert translations[source][one] == translations[target][other]


@pytest.mark.parametrize("direction", ["ende", "defr", "fren"])
def test_unpacked_files_give_the_same_as_archives(direction: str, raw_dir: Path) -> None:
    before = [pairs(direction, split, raw_dir) for split in ("train", "dev", "test")]
    for archive in list(raw_dir.glob("*.t*gz")):
        if not archive.name.endswith(".tsv.gz"):
            unpack(archive, raw_dir)
    unpack(raw_dir / "training-giga-fren.tar", raw_dir)
    for path in raw_dir.glob("*.gz"):
        if direction == "defr":
            path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
            path.unlink()
    assert [pairs(direction, split, raw_dir) for split in ("train", "dev", "test")] == before


def test_a_folder_named_wmt_is_looked_into(raw_dir: Path) -> None:
    before = pairs("ende", "dev", raw_dir)
    (raw_dir / "wmt").mkdir()
    for path in list(raw_dir.iterdir()):
        if path.name != "wmt":
            path.rename(raw_dir / "wmt" / path.name)
    assert pairs("ende", "dev", raw_dir) == before


def test_missing_archives_are_one_error_with_the_page(raw_dir: Path) -> None:
    (raw_dir / "training-parallel-commoncrawl.tgz").unlink()
    (raw_dir / "dev.tgz").unlink()
    with pytest.raises(UserError) as caught:
        wmt("ende").source_files(raw_dir)
    assert caught.value.message == (
        f"Not found in {raw_dir}: training-parallel-commoncrawl.tgz (0.9 GB), dev.tgz (0.1 GB)."
    )
    assert caught.value.fix == wmt("ende").how_to_get
    assert pairs("ende", "test", raw_dir)


def test_datagen_names_what_the_direction_lacks_not_what_another_does(
    raw_dir: Path, tmp_path: Path
) -> None:
    for path in raw_dir.glob("*.gz"):
        path.unlink()
    with pytest.raises(UserError) as caught:
        generate(["wmt_frde"], tmp_path, raw_dir)
    assert caught.value.message == (
        f"Not found in {raw_dir}: europarl-v7.fr.gz europarl-v7.de.gz (0.2 GB), commoncrawl.fr.gz "
        "commoncrawl.de.gz (0.1 GB), news-commentary-v14.de-fr.tsv.gz (0.1 GB)."
    )
    assert caught.value.fix == wmt("frde").how_to_get


def test_without_a_folder_the_page_is_the_fix() -> None:
    with pytest.raises(UserError) as caught:
        next(wmt("frde").examples("train", None))
    assert str(caught.value) == (
        "This data is read from files that you have, but there is no --raw_dir.\n"
        "French-German of WMT, archives as they come or unpacked,\n"
        "in FOLDER or FOLDER/wmt, given as --raw_dir=FOLDER:\n"
        "  europarl-v7.fr.gz europarl-v7.de.gz  0.2 GB  statmt.org/wmt19, fr-de/bitexts\n"
        "  commoncrawl.fr.gz commoncrawl.de.gz  0.1 GB  statmt.org/wmt19, fr-de/bitexts\n"
        "  news-commentary-v14.de-fr.tsv.gz     0.1 GB  statmt.org/news-commentary\n"
        "  dev.tgz                              0.1 GB  statmt.org/wmt19\n"
        "  test.tgz                               2 MB  statmt.org/wmt19\n"
        "Or, prepared by TensorFlow Datasets, FOLDER/wmt19_translate/fr-de, which has no test set: "
        "that archive too."
    )


def test_bad_lines_are_left_out_and_named(raw_dir: Path, tmp_path: Path) -> None:
    (raw_dir / "newstest2013.en").write_bytes(b"One.\n\nTwo.\nT\xfcree.\nFour.\n")
    (raw_dir / "newstest2013.de").write_bytes(b"Eins.\nLeer.\nZwei.\nDrei.\n  \r\n")
    found = list(wmt("ende").examples("dev", raw_dir))
    bad = {
        (example["origin"], side): str(example[side])
        for example in found
        for side in ("inputs", "targets")
        if isinstance(example[side], BadValue)
    }
    assert bad == {
        ("newstest2013.en line 2", "inputs"): "line is empty",
        ("newstest2013.en line 4", "inputs"): "line is not UTF-8",
        ("newstest2013.en line 5", "targets"): "line is empty",
    }
    lines: list[str] = []
    (prepared,) = generate(
        ["wmt_ende"], tmp_path, raw_dir, DatagenOptions(vocab_size=500, report=lines.append)
    ).values()
    assert len(prepared.dataset("dev")) == 2
    assert any(line.startswith("  2 left out: bad inputs, e.g. dev ") for line in lines)


def test_the_vocabulary_is_learned_from_train_lines_of_complete_pairs(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wmt_problems, "SAMPLE_LINES", 2)
    (raw_dir / "training-giga-fren.tar").unlink()
    vocabulary = vocabularies.get("wmt")()
    texts = list(vocabulary.text(raw_dir))
    assert len(texts) == 3 * 2 * 2 + 3 * 2 * 2  # de-en and fr-de: corpora x pairs x sides
    assert set(texts) <= {*sentences("en"), *sentences("de"), *sentences("fr")}
    assert texts[:4] == [
        sentences("de")[0],
        sentences("en")[0],
        sentences("de")[1],
        sentences("en")[1],
    ]
    names = {path.name for path in vocabulary.source_files(raw_dir)}
    assert {"training-parallel-nc-v9.tgz", "europarl-v7.fr.gz"} <= names
    assert not {"dev.tgz", "training-parallel-un.tgz"} & names


def test_without_a_complete_pair_the_nearest_is_named(raw_dir: Path) -> None:
    (raw_dir / "training-parallel-europarl-v7.tgz").unlink()
    (raw_dir / "training-parallel-un.tgz").unlink()
    for path in raw_dir.glob("*.fr.gz"):
        path.unlink()
    with pytest.raises(UserError) as caught:
        list(vocabularies.get("wmt")().text(raw_dir))
    assert caught.value.message == (
        f"Not found in {raw_dir}: training-parallel-europarl-v7.tgz (0.6 GB)."
    )
    assert caught.value.fix == wmt("deen").how_to_get


def test_a_direction_may_train_on_fewer_corpora(raw_dir: Path) -> None:
    (raw_dir / "training-giga-fren.tar").unlink()
    direction = Direction("en", "fr", train=("undoc.2000", "europarl-v7"))
    assert [str(part) for part in direction.parts(raw_dir, "train")] == [
        "training-parallel-europarl-v7.tgz:europarl-v7.fr-en.en",
        "training-parallel-un.tgz:undoc.2000.fr-en.en",
    ]
    assert "giga" not in direction.how_to_get
    assert direction.missing(raw_dir) == []


def test_the_example_of_the_documentation_works(raw_dir: Path, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "translation.md").read_text()
    (tmp_path / "mine.py").write_text(text.split("```python\n")[1].split("```")[0])
    usr_dir.add(tmp_path / "mine.py")
    (raw_dir / "training-giga-fren.tar").unlink()
    prepared = generate(["europarl_enfr"], tmp_path, raw_dir, DatagenOptions(vocab_size=500))[
        "europarl_enfr"
    ]
    assert len(prepared.dataset("train")) == SENTENCES_PER_CORPUS
    assert list(prepared.tokenizers) == ["europarl_enfr"]


def test_an_unknown_corpus_is_told_the_known_ones(raw_dir: Path) -> None:
    with pytest.raises(UserError) as caught:
        Direction("fr", "de", train=("europarl",)).parts(raw_dir, "train")
    assert str(caught.value) == (
        "WMT fr-de has no training corpus 'europarl'.\n"
        "Known: europarl-v7, commoncrawl, news-commentary-v14."
    )
