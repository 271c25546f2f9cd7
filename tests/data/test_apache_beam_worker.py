"""A worker of Beam, which may see nothing of the first machine: what it writes, what it tells."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import corpus
from helpers.remote_storage import another_process, held, memory_storage

from t2t_multimodel import UserError, registry, storage
from t2t_multimodel.data import apache_beam_worker
from t2t_multimodel.data.apache_beam_runner import _as_told
from t2t_multimodel.data.shards import ShardJob
from t2t_multimodel.vocabulary import Vocabulary

URL = "memory://shelf/data/made_corpus/0123"
NOTE = "/shelf/data/made_corpus/0123/.made_corpus-test.tfrecord-00000-of-00001.failed"
WHERE = f"On a worker of the runner ({socket.gethostname()}): "


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Iterator[dict[str, Any]]:
    corpus.register()
    with memory_storage(tmp_path) as held_there:
        yield held_there


@pytest.fixture
def job(tmp_path: Path) -> ShardJob:
    """The shard of test, from raw files in a store."""
    from t2t_multimodel.data import vocab

    corpus.write_raw(tmp_path / "raw")
    for path in (tmp_path / "raw").iterdir():
        storage.place("memory://raw").mkdir(parents=True, exist_ok=True)
        (storage.place("memory://raw") / path.name).write_bytes(path.read_bytes())
    storage.publish(storage.place("memory://raw"))
    vocabulary: Vocabulary = registry.vocabularies.get("made_corpus_words")()
    made = vocab.load_or_train(vocabulary, tmp_path, None, None, lambda line: None, asked_by="it")
    another_process()
    models = {"made_corpus_words": made.model}
    places = (str(Path(corpus.__file__)),)
    return ShardJob("made_corpus", "test", 0, 1, URL, "memory://raw", models, places)


def note() -> dict[str, Any]:
    """What the worker left in the store, which must be all that it left."""
    assert [name for name in held() if name.startswith("/shelf")] == [NOTE]
    return dict(json.loads(held()[NOTE]))


def test_a_shard_of_urls_is_written_into_the_store_with_its_summary(job: ShardJob) -> None:
    apache_beam_worker.write(job, 1.0, {})
    name = "/shelf/data/made_corpus/0123/made_corpus-test.tfrecord-00000-of-00001"
    there = [one for one in held() if one.startswith("/shelf")]
    assert sorted(there) == [name, f"{name}.index.npz", f"{name}.json"]
    assert json.loads(held()[f"{name}.json"])["examples"] == 20


def test_a_shard_that_another_worker_has_written_is_left_as_it_is(
    job: ShardJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    apache_beam_worker.write(job, 1.0, {})
    another_process()
    monkeypatch.setattr("t2t_multimodel.data.shards.write_records", None)
    apache_beam_worker.write(job, 1.0, {})
    assert NOTE not in held()


def test_a_bad_raw_file_is_noted_in_the_store_in_its_own_words(job: ShardJob) -> None:
    folder = storage.fetch_once(storage.place("memory://raw"))
    (folder / "test.0.tsv").unlink()
    (folder / "test.0.tsv").mkdir()
    apache_beam_worker.write(job, 1.0, {})
    found = note()
    assert found["message"].startswith(
        "Problem 'made_corpus', test test.0.tsv: unreadable from the start: IsADirectoryError: "
    )
    assert found["unreadable"] is True
    assert found["fix"] == (
        "Fetch the raw file again, then run the same command: what was made is kept."
    )


def test_code_that_did_not_come_is_told(job: ShardJob) -> None:
    far = ShardJob(**{**vars(job), "usr_dirs": ("/no/mine",)})
    apache_beam_worker.write(far, 1.0, {"/no/mine": "t2t_multimodel_usr_dir_0"})
    assert note() == {
        "unreadable": False,
        "message": f"{WHERE}The code in --usr_dir=/no/mine has not come here: the package "
        "t2t_multimodel_usr_dir_0 is not installed, and there is no such folder.",
        "fix": "Use an environment that installs Beam's extra packages, as its containers do, or "
        "give --usr_dir an URL.",
    }


def test_a_folder_of_raw_files_that_is_not_seen_is_told(job: ShardJob) -> None:
    apache_beam_worker.write(ShardJob(**{**vars(job), "raw_address": "/no/raw"}), 1.0, {})
    assert note() == {
        "unreadable": False,
        "message": f"{WHERE}There is no folder of raw files /no/raw here.",
        "fix": "Give --raw_dir an URL, or a folder that all workers see under the same path.",
    }


def test_where_no_note_can_be_left_the_text_of_the_pipelines_error_has_it(job: ShardJob) -> None:
    far = ShardJob(**{**vars(job), "address": "nowhere://shelf/data"})
    with pytest.raises(RuntimeError) as caught:
        apache_beam_worker.write(far, 1.0, {})
    said = f"Traceback ...\nRuntimeError: {caught.value} [while running 'Map(write)']\n"
    assert str(_as_told(RuntimeError(said))) == (
        f"{WHERE}nowhere://shelf/data: no file system is called nowhere://.\n"
        "Use one that fsspec knows, such as s3://, gs://, hdfs:// or memory://."
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "...\nModuleNotFoundError: No module named 't2t_multimodel' [while running 'Create']",
            "A worker of the runner has no module 't2t_multimodel'.\n"
            "docs/data.md tells how the workers' environment is made.",
        ),
        (
            "Traceback\n  File\nValueError: no quota\n",
            "The pipeline of Apache Beam failed: ValueError: no quota\nIts log says more.",
        ),
        ("", "The pipeline of Apache Beam failed: RuntimeError\nIts log says more."),
    ],
)
def test_a_pipeline_that_failed_is_told_in_a_line(said: str, expected: str) -> None:
    told = _as_told(RuntimeError(said))
    assert isinstance(told, UserError)
    assert str(told) == expected
