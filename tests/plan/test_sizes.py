"""Which records a plan takes its sizes from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import ROOT

from t2t_multimodel import registry, usr_dir
from t2t_multimodel.data.datagen import DatagenOptions, generate
from t2t_multimodel.plan.sizes import find_records

CORPUS = ROOT / "tests" / "helpers" / "corpus.py"


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    sys.modules.pop(usr_dir._module_name(CORPUS), None)
    usr_dir.add(CORPUS)
    folder = tmp_path / "raw"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        lines = (f"text {n} {n}\t{('no', 'yes')[n % 2]}" for n in range(9))
        (folder / f"{split}.0.tsv").write_text("\n".join(lines))
    return folder


def test_they_are_those_whose_vocabulary_a_run_would_ask_for(raw_dir: Path, tmp_path: Path) -> None:
    folders = {}
    for size in (None, 310):  # the declared size, 300, is older
        made = generate(
            ["made_corpus"],
            tmp_path,
            raw_dir,
            DatagenOptions(vocab_size=size, report=lambda _: None),
        )
        folders[size] = made["made_corpus"].folder
    assert folders[None] != folders[310]
    problem = registry.problems.get("made_corpus")()
    for size, folder in folders.items():
        found = find_records(problem, tmp_path, size)
        assert found is not None and found[0] == folder
    assert find_records(problem, tmp_path, 320) is None


def test_a_vocabulary_without_a_file_is_its_own_size(raw_dir: Path, tmp_path: Path) -> None:
    made = generate(["made_corpus"], tmp_path, raw_dir, DatagenOptions(report=lambda _: None))[
        "made_corpus"
    ]
    (size,) = (one.size for one in made.tokenizers.values())
    for file in (tmp_path / "vocab").iterdir():
        file.unlink()
    found = find_records(made.problem, tmp_path, size)
    assert found == (made.folder, {"made_corpus_words": size})
    assert find_records(made.problem, tmp_path, size + 1) is None
