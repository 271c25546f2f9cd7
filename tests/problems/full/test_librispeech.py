"""librispeech reads folders and tar files alike."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from helpers.twin_run import tiny_run

from t2t_multimodel import UserError
from t2t_multimodel.data.datagen import DatagenOptions, generate
from t2t_multimodel.problems.speech.librispeech import LibriSpeech, LibriSpeechVocabulary
from t2t_multimodel.problems.twins.librispeech_tiny import TEXTS, write_sets

WORDS = [text.lower() for text in TEXTS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sets(tmp_path)
    return tmp_path


def examples(folder: Path, split: str) -> list[dict[str, Any]]:
    return list(LibriSpeech().examples(split, folder))


def test_a_tiny_twin_goes_all_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LibriSpeech, "train_shards", 2)
    run = tiny_run("librispeech", tmp_path)
    sizes = {split: len(run.prepared.dataset(split)) for split in LibriSpeech.splits}
    assert sizes == {"train": 30, "dev": 10, "test": 10}


def test_recordings_have_the_words_of_their_chapter(folder: Path) -> None:
    train = examples(folder, "train")
    assert [e["targets"] for e in train] == WORDS * 6
    assert train[0]["inputs"] == folder / "LibriSpeech/train-clean-100/100/7/100-7-0000.flac"
    assert train[0]["origin"] == "LibriSpeech/train-clean-100/100/7/100-7-0000.flac"
    assert LibriSpeech().source_parts("train", folder) == [
        f"LibriSpeech/train-clean-100/{speaker}" for speaker in (100, 101, 102)
    ]


def test_a_tar_file_gives_the_same_as_its_folder(folder: Path) -> None:
    zipped = examples(folder, "test")
    assert LibriSpeech().source_parts("test", folder) == ["test-clean.tar.gz"]
    with tarfile.open(folder / "test-clean.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    unpacked = examples(folder, "test")
    assert [e["targets"] for e in zipped] == [e["targets"] for e in unpacked] == WORDS * 2
    assert [e["inputs"] for e in zipped] == [e["inputs"].read_bytes() for e in unpacked]
    assert zipped[4]["origin"] == (
        "test-clean.tar.gz: LibriSpeech/test-clean/100/7/100-7-0004.flac"
    )


def test_no_utterance_of_the_official_sets_is_too_long() -> None:
    assert LibriSpeech.inputs.max_seconds >= 34.955  # the longest of test-clean


def test_what_is_missing_of_an_utterance_is_named(folder: Path) -> None:
    chapter = folder / "LibriSpeech/dev-clean/100/7"
    (chapter / "100-7-0001.flac").unlink()
    transcript = chapter / "100-7.trans.txt"
    transcript.write_text(transcript.read_text().replace("100-7-0003 HELLO", "100-9-0003 HELLO"))
    found = {e["origin"].rpartition("/")[2]: e for e in examples(folder, "dev")[:6]}
    assert str(found["100-7-0001.flac"]["inputs"]) == "there is no such recording"
    assert str(found["100-9-0003.flac"]["inputs"]) == "there is no such recording"
    assert str(found["100-7-0003.flac"]["targets"]) == "100-7.trans.txt has no words for it"


def test_a_recording_in_a_tar_file_without_words_is_named(folder: Path) -> None:
    path = folder / "dev-clean.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder / "LibriSpeech/dev-clean/100/7/100-7-0000.flac", "a/1-2-0000.flac")
    shutil.rmtree(folder / "LibriSpeech/dev-clean")
    (example,) = examples(folder, "dev")
    assert example["origin"] == "dev-clean.tar.gz: a/1-2-0000.flac"
    assert str(example["targets"]) == "its chapter has no words for it"


def test_a_tar_file_that_ends_early_stops_datagen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LibriSpeech, "train_shards", 2)
    path = folder / "test-clean.tar.gz"
    path.write_bytes(path.read_bytes()[:90_000])
    with pytest.raises(UserError) as caught:
        generate(
            ["librispeech"],
            folder / "data",
            folder,
            DatagenOptions(vocab_size=600, report=lambda _: None),
        )
    assert caught.value.message.startswith(
        "Problem 'librispeech', test test-clean.tar.gz: unreadable after 5 examples: "
    )


def test_the_vocabulary_is_learned_from_train_transcripts(folder: Path) -> None:
    assert list(LibriSpeechVocabulary().text(folder)) == WORDS * 6
    (folder / "test-clean.tar.gz").rename(folder / "train-other-500.tar.gz")
    assert list(LibriSpeechVocabulary().text(folder)) == WORDS * 8


def test_source_files_are_transcripts_and_folders_of_chapters_or_tar_files(folder: Path) -> None:
    files = [path.relative_to(folder).as_posix() for path in LibriSpeech().source_files(folder)]
    assert files[-3:] == [
        "LibriSpeech/dev-clean/100/7",
        "LibriSpeech/dev-clean/100/8",
        "test-clean.tar.gz",
    ]
    assert len(files) == 6 * 2 + 2 * 2 + 1


def test_missing_sets_are_one_error_with_the_whole_page(folder: Path) -> None:
    (folder / "test-clean.tar.gz").unlink()
    with pytest.raises(UserError) as caught:
        LibriSpeech().source_files(folder)
    assert caught.value.message == f"Not found in {folder}: test-clean."
    assert caught.value.fix == LibriSpeech.how_to_get
