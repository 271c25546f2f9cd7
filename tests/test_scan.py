"""Registrations are read out of sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from t2t_multimodel import _scan


def scan(folder: Path, source: str) -> list[tuple[str, str, int]]:
    (folder / "a.py").write_text(source)
    return [(one.kind, one.name, one.line) for one in _scan.registrations(folder / "a.py", "a")]


@pytest.mark.parametrize(
    "line",
    [
        '@register_problem("mine")',
        "@register_problem('mine')",
        '@t2t_multimodel.register_problem("mine")',
        '@register_problem(name="mine")',
        '@register_problem(\n    "mine"\n)',
        '@register_problem( "mine" )  # a comment',
    ],
)
def test_every_way_to_write_a_decorator_is_read(tmp_path: Path, line: str) -> None:
    assert scan(tmp_path, f"import t2t_multimodel\n\n{line}\nclass Mine: ...\n") == [
        ("problem", "mine", 3)
    ]


@pytest.mark.parametrize(
    "line",
    [
        '    @register_problem("mine")',
        '# @register_problem("mine")',
        "@register_problem(NAME)",
        '@register_something("mine")',
        '@my_register_problem("mine")',
        'register_problem("mine")',
    ],
)
def test_anything_else_is_passed_over(tmp_path: Path, line: str) -> None:
    assert scan(tmp_path, f"{line}\nclass Mine: ...\n") == []


def test_all_kinds_are_read_in_order(tmp_path: Path) -> None:
    kinds = ["vocabulary", "problem", "metric", "modality", "hparams"]
    source = "".join(f'@register_{kind}("a")\ndef a(): ...\n' for kind in kinds)
    assert scan(tmp_path, source) == [(kind, "a", 2 * i + 1) for i, kind in enumerate(kinds)]


def test_bytes_that_are_no_utf8_do_not_stop_a_scan(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b'# \xe9\n@register_problem("mine")\nclass A: ...\n')
    assert [one.line for one in _scan.registrations(tmp_path / "a.py", "a")] == [2]


def test_modules_are_named_after_their_folders(tmp_path: Path) -> None:
    for file in ("b.py", "a/__init__.py", "a/c.py", "a/d/e.py", "a/readme.txt", "not-a-name/f.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert [module for _, module in _scan.modules(tmp_path, "top")] == [
        "top.b",
        "top.a",
        "top.a.c",
        "top.a.d.e",
    ]


FAMILY = '''
from t2t_multimodel import features

class Base:
    inputs = features.Text(max_length=3)
    targets: object = Text()
    size = 3

@register_problem("child")
class Child(Base, Elsewhere):
    """One line.

    More.
    """

    targets = ClassLabel(2)

@register_metric("score")
def score(): ...
'''


def test_a_definition_is_described_without_an_import(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAMILY)
    child, score = _scan.registrations(tmp_path / "a.py", "a")
    assert _scan.summary(child) == "One line."
    assert _scan.class_values(child) == {"inputs": "Text", "targets": "ClassLabel"}
    assert _scan.summary(score) == ""
    assert _scan.class_values(score) == {}


def test_a_class_that_is_its_own_base_ends_the_search(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        '@register_problem("a")\nclass A(B):\n    inputs = Text()\n\nclass B(A): ...\n'
    )
    (registration,) = _scan.registrations(tmp_path / "a.py", "a")
    assert _scan.class_values(registration) == {"inputs": "Text"}


def test_the_line_of_a_definition_that_has_gone_describes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAMILY)
    child, _ = _scan.registrations(tmp_path / "a.py", "a")
    (tmp_path / "a.py").write_text("\n")
    assert _scan.definition(child) is None
    assert _scan.summary(child) == ""
