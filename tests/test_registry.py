"""Names are known without imports and lead to their objects."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT

from t2t_multimodel import UserError, registry, usr_dir

MY_DIGITS = '''
from t2t_multimodel import register_problem

@register_problem("my_digits")
class MyDigits:
    """Spoken digits.

    From wav files.
    """
'''


@pytest.fixture
def user(tmp_path: Path) -> SimpleNamespace:
    """A user's folder: `user.writes(file, source)` puts a file there and adds the folder."""

    def writes(file: str, source: str) -> Path:
        path = tmp_path / "mine" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        usr_dir.add(path.parent)
        return path

    return SimpleNamespace(writes=writes)


def test_a_name_is_known_before_its_module_is_imported(user: SimpleNamespace) -> None:
    path = user.writes("digits.py", "raise RuntimeError('imported')\n" + MY_DIGITS)
    assert "my_digits" in registry.problems.names()
    assert registry.problems.where("my_digits") == f"{path}:5"
    assert registry.problems.summary("my_digits") == "Spoken digits."


def test_get_imports_the_module_and_the_decorator_names_the_class(user: SimpleNamespace) -> None:
    user.writes("digits.py", MY_DIGITS)
    found = registry.problems.get("my_digits")
    assert (found.__name__, found.name) == ("MyDigits", "my_digits")
    assert registry.problems.get("my_digits") is found


def test_a_module_of_the_user_that_cannot_be_imported_is_told_with_its_line(
    user: SimpleNamespace,
) -> None:
    path = user.writes("digits.py", "raise RuntimeError('no wav files here')\n" + MY_DIGITS)
    with pytest.raises(UserError) as caught:
        registry.problems.get("my_digits")
    assert str(caught.value) == (
        "Problem 'my_digits': its code can not be imported: RuntimeError: no wav files here\n"
        f"  {path}:1: raise RuntimeError('no wav files here')\n"
        "Mend digits.py, then run the same command."
    )
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_an_unknown_problem_is_answered_with_the_next_command(user: SimpleNamespace) -> None:
    user.writes("digits.py", MY_DIGITS)
    count = len(registry.problems.names())
    expected = (
        "No problem is named 'my_digit'. Did you mean 'my_digits'?\n"
        f"mm-datagen --list shows all {count}."
    )
    for ask in (registry.problems.get, registry.problems.where, registry.problems.summary):
        with pytest.raises(UserError) as caught:
            ask("my_digit")
        assert str(caught.value) == expected


def test_an_unknown_hparams_set_is_answered_with_its_own_command() -> None:
    with pytest.raises(UserError) as caught:
        registry.hparams.check(["no_such_set"])
    assert str(caught.value).startswith("No hparams set is named 'no_such_set'.")
    assert caught.value.fix.startswith("mm-trainer --list_hparams shows all ")


def test_a_name_registered_in_two_files_names_both_places(user: SimpleNamespace) -> None:
    first = user.writes("a.py", MY_DIGITS)
    second = user.writes("b.py", MY_DIGITS)
    with pytest.raises(UserError) as caught:
        registry.problems.names()
    assert str(caught.value) == (
        "The problem 'my_digits' is registered twice:\n"
        f"  first  {first}:4\n"
        f"  second {second}:4\n"
        "Rename one of them."
    )


def test_a_name_registered_twice_in_one_file_names_both_lines(user: SimpleNamespace) -> None:
    path = user.writes("a.py", MY_DIGITS + MY_DIGITS)
    with pytest.raises(UserError) as caught:
        registry.problems.names()
    assert f"first  {path}:4\n  second {path}:13\n" in str(caught.value)


def test_a_running_program_cannot_take_a_name_either(user: SimpleNamespace) -> None:
    path = user.writes("digits.py", MY_DIGITS)
    with pytest.raises(UserError) as caught:
        registry.register_problem("my_digits")
    assert str(caught.value).startswith(
        f"The problem 'my_digits' is registered twice:\n  first  {path}:4\n  second {__file__}:"
    )


def test_a_folder_added_later_cannot_take_the_name_of_a_running_program(
    user: SimpleNamespace,
) -> None:
    exec(compile(MY_DIGITS, "<cell 1>", "exec"), {"__name__": "__main__"})
    path = user.writes("digits.py", MY_DIGITS)
    with pytest.raises(UserError) as caught:
        registry.problems.get("my_digits")
    assert f"registered twice:\n  first  <cell 1>:4\n  second {path}:4\n" in str(caught.value)


def test_a_reloaded_module_replaces_its_objects(user: SimpleNamespace) -> None:
    path = user.writes("digits.py", MY_DIGITS)
    old = registry.problems.get("my_digits")
    path.write_text("\n\n# moved down\n" + MY_DIGITS)
    importlib.reload(sys.modules[old.__module__])
    assert registry.problems.get("my_digits") is not old


def test_a_notebook_cell_may_run_again() -> None:
    for cell in ("<cell 1>", "<cell 2>"):
        code = compile(MY_DIGITS, cell, "exec")
        exec(code, namespace := {"__name__": "__main__"})
        assert registry.problems.get("my_digits") is namespace["MyDigits"]
    assert registry.problems.where("my_digits") == "<cell 2>:4"
    assert registry.problems.summary("my_digits") == "Spoken digits."
    assert "my_digits" in registry.problems.names()


@pytest.mark.parametrize("name", ["", "My_digits", "a,b", "a:b", "1st", "a b", None])
def test_a_name_must_be_fit_for_flags_and_file_names(name: str | None) -> None:
    with pytest.raises(UserError) as caught:
        registry.register_problem(name)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"@register_problem({name!r}): not a name.\n"
        'Write @register_problem("my_name"): lower-case letters, digits and underscores.'
    )


def test_a_decorator_without_a_name_explains_itself() -> None:
    with pytest.raises(UserError, match=r'Write @register_metric\("my_name"\)'):

        @registry.register_metric  # type: ignore[arg-type]
        def accuracy() -> float:
            return 1.0


def test_an_example_at_the_left_edge_of_a_docstring_is_told_from_a_registration(
    user: SimpleNamespace,
) -> None:
    path = user.writes("digits.py", f'"""Example:\n{MY_DIGITS.replace(chr(34) * 3, "")}"""\n')
    with pytest.raises(UserError) as caught:
        registry.problems.get("my_digits")
    assert caught.value.message.startswith(
        f"{path}:5 reads like a registration of the problem 'my_digits', but importing mm_usr_mine_"
    )
    assert caught.value.fix == "Indent the line if it is an example in a docstring."


def test_kinds_do_not_mix(user: SimpleNamespace) -> None:
    user.writes("digits.py", MY_DIGITS + MY_DIGITS.replace("problem", "vocabulary"))
    assert registry.problems.get("my_digits") is not registry.vocabularies.get("my_digits")
    assert "my_digits" not in registry.metrics
    assert "my_digits" not in registry.hparams


def test_only_problems_and_vocabularies_get_a_name_attribute() -> None:
    @registry.register_modality("my_modality")
    class Net:
        name = "its own"

    assert Net.name == "its own"


def _registrations(tree: ast.Module) -> list[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {f"register_{kind}" for kind in _KINDS}
    return [call for call in calls if ast.unparse(call.func).rsplit(".", 1)[-1] in names]


_KINDS: dict[str, registry.Registry] = {
    kind.kind: kind
    for kind in (
        registry.problems,
        registry.hparams,
        registry.modalities,
        registry.vocabularies,
        registry.metrics,
    )
}
_SOURCES = [
    path
    for folder in ("t2t_multimodel", "problems", "hparams", "bin")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


@pytest.mark.parametrize("path", _SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_built_in_names_are_literals_that_the_scan_finds(path: Path) -> None:
    for call in _registrations(ast.parse(path.read_text())):
        name = call.args[0] if call.args else None
        where = f"{path}:{call.lineno}"
        assert isinstance(name, ast.Constant) and isinstance(name.value, str), where
        kind = ast.unparse(call.func).rsplit("register_", 1)[-1]
        assert _KINDS[kind].where(name.value) == where


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in _KINDS for name in _KINDS[kind].names()]
)
def test_every_built_in_name_leads_to_an_object_with_a_summary(kind: str, name: str) -> None:
    assert _KINDS[kind].get(name) is not None
    assert _KINDS[kind].summary(name).endswith((".", ":"))


def test_listing_imports_no_problem(run_python: Callable) -> None:
    done = run_python(
        "from t2t_multimodel.registry import problems, hparams\n"
        "problems.names(), hparams.names()\n"
        "[problems.summary(name) for name in problems.names()]"
    )
    assert done.code == 0, done.err
    started = ("t2t_multimodel.problems.", "t2t_multimodel.hparams", "numpy")
    assert [name for name in done.modules if name.startswith(started)] == []
