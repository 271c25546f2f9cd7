"""The clips of octet_speech can be heard and fit their transcripts."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from t2t_multimodel.problems.octet import vendored
from t2t_multimodel.problems.octet.speech import OctetSpeech


def test_a_sample_of_clips_decodes_to_sound_of_the_declared_rate(examples):
    for example in (
        examples("octet_speech", "train")[::100] + examples("octet_speech", "test")[::30]
    ):
        samples, rate = soundfile.read(io.BytesIO(example["inputs"]), dtype="float32")
        assert rate == OctetSpeech.inputs.rate
        assert samples.ndim == 1
        assert 0.5 < len(samples) / rate < 4.7
        assert np.abs(samples).max() > 0.01


def test_the_model_hears_40_mel_bins_every_10_ms(examples):
    example = examples("octet_speech", "dev")[0]
    samples, rate = soundfile.read(io.BytesIO(example["inputs"]))
    frames = OctetSpeech.inputs.encode(example["inputs"], None)
    assert frames.shape[1] == 40
    assert abs(len(frames) - 100 * len(samples) / rate) < 5


def test_every_transcript_has_its_clip_and_every_clip_its_transcript():
    rows = [f"{row['clip']}.mp3" for row in vendored.table("speech")]
    assert len(set(rows)) == len(rows)
    with vendored.clips() as clips:
        assert clips.namelist() == ["MODIFIED.txt", *rows]


def test_transcripts_are_lower_case_words(examples):
    for split in ("train", "dev", "test"):
        for example in examples("octet_speech", split):
            assert set(example["targets"]) <= set("abcdefghijklmnopqrstuvwxyz' ")


def test_longer_clips_have_longer_transcripts(examples):
    train = examples("octet_speech", "train")
    bytes_, letters = zip(*[(len(e["inputs"]), len(e["targets"])) for e in train], strict=True)
    assert np.corrcoef(bytes_, letters)[0, 1] > 0.8


def test_dev_and_test_say_nothing_twice(examples):
    for split in ("dev", "test"):
        texts = [example["targets"] for example in examples("octet_speech", split)]
        assert len(set(texts)) == len(texts)
