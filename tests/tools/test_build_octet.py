"""tools/build_octet.py rebuilds what is vendored, and says what it lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT

from t2t_multimodel.problems.corpora import amazon_queen
from t2t_multimodel.problems.formats.packages import AMAZON_QUEEN, locate
from tools import build_octet
from tools.octet import speech

DATA = ROOT / "problems" / "octet" / "data"
PACKAGES = os.environ.get("OCTET_PACKAGES", "")


def needs_packages(test):
    reason = "OCTET_PACKAGES names no folder with the source packages"
    return pytest.mark.octet_packages(pytest.mark.skipif(not PACKAGES, reason=reason)(test))


MADE_OF = {
    "image": ["images.npy.xz", "images.tsv.xz"],
    "caption": ["captions.npy.xz", "captions.tsv.xz"],
    "translation": ["translation.tsv.xz"],
    "speech": ["speech.tsv.xz", "speech.zip"],
    "parse": ["parse.tsv.xz"],
    "licenses": [],
}


def test_every_vendored_file_has_a_builder():
    assert tuple(MADE_OF) == build_octet.PARTS
    made = sorted(name for names in MADE_OF.values() for name in names)
    assert made == sorted(path.name for path in DATA.iterdir() if path.is_file())


@needs_packages
@pytest.mark.parametrize("part", MADE_OF)
def test_a_rebuilt_file_is_equal_byte_for_byte(part, tmp_path):
    if part == "parse":
        if shutil.which("link-parser") is None:
            pytest.skip("link-parser is not installed")
        for name in ("translation.tsv.xz", "speech.tsv.xz"):
            shutil.copy(DATA / name, tmp_path)
    assert build_octet.main([f"--packages={PACKAGES}", f"--only={part}", f"--data={tmp_path}"]) == 0
    built = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert {Path(name) for name in MADE_OF[part]} <= built
    assert part != "licenses" or len(built) == 6
    for path in built:
        assert (tmp_path / path).read_bytes() == (DATA / path).read_bytes(), path


@needs_packages
def test_the_game_has_6544_lines_of_known_kinds():
    (package,) = locate(Path(PACKAGES), [AMAZON_QUEEN])
    archive = amazon_queen.read_archive(package)
    lines = amazon_queen.utterances(archive)
    assert Counter(line.kind for line in lines) == {
        "person": 2541,
        "joe": 1214,
        "greeting": 87,
        "farewell": 141,
        "description": 521,
        "scene": 2040,
    }
    text = {line.clip: line.text for line in lines}
    assert len(text) == 6544
    assert text["020001P2"] == "You couldn't pilot your way out of a paper bag."
    assert len(set(text.values())) == 5412
    assert sum(len(words.split()) for words in text.values()) == 38714
    assert sum(map(len, speech.choose(archive).values())) == 2650


def run(*arguments):
    return subprocess.run(
        [sys.executable, "tools/build_octet.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_a_missing_package_is_one_error_with_its_command(tmp_path):
    done = run(f"--packages={tmp_path}", "--only=speech", f"--data={tmp_path / 'data'}")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"Not found in {tmp_path}: flight-of-the-amazon-queen (35 MB).\n"
        f"cd {tmp_path} && apt-get download flight-of-the-amazon-queen\n"
    )


def test_an_unknown_part_is_refused(tmp_path):
    done = run(f"--packages={tmp_path}", "--only=image,sound")
    assert done.returncode == 2
    assert done.stderr.endswith(
        "--only knows image, caption, translation, speech, parse, licenses, not sound\n"
    )
