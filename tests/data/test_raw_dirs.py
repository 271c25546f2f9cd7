"""`--raw_dir` names one folder for all problems, or one for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.data.raw_dirs import RawDirs, as_raw_dirs


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("wavs", "m30k", "all/digits", "octet_ende:odd"):
        (tmp_path / name).mkdir(parents=True)


def test_one_folder_serves_all_unless_it_has_one_for_the_problem() -> None:
    dirs = RawDirs.parse("all")
    assert (dirs.of("other"), dirs.of("digits")) == (Path("all"), Path("all/digits"))
    assert as_raw_dirs(Path("all")) == dirs
    assert as_raw_dirs(None).of("digits") is None


def test_each_problem_may_have_its_own() -> None:
    dirs = RawDirs.parse("digits:wavs, m30k_ende:m30k")
    assert (dirs.of("digits"), dirs.of("m30k_ende")) == (Path("wavs"), Path("m30k"))
    assert dirs.of("other") is None
    mixed = RawDirs.parse("all,other:wavs")
    assert (mixed.of("other"), mixed.of("digits")) == (Path("wavs"), Path("all/digits"))
    assert RawDirs.parse(str(mixed)) == mixed
    assert mixed.absolute().of("other") == Path.cwd() / "wavs"


def test_a_folder_with_a_colon_is_a_folder() -> None:
    assert RawDirs.parse("octet_ende:odd") == RawDirs(Path("octet_ende:odd"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nope", "--raw_dir=nope: there is no folder nope (looked in {here})."),
        ("digits:nope", "--raw_dir=digits:nope: there is no folder nope (looked in {here})."),
        ("all,wavs", "--raw_dir=all,wavs: two folders are given for all problems."),
        ("a:wavs,a:m30k", "--raw_dir=a:wavs,a:m30k: two folders are given for a."),
    ],
)
def test_what_is_no_folder_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        RawDirs.parse(text)
    assert caught.value.message == message.format(here=tmp_path)


def test_a_folder_for_a_problem_that_is_not_asked_for_is_refused() -> None:
    dirs = RawDirs.parse("octet_image:wavs")
    dirs.check(["octet_image", "octet_ende"])
    with pytest.raises(UserError, match="^No problem of this command is named 'octet_image'"):
        dirs.check(["octet_ende"])
    with pytest.raises(UserError, match="^No problem is named 'octet_imag'. Did you mean"):
        RawDirs.parse("octet_imag:wavs").check(["octet_ende"])
