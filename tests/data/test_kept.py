"""Complete records are enough, a change may be accepted, and what is no data does not count."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel import ClassLabel, Problem, Text, UserError, register_problem
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.data.kept import accept
from t2t_multimodel.data.raw_dirs import RawDirs
from t2t_multimodel.raw_files import OWN


@register_problem("made_moods")
class Moods(Problem):
    """Moods from a file for each split."""

    inputs = Text()
    targets = ClassLabel(2)
    train_shards = 1

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        assert raw_dir is not None
        for number, line in enumerate((raw_dir / f"{split}.txt").read_text().splitlines()):
            yield {"inputs": line, "targets": number % 2}


@pytest.fixture(autouse=True)
def registered() -> None:
    register_problem("made_moods")(Moods)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    for split in ("train", "test"):
        (folder / f"{split}.txt").write_text("a good day\na bad day\n")
    return folder


def make(tmp_path: Path, raw_dir: Any, said: list[str] | None = None, **options: Any) -> Prepared:
    lines: list[str] = [] if said is None else said
    data = options.pop("data_dir", tmp_path / "data")
    how = DatagenOptions(vocab_size=300, report=lines.append, **options)
    made = generate(["made_moods"], data, raw_dir, how)
    return made["made_moods"]


def test_records_are_enough_without_the_raw_files(tmp_path: Path, raw: Path) -> None:
    first = make(tmp_path, raw)
    shutil.rmtree(raw)
    said: list[str] = []
    again = make(tmp_path, None, said)
    assert again.folder == first.folder
    assert said == []
    assert again.tokenizers["made_moods"].identity == first.tokenizers["made_moods"].identity
    assert len(again.dataset("train")) == 2


def test_records_of_another_machine_are_enough_with_a_checkpoints_vocabulary(
    tmp_path: Path, raw: Path
) -> None:
    first = make(tmp_path, raw)
    shutil.rmtree(tmp_path / "data" / "vocab")
    again = make(tmp_path, None, tokenizers=first.tokenizers)
    assert again.folder == first.folder


def test_a_lost_record_file_is_not_enough(tmp_path: Path, raw: Path) -> None:
    first = make(tmp_path, raw)
    next(first.folder.glob("*.tfrecord-*-of-00001")).unlink()
    with pytest.raises(
        UserError, match="^Problem .made_moods., train: its raw files are not given"
    ):
        make(tmp_path, None)


def test_records_of_other_code_are_refused_and_may_be_accepted(
    tmp_path: Path, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make(tmp_path, raw)
    monkeypatch.setattr(Moods, "version", "2")
    with pytest.raises(UserError) as caught:
        make(tmp_path, None)
    assert str(caught.value) == (
        f"The raw files of 'made_moods' are not given, and its records {first.fingerprint} were "
        "made otherwise: version was 1 and is 2.\nGive --raw_dir to make them anew, or keep them: "
        f"mm-datagen --problem=made_moods --accept={first.fingerprint}"
    )
    said: list[str] = []
    accept("made_moods", first.fingerprint, tmp_path / "data", report=said.append)
    assert said == [
        f"made_moods: the records {first.fingerprint} are kept: version was 1 and is 2."
    ]
    assert make(tmp_path, None).folder == first.folder


def test_a_change_of_the_raw_files_may_be_accepted(tmp_path: Path, raw: Path) -> None:
    first = make(tmp_path, raw)
    (raw / "test.txt").write_text("a good day\na sad day\n")
    accept("made_moods", first.fingerprint, tmp_path / "data", raw, report=lambda _: None)
    said: list[str] = []
    assert make(tmp_path, raw, said).folder == first.folder
    assert said == []
    (note,) = json.loads((first.folder / "test.json").read_text())["accepted"]
    assert note["changes"] == ["source file test.txt changed"]
    (raw / "test.txt").write_text("a good day\nanother day\n")  # of which nobody has heard
    assert make(tmp_path, raw).folder != first.folder


def test_only_records_that_are_there_are_accepted(tmp_path: Path, raw: Path) -> None:
    make(tmp_path, raw)
    with pytest.raises(UserError, match="^No complete set of records of made_moods is named 'no'"):
        accept("made_moods", "no", tmp_path / "data", raw)


def test_a_run_wants_the_data_that_it_was_begun_with(tmp_path: Path, raw: Path) -> None:
    first = make(tmp_path, raw)
    begun = {"made_moods": first.fingerprint}
    assert make(tmp_path, raw, begun=begun).folder == first.folder
    (raw / "train.txt").write_text("a good day\na sad day\n")
    with pytest.raises(UserError) as caught:
        make(tmp_path, raw, begun=begun, tokenizers=first.tokenizers)
    assert str(caught.value) == (
        "The data of made_moods are not those that the run was begun with, "
        f"{first.fingerprint}: source file train.txt changed.\nUndo that, or keep the run's "
        f"records: mm-datagen --problem=made_moods --accept={first.fingerprint}"
    )
    accept("made_moods", first.fingerprint, tmp_path / "data", raw, report=lambda _: None)
    assert make(tmp_path, raw, begun=begun).folder == first.folder


def test_what_systems_and_this_package_leave_is_no_data(tmp_path: Path, raw: Path) -> None:
    data = raw / "data"
    first = make(tmp_path, raw, data_dir=data)
    for name in (".DS_Store", "._train.txt", "__MACOSX/train.txt", ".git/config", "Thumbs.db"):
        (raw / name).parent.mkdir(exist_ok=True)
        (raw / name).write_text("left over")
    run = raw / "runs" / "a"
    run.mkdir(parents=True)
    (run / OWN).write_text("")
    (run / "scalars.jsonl").write_text("")
    said: list[str] = []
    assert make(tmp_path, raw, said, data_dir=data).folder == first.folder
    assert said == []
    (raw / "notes.txt").write_text("a file")
    assert make(tmp_path, raw, data_dir=data).folder != first.folder


def test_a_problem_may_declare_what_it_reads(
    tmp_path: Path, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Moods, "reads", ("t*.txt",))
    first = make(tmp_path, raw)
    (raw / "notes.md").write_text("of no problem")
    assert make(tmp_path, raw).folder == first.folder


def test_each_problem_may_have_a_folder_of_its_own(tmp_path: Path, raw: Path) -> None:
    first = make(tmp_path, raw)
    own = tmp_path / "all" / "made_moods"
    shutil.copytree(raw, own)
    for raw_dir in (RawDirs(None, (("made_moods", own),)), own.parent, RawDirs(own.parent)):
        assert make(tmp_path, raw_dir).folder == first.folder


def test_raw_files_and_records_in_one_folder_are_refused(tmp_path: Path, raw: Path) -> None:
    with pytest.raises(UserError) as caught:
        make(tmp_path, raw, data_dir=raw)
    assert caught.value.message == f"{raw} is given for raw files and for records."


def test_no_empty_folder_is_left_by_a_problem_without_examples(tmp_path: Path, raw: Path) -> None:
    (raw / "train.txt").unlink()
    with pytest.raises(UserError):
        make(tmp_path, raw)
    assert not (tmp_path / "data" / "made_moods").exists()
