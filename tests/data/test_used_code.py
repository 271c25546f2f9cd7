"""The code behind a problem is what its class uses of the user's own modules."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel.data.used_code import used_code, without_comments

MAIN = '''
import json
import re
import helpers
from helpers import clean as cleaned
from functools import lru_cache, partial

PREFIX = "old"
PATTERN = re.compile("a+")
TABLE = {"a": helpers.upper}
UNUSED = 1


class Base:
    pass


def unused():
    return 1


@lru_cache
def cached(text):
    return text


class Inner:
    def run(self):
        return PATTERN


shout = partial(helpers.shout, mark="!")


class Task(Base):
    """A docstring."""

    size = 3

    def examples(self):
        for one in "ab":
            yield cleaned(PREFIX + one), cached(one), helpers.LIMIT, TABLE, shout(one)
            yield Inner().run(), json.dumps(one)
'''
HELPERS = '''
LIMIT = 5


def clean(text):
    return deep(text)


def deep(text):
    """Says nothing."""
    return text  # nothing


def upper(text):
    return text.upper()


def shout(text, mark):
    return text + mark


def other():
    return 0
'''


@pytest.fixture
def facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(tmp_path)

    def of(main: str = MAIN, helpers: str = HELPERS) -> dict[str, str]:
        for name, text in (("user_task", main), ("helpers", helpers)):
            (tmp_path / f"{name}.py").write_text(text)
        for name in ("user_task", "helpers"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        sys.dont_write_bytecode = True
        import linecache

        linecache.clearcache()
        module = importlib.import_module("user_task")
        return used_code([module.Task], module.Base)

    yield of
    sys.dont_write_bytecode = False
    for name in ("user_task", "helpers"):
        sys.modules.pop(name, None)


def test_functions_classes_and_constants_are_followed_from_name_to_name(facts: Any) -> None:
    assert set(facts()) == {
        *("Task", "clean", "deep", "cached", "upper", "shout", "Inner"),
        *("PREFIX", "PATTERN", "LIMIT", "shout's arguments"),
    }


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ('PREFIX = "old"', 'PREFIX = "new"', {"PREFIX"}),
        ('"a+"', '"b+"', {"PATTERN"}),
        ("size = 3", "size = 4", {"Task"}),
        ("    return text\n\n\nclass Inner", "    return text + ''\n\n\nclass Inner", {"cached"}),
        ("UNUSED = 1", "UNUSED = 2", set()),
        ("    return 1\n", "    return 2\n", set()),
        ('    """A docstring."""\n', '    """Another\n    one."""\n\n    # a comment\n', set()),
        ("for one in", "for  one in", {"Task"}),
    ],
)
def test_what_is_used_counts(facts: Any, old: str, new: str, changed: set[str]) -> None:
    before = facts()
    assert old in MAIN
    after = facts(MAIN.replace(old, new))
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == changed


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("    return text  # nothing", "    return text + ' '", {"deep"}),
        ("# nothing", "# another comment", set()),
        ('"""Says nothing."""', '"""Says more."""', set()),
        ("LIMIT = 5", "LIMIT = 6", {"LIMIT"}),
        ("text.upper()", "text.lower()", {"upper"}),
        ("text + mark", "mark + text", {"shout"}),
        ("return 0", "return 1", set()),
    ],
)
def test_helpers_in_another_file_count(facts: Any, old: str, new: str, changed: set[str]) -> None:
    before = facts()
    assert old in HELPERS
    after = facts(helpers=HELPERS.replace(old, new))
    assert {name for name in before if before[name] != after[name]} == changed


def test_libraries_are_not_followed() -> None:
    from t2t_multimodel import Problem, registry

    problem = registry.problems.get("octet_ende")
    assert all("." not in name for name in used_code([problem], Problem))


def test_comments_docstrings_and_empty_lines_are_left_out() -> None:
    source = (
        'def f(x):  # a comment\n    """Text."""\n\n    y = "# none"  \n    """Of y."""\n'
        '    return x, """kept"""\n'
    )
    assert without_comments(source) == 'def f(x):\n    y = "# none"\n    return x, """kept"""'
    assert without_comments("map(lambda x: x + 1,") == "map(lambda x: x + 1,"
