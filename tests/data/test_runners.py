"""Whoever writes the shards, however many there are: the same bytes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from helpers import corpus

from t2t_multimodel import UserError
from t2t_multimodel.bin import mm_datagen
from t2t_multimodel.data.datagen import DatagenOptions, generate


def needs_beam(test: Any) -> Any:
    reason = "Apache Beam is not installed: pip install 't2t-multimodel[beam]'"
    absent = importlib.util.find_spec("apache_beam") is None
    return pytest.mark.beam(pytest.mark.skipif(absent, reason=reason)(test))


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    corpus.register()
    corpus.write_raw(tmp_path / "raw", files=4, lines=50)
    return tmp_path / "raw"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def make(data_dir: Path, raw_dir: Path, workers: int) -> dict[str, bytes]:
    generate(
        ["made_corpus"],
        data_dir,
        raw_dir,
        DatagenOptions(workers=workers, report=lambda line: None),
    )
    return contents(data_dir)


def flags(data_dir: Path, raw_dir: Path) -> list[str]:
    return [
        "--problem=made_corpus",
        f"--usr_dir={corpus.__file__}",
        f"--raw_dir={raw_dir}",
        f"--data_dir={data_dir}",
    ]


def test_two_and_four_workers_write_the_same_bytes_as_one(tmp_path: Path, raw_dir: Path) -> None:
    alone = make(tmp_path / "one", raw_dir, 1)
    assert len(alone) == 2 + 4 * 3 + 2
    assert make(tmp_path / "two", raw_dir, 2) == alone
    assert make(tmp_path / "four", raw_dir, 4) == alone


def test_two_at_once_on_one_directory_do_not_harm_each_other(tmp_path: Path, raw_dir: Path) -> None:
    command = [sys.executable, "-m", "t2t_multimodel.bin.mm_datagen"]
    at_once = [
        subprocess.Popen(
            [*command, *flags(tmp_path / "shared", raw_dir), "--workers=1"],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]
    assert [process.wait() for process in at_once] == [0, 0]
    assert contents(tmp_path / "shared") == make(tmp_path / "alone", raw_dir, 1)


@needs_beam
def test_beam_writes_the_same_bytes(tmp_path: Path, raw_dir: Path) -> None:
    code = mm_datagen.main(
        [*flags(tmp_path / "beam", raw_dir), "--runner=DirectRunner"]
        + ["--beam_options=--direct_num_workers=2"]
    )
    assert code == 0
    assert contents(tmp_path / "beam") == make(tmp_path / "alone", raw_dir, 1)


@needs_beam
def test_beam_passes_errors_on_and_leaves_nothing_of_its_own(
    tmp_path: Path, raw_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = raw_dir / "train.1.tsv"
    path.unlink()
    path.mkdir()
    command = [*flags(tmp_path / "beam", raw_dir), "--runner=DirectRunner"]
    assert mm_datagen.main(command) == 2
    error = capsys.readouterr().err
    assert "Problem 'made_corpus', train train.1.tsv: unreadable from the start: Is" in error
    path.rmdir()
    corpus.write_raw(raw_dir, files=4, lines=50)
    assert mm_datagen.main(command) == 0
    assert contents(tmp_path / "beam") == make(tmp_path / "alone", raw_dir, 1)


@needs_beam
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--runner=DirctRunner"], "--runner=DirctRunner: Unexpected pipeline runner: DirctRunner"),
        (
            ["--runner=DirectRunner", "--beam_options=--direct_num_wokers=2"],
            "Apache Beam has no option --direct_num_wokers. Did you mean --direct_num_workers?",
        ),
    ],
)
def test_what_beam_does_not_know_is_refused(
    raw_dir: Path, capsys: pytest.CaptureFixture[str], given: list[str], message: str
) -> None:
    assert mm_datagen.main([*flags(raw_dir.parent / "data", raw_dir), *given]) == 2
    assert message in capsys.readouterr().err


def test_without_beam_a_runner_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("apache_beam", "apache_beam.options", "apache_beam.options.pipeline_options"):
        monkeypatch.setitem(sys.modules, module, None)
    assert mm_datagen.main(["--problem=octet_ende", "--runner=DirectRunner"]) == 2
    assert capsys.readouterr().err == (
        "--runner=DirectRunner needs Apache Beam, which is not installed.\n"
        "pip install 't2t-multimodel[beam]'\n"
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["--beam_options=--direct_num_workers=2"],
            "--beam_options needs a --runner.\ne.g. --runner=DirectRunner\n",
        ),
        (
            ["--runner=DirectRunner", "--workers=2"],
            "--workers is for this machine's own processes; --runner has its own.\n"
            "e.g. --beam_options=--direct_num_workers=4\n",
        ),
    ],
)
def test_flags_that_do_not_go_together_are_refused(
    capsys: pytest.CaptureFixture[str], given: list[str], message: str
) -> None:
    assert mm_datagen.main(["--problem=octet_ende", *given]) == 2
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(("parts", "shards"), [(0, 3), (1, 1), (1, 4), (2, 5), (3, 3), (7, 3)])
def test_shards_share_the_parts_and_miss_no_example(parts: int, shards: int) -> None:
    from t2t_multimodel.data.reading import pieces

    class Parts(corpus.Corpus):
        def source_parts(self, split: str, raw_dir: Path | None) -> list[Path]:
            return [Path(str(n)) for n in range(parts)]

    read: list[tuple[Path, int]] = []
    for shard in range(shards):
        for piece in pieces(Parts(), "train", shard, shards, None):
            read += [(piece.part, n) for n in range(11) if n % piece.step == piece.first]
    assert sorted(read) == [(Path(str(part)), n) for part in range(parts) for n in range(11)]


def test_a_shard_reads_its_own_parts_only(raw_dir: Path, tmp_path: Path) -> None:
    from t2t_multimodel.data.reading import pieces

    read = [
        [piece.part.name for piece in pieces(corpus.Corpus(), "train", shard, 3, raw_dir)]
        for shard in range(3)
    ]
    assert read == [["train.0.tsv", "train.3.tsv"], ["train.1.tsv"], ["train.2.tsv"]]


def test_an_error_in_the_code_of_a_problem_is_not_taken_for_bad_data(tmp_path: Path) -> None:
    from t2t_multimodel.data.reading import guarded

    with pytest.raises(UserError, match=r"^what: <genexpr>\(\) failed from the start: KeyError: 0"):
        list(guarded(lambda: ({}[n] for n in range(3)), "what", "examples"))
    with pytest.raises(UserError, match="^what: <genexpr>.. failed from the start: ValueError: "):
        list(guarded(lambda: (int("x") for _ in range(3)), "what", "examples"))
