"""wsj_speech reads the discs of CSR-I and CSR-II."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from helpers.twin_run import tiny_run

from t2t_multimodel import BadValue, UserError
from t2t_multimodel.data.datagen import DatagenOptions, generate
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.vocab_training import train
from t2t_multimodel.problems.corpora.wsj import INDEXES, normalise
from t2t_multimodel.problems.speech.vocabularies import EnglishCharacters
from t2t_multimodel.problems.speech.wsj import WsjSpeech, WsjSpeechVocabulary
from t2t_multimodel.problems.twins.made_voice import RATE, voice
from t2t_multimodel.problems.twins.wsj_tiny import TEXTS, write_discs

WORDS = [
    "prices rose comma he said period",
    "the bank lent five million",
    "sales fell percent ten point two",
    "it was a good double-quote year",
    "stocks are up",
    "mr. doe didn't comment yes",
]


@pytest.fixture
def discs(tmp_path: Path) -> Path:
    write_discs(tmp_path)
    return tmp_path


def examples(folder: Path, split: str) -> list[dict[str, Any]]:
    return list(WsjSpeech().examples(split, folder))


def encoded(sound: Path) -> np.ndarray:
    return WsjSpeech.inputs.encode(sound, None)


def test_a_tiny_twin_goes_all_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WsjSpeech, "train_shards", 2)
    run = tiny_run("wsj_speech", tmp_path)
    sizes = {split: len(run.prepared.dataset(split)) for split in WsjSpeech.splits}
    assert sizes == {"train": 24, "dev": 4, "test": 6}


def test_characters_may_be_the_targets(discs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WsjSpeech, "train_shards", 2)
    name = "wsj_speech_characters"
    prepared = generate([name], discs / "data", discs, DatagenOptions(report=lambda _: None))[name]
    lengths = prepared.dataset("test").lengths["targets"]
    assert sorted(lengths) == sorted(len(words) + 2 for words in WORDS)  # a blank and the end


def test_the_splits_are_si284_dev93_and_eval92(discs: Path) -> None:
    found = {split: examples(discs, split) for split in WsjSpeech.splits}
    origins = {split: {e["origin"].rpartition("/")[0] for e in found[split]} for split in found}
    assert origins == {
        "train": {"wsj0/si_tr_s/01i", "wsj1/si_tr_s/46k"},
        "dev": {"wsj1/si_dt_20/4k0"},
        "test": {"wsj0/si_et_20/440"},
    }
    assert [e["targets"] for e in found["train"]] == WORDS * 4
    assert [e["targets"] for e in found["test"]] == WORDS  # out of an .lsn file


def test_sounds_are_the_same_in_every_coding(discs: Path) -> None:
    for split in WsjSpeech.splits:
        for example in examples(discs, split)[:3]:
            expected = WsjSpeech.inputs.encode((voice(example["targets"]), RATE), None)
            assert np.array_equal(encoded(example["inputs"]), expected)
    codings = {path.read_bytes()[:400].count(b"shorten") for path in discs.rglob("*.wv1")}
    assert codings == {0, 1}


def test_a_speaker_of_the_index_that_is_on_no_disc_is_passed_over(discs: Path) -> None:
    index = discs / "11-13.1" / INDEXES["train"][0]
    assert "wsj0/si_tr_s/401/" in index.read_text()
    assert not any("401" in e["origin"] for e in examples(discs, "train"))


def test_names_of_discs_and_case_do_not_matter(discs: Path) -> None:
    expected = [e["targets"] for e in examples(discs, "train")]
    other = discs / "wsj_speech"
    for disc in [path for path in discs.iterdir() if path != other]:
        shutil.copytree(disc, other / f"copy of {disc.name}".upper())
    again = examples(discs, "train")
    assert [e["targets"] for e in again] == expected
    assert all(other in e["inputs"].parents for e in again)


def test_a_converted_file_takes_the_place_of_the_discs_own(discs: Path) -> None:
    (sound,) = discs.rglob("4k0c0201.wv1")
    sound.write_bytes(b"NIST_1A\n   1024\nunknown")
    soundfile.write(sound.with_suffix(".wav"), voice(WORDS[1]), RATE)
    found = examples(discs, "dev")[1]["inputs"]
    assert found == sound.with_suffix(".wav")
    assert np.array_equal(encoded(found), WsjSpeech.inputs.encode((voice(WORDS[1]), RATE), None))


def test_what_is_missing_of_an_utterance_is_named(discs: Path) -> None:
    (sound,) = discs.rglob("440c0202.wv1")
    sound.unlink()
    (transcript,) = discs.rglob("*440c0200.lsn")
    lines = transcript.read_text().splitlines()
    transcript.write_text("\n".join(lines[:4]))
    second, fifth = (examples(discs, "test")[n] for n in (2, 4))
    assert second["origin"] == "wsj0/si_et_20/440/440c0202.wv1"
    assert isinstance(second["inputs"], BadValue) and isinstance(fifth["targets"], BadValue)
    assert str(second["inputs"]) == "no such recording on the discs"
    assert str(fifth["targets"]) == "it has no transcript"


def test_files_that_changed_are_read_anew(discs: Path) -> None:
    WsjSpeech().source_files(discs)
    assert [e["targets"] for e in examples(discs, "test")] == WORDS
    (transcript,) = discs.rglob("*440c0200.lsn")
    transcript.write_text(transcript.read_text().replace("PRICES", "WAGES"))
    WsjSpeech().source_files(discs)
    assert examples(discs, "test")[0]["targets"] == "wages rose comma he said period"


@pytest.mark.parametrize(
    ("pattern", "missing"),
    [
        ("tr_s_wv1.ndx", "wsj0/doc/indices/train/tr_s_wv1.ndx."),
        ("h1_p0.ndx", "wsj1/doc/indices/h1_p0.ndx."),
        ("*.wv1", "recordings (*.wv1)."),
    ],
)
def test_missing_discs_are_one_error_with_the_whole_page(
    tmp_path: Path, pattern: str, missing: str
) -> None:
    write_discs(tmp_path)
    for path in [*tmp_path.rglob(pattern), *tmp_path.rglob(pattern.upper())]:
        path.unlink()
    with pytest.raises(UserError) as caught:
        examples(tmp_path, "train")
    assert caught.value.message == f"Not found in {tmp_path}: {missing}"
    assert caught.value.fix == WsjSpeech.how_to_get


def test_source_files_are_lists_transcripts_and_folders_of_recordings(discs: Path) -> None:
    files = WsjSpeech().source_files(discs)
    assert {path.name for path in files if path.suffix == ".ndx"} == {
        name.rpartition("/")[2] for names in INDEXES.values() for name in names
    }
    assert {path.name.lower() for path in files if path.is_dir()} == {"01i", "46k", "4k0", "440"}


@pytest.mark.parametrize(("text", "words"), [*zip(TEXTS, WORDS, strict=True)])
def test_marks_of_how_something_was_said_are_dropped(text: str, words: str) -> None:
    assert normalise(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"HE SAID \*YES\* --DASH AND -HYPHEN", "he said yes dash and hyphen"),
        (
            "(LEFT-PAREN A )RIGHT-PAREN ;SEMI-COLON :COLON",
            "left-paren a right-paren semi-colon colon",
        ),
        ("'TIS U. S. A. 'SINGLE-QUOTE", "'tis u. s. a. 'single-quote"),
        ("[<phone_ring/] . ~ --", ""),
        ("...ELLIPSIS ?QUESTION-MARK &AMPERSAND /SLASH", "ellipsis question-mark ampersand slash"),
    ],
)
def test_punctuation_that_was_read_out_becomes_its_name(text: str, words: str) -> None:
    assert normalise(text) == words


def test_the_vocabulary_is_learned_from_train_transcripts_alone(discs: Path) -> None:
    assert list(WsjSpeechVocabulary().text(discs)) == WORDS * 4
    files = WsjSpeechVocabulary().source_files(discs)
    assert {path.suffix.lower() for path in files} == {".ndx", ".dot", ".lsn"}


def test_the_vocabulary_of_characters_merges_nothing() -> None:
    vocabulary = EnglishCharacters()
    model = train(vocabulary.text(None), vocabulary.size, (), "english_characters")
    tokenizer = SubwordTokenizer("english_characters", model)
    assert tokenizer.size == 300
    text = "it isn't 'double-quote' mr. 42"
    ids = tokenizer.encode(text)
    assert len(ids) == len(text) + 1  # a blank in front
    assert tokenizer.decode(ids) == text
