"""timit reads the corpus by its standard sets, in words and in phones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from helpers.twin_run import tiny_run

from t2t_multimodel import UserError
from t2t_multimodel.problems.corpora import timit
from t2t_multimodel.problems.speech.timit import Timit, TimitPhoneRecognition
from t2t_multimodel.problems.twins.made_voice import RATE, voice
from t2t_multimodel.problems.twins.timit_tiny import SENTENCES, write_corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_corpus(tmp_path)
    return tmp_path


def examples(problem: Any, folder: Path, split: str) -> list[dict[str, Any]]:
    return list(problem().examples(split, folder))


def test_a_tiny_twin_goes_all_the_way(tmp_path: Path) -> None:
    run = tiny_run("timit_phones", tmp_path)
    sizes = {split: len(run.prepared.dataset(split)) for split in Timit.splits}
    assert sizes == {"train": 9, "dev": 3, "test": 3}


def test_the_sets_are_the_standard_ones_without_sa_sentences(corpus: Path) -> None:
    origins = {
        split: [e["origin"] for e in examples(Timit, corpus, split)] for split in Timit.splits
    }
    assert origins["dev"] == [f"test/faks0/{name}" for name in ("si648", "sx127", "sx37")]
    assert origins["test"] == [f"test/mdab0/{name}" for name in ("si648", "sx127", "sx37")]
    assert len(origins["train"]) == 9
    assert not any("sa1" in name or "msjs1" in name for names in origins.values() for name in names)


def test_the_sets_have_their_published_sizes() -> None:
    assert len(set(timit.CORE_TEST)) == 24
    assert len(set(timit.DEV)) == 50
    assert not set(timit.DEV) & set(timit.CORE_TEST)
    assert sum(name[0] == "m" for name in timit.CORE_TEST) == 16


def test_words_and_sound_belong_together(corpus: Path) -> None:
    for example in examples(Timit, corpus, "test"):
        text = SENTENCES[example["origin"].rpartition("/")[2].upper()][0]
        assert example["targets"] == text.lower().rstrip(".")
        expected = Timit.inputs.encode((voice(text), RATE), None)
        assert np.array_equal(Timit.inputs.encode(example["inputs"], None), expected)


def test_without_word_files_the_sentence_gives_the_words(corpus: Path) -> None:
    expected = [e["targets"] for e in examples(Timit, corpus, "train")]
    for path in corpus.rglob("*.WRD"):
        path.unlink()
    copy = corpus / "timit"
    (corpus / "TIMIT").rename(copy)
    assert [e["targets"] for e in examples(Timit, corpus, "train")] == expected


def test_61_phones_become_39() -> None:
    assert len(timit.PHONES) == len(set(timit.PHONES)) == 39
    assert len(timit.CLASS_OF) == 60  # all but q
    assert set(timit.CLASS_OF.values()) == set(timit.PHONES)


def test_phones_are_folded_and_q_is_left_out(corpus: Path) -> None:
    phones = {
        e["origin"].rpartition("/")[2]: e["targets"]
        for e in examples(TimitPhoneRecognition, corpus, "test")
    }
    assert phones == {
        "si648": "sil ah s ey l sil b ow sil m ey sil t ae sil k sil",
        "sx127": "sil dh iy eh m sil p er er sil d ih d n sil t sil",
        "sx37": "sil k r ih dx ih sil k l sil k eh er sil",
    }


def test_faults_of_a_sentence_are_named(corpus: Path) -> None:
    place = corpus / "TIMIT/TEST/DR1/MDAB0"
    (place / "SX37.PHN").write_text("0 10 h#\n10 20 zz\n")
    (place / "SX127.PHN").unlink()
    (place / "SI648.WAV").unlink()
    by_phone = [e["targets"] for e in examples(TimitPhoneRecognition, corpus, "test")]
    assert [str(target) for target in by_phone[1:]] == [
        "it has no .PHN",
        "SX37.PHN has 'zz', which is no phone",
    ]
    first = examples(Timit, corpus, "test")[0]
    assert str(first["inputs"]) == "there is no such recording"


def test_a_copy_in_lower_case_with_riff_files_beside_is_read(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    expected = [e["targets"] for e in examples(Timit, tmp_path, "test")]
    for path in sorted(tmp_path.rglob("*.WAV")):
        soundfile.write(path.with_name(f"{path.name}.wav"), np.zeros(2000), RATE)
    other = tmp_path / "timit" / "data"
    for path in sorted(tmp_path.rglob("*.*")):
        if path.is_file():
            below = path.relative_to(tmp_path / "TIMIT").as_posix().lower()
            (other / below).parent.mkdir(parents=True, exist_ok=True)
            path.rename(other / below)
    found = examples(Timit, tmp_path, "test")
    assert [e["targets"] for e in found] == expected
    assert [e["inputs"].name for e in found] == ["si648.wav", "sx127.wav", "sx37.wav"]


def test_a_missing_corpus_is_one_error_with_the_whole_page(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        Timit().source_files(tmp_path)
    assert caught.value.message == f"TIMIT's train, dev, test not found in {tmp_path}."
    assert caught.value.fix == Timit.how_to_get
