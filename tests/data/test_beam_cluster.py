"""Datagen on workers of Apache Beam that share an object store with the first process, no disk."""

from __future__ import annotations

import importlib.util
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import corpus
from helpers.s3_server import s3_server

from t2t_multimodel import storage
from t2t_multimodel.bin import mm_datagen

pytestmark = [
    pytest.mark.beam,
    pytest.mark.skipif(
        importlib.util.find_spec("apache_beam") is None or importlib.util.find_spec("moto") is None,
        reason="Apache Beam or a server of S3 is not installed: "
        "pip install 't2t-multimodel[beam,s3]' 'moto[server]'",
    ),
]
CLEANING = '''"""What the problem imports from beside it."""

from t2t_multimodel import BadValue


def decoded(text):
    """Reads a column; a cut file ends in the middle."""
    if text == b"cut":
        raise EOFError("the file is cut")
    return text.decode() if text != b"bad" else BadValue("it is bad")
'''


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The disk of the first machine: the user's code in two files, and raw files."""
    source = Path(corpus.__file__).read_text()
    source, _, rest = source.partition("def decoded(")
    write_raw = rest[rest.index("\ndef write_raw") :]
    mine = tmp_path / "first/mine"
    mine.mkdir(parents=True)
    source = source.replace(
        "from t2t_multimodel", "from cleaning import decoded\nfrom t2t_multimodel", 1
    )
    (mine / "far.py").write_text((source + write_raw).replace("made_corpus", "far_corpus"))
    (mine / "cleaning.py").write_text(CLEANING)
    corpus.write_raw(tmp_path / "first/raw", files=4, lines=50)
    (tmp_path / "first/raw/train.2.tsv").write_text("good\tyes\nbad\tyes\n")
    return tmp_path / "first"


@pytest.fixture
def store(first: Path) -> Iterator[Any]:
    with s3_server() as served:
        served.put(str(first / "raw"), "s3://shelf/raw", recursive=True)
        yield served
        storage.use_cache()


def datagen(first: Path, data_dir: str, raw_dir: str, *flags: str) -> int:
    places = [f"--data_dir={data_dir}", f"--raw_dir={raw_dir}", f"--cache_dir={first}/cache"]
    return mm_datagen.main(["--problem=far_corpus", f"--usr_dir={first}/mine", *places, *flags])


def in_store(store: Any, first: Path, flags: list[str]) -> int:
    return datagen(first, "s3://shelf/data", "s3://shelf/raw", *flags)


def of_one_process(first: Path) -> dict[str, bytes]:
    assert datagen(first, f"{first}/alone", f"{first}/raw", "--workers=1") == 0
    files = [path for path in (first / "alone").rglob("*") if path.is_file()]
    return {str(path.relative_to(first / "alone")): path.read_bytes() for path in files}


def held(store: Any) -> dict[str, bytes]:
    store.invalidate_cache()
    names = store.find("shelf/data")
    return {name.removeprefix("shelf/data/"): store.cat_file(name) for name in names}


def test_two_workers_that_share_a_store_alone_write_the_bytes_of_one_process(
    first: Path, store: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from helpers.beam_cluster import worker_pool

    store.pipe_file("shelf/raw/train.1.tsv", b"cut\tyes\n")
    with worker_pool(tmp_path / "workers", hidden=first) as flags:
        assert in_store(store, first, flags) == 2
        error = capsys.readouterr().err
        assert re.search(
            r"^Problem 'far_corpus', train train.1.tsv: unreadable from the start: EOFError: the "
            r"file is cut \(cleaning.py:9\)\.\nFetch the raw file again, then run the same "
            r"command: what was made is kept\.\n\Z",
            error,
            re.MULTILINE,
        ), error
        assert error.count("train.1.tsv") == 1
        store.put(str(first / "raw/train.1.tsv"), "s3://shelf/raw/train.1.tsv")
        kept = held(store)
        assert sum("-train.tfrecord" in name and name.endswith(".json") for name in kept) == 2
        storage.use_cache()
        assert in_store(store, first, flags) == 0
    made = held(store)
    assert made == of_one_process(first)
    assert kept.items() <= made.items()
    homes = [
        path for path in (tmp_path / "workers").glob("*/home") if list(path.rglob("objects/*"))
    ]
    assert len(homes) >= 3  # two of the first pipeline, and at least one of the second


def test_what_a_worker_lacks_is_told_as_what_it_is(
    first: Path, store: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from helpers.beam_cluster import worker_pool

    worker = f"On a worker of the runner ({socket.gethostname()}): "
    with worker_pool(tmp_path / "workers", first, lacking="s3fs") as flags:
        assert in_store(store, first, flags) == 2
    assert capsys.readouterr().err.endswith(
        f"{worker}s3://shelf/data/far_corpus/{fingerprint(first)}: the client of s3://, s3fs, is "
        "not installed.\npip install 't2t-multimodel[s3]'\n"
    )
    lib = first / "lib"
    lib.mkdir()
    (lib / "only_here.py").write_text("")
    monkeypatch.syspath_prepend(lib)
    cleaning = first / "mine/cleaning.py"
    cleaning.write_text(f"{CLEANING}\n\nimport only_here\n")
    with worker_pool(tmp_path / "others", first) as flags:
        assert in_store(store, first, flags) == 2
    error = capsys.readouterr().err
    assert re.search(
        rf"^{re.escape(worker)}\S+/mine/cleaning.py:13 imports 'only_here', which is not installed "
        r"and does not lie beside it\.\npip install only_here\n\Z",
        error,
        re.MULTILINE,
    ), error


def fingerprint(first: Path) -> str:
    return next(Path(name).parent.name for name in of_one_process(first) if "test.json" in name)
