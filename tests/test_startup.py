"""What must be quick leaves the heavy libraries out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import t2t_multimodel

HEAVY = {
    "jax",
    "keras",
    "matplotlib",
    "numpy",
    "rich",
    "sacrebleu",
    "sentencepiece",
    "sklearn",
    "tensorboard",
    "tensorflow",
    "tensorflow_datasets",
    "torch",
}

ANSWERED_AT_ONCE = [
    ("mm_datagen", ["--help"], 0),
    ("mm_datagen", ["--list"], 0),
    ("mm_datagen", ["--problem=octet_ened"], 2),
    ("mm_datagen", ["--problm=octet_ende"], 2),
    ("mm_datagen", ["--workers=many"], 2),
    ("mm_datagen", [], 2),
    ("mm_trainer", ["--help"], 0),
    ("mm_trainer", ["--list_hparams"], 0),
    ("mm_trainer", ["--problems=octet_ened:2"], 2),
    ("mm_trainer", ["--hparams_set=octet_quik"], 2),
    ("mm_trainer", ["--usr_dir=nowhere"], 2),
    ("mm_eval", ["--help"], 0),
    ("mm_eval", ["--problems=octet_ened"], 2),
    ("mm_eval", ["--output_dir=nowhere"], 2),
    ("mm_decode", ["--help"], 0),
    ("mm_decode", ["--output_dir=nowhere"], 2),
    ("mm_decode", ["--beam_size=0"], 2),
    ("mm_export", ["--help"], 0),
    ("mm_export", ["--output_dir=nowhere"], 2),
    ("mm_serve", ["--help"], 0),
    ("mm_serve", ["--output_dir=nowhere"], 2),
    ("mm_problems", ["--help"], 0),
    ("mm_problems", ["list"], 0),
    ("mm_problems", ["show", "octet_ened"], 2),
    ("mm_problems", ["baselines", "octet_ened"], 2),
    ("mm_problems", ["check", "octet_ened"], 2),
    ("mm_problems", ["check"], 2),
    ("mm_average", ["--help"], 0),
    ("mm_average", [], 2),
    ("mm_average", ["--output_dir=nowhere"], 2),
    ("mm_convert", ["--help"], 0),
    ("mm_convert", [], 2),
    ("mm_convert", ["--output_dir=nowhere"], 2),
    ("mm_report", ["--help"], 0),
    ("mm_report", ["nowhere"], 2),
    ("mm_report", [], 2),
    ("mm_paper", ["--help"], 0),
    ("mm_paper", [], 2),
    ("mm_paper", ["tabel2"], 2),
    ("mm_paper", ["table2", "--scale=cpus"], 2),
    ("mm_paper", ["run", "nowhere.py"], 2),
    ("mm_add_task", ["--help"], 0),
    ("mm_add_task", [], 2),
    ("mm_add_task", ["--from=nowhere", "--problems=octet_parse"], 2),
    ("mm_add_task", ["--from=runs", "--problems=octet_parse", "--body=solid"], 2),
    ("mm_remove_task", ["--help"], 0),
    ("mm_remove_task", [], 2),
    ("mm_remove_task", ["--from=nowhere", "--problems=octet_parse"], 2),
]


@pytest.mark.parametrize(("module", "arguments", "code"), ANSWERED_AT_ONCE)
def test_commands_list_help_and_refuse_without_heavy_imports(
    run_command: Callable, module: str, arguments: list[str], code: int
) -> None:
    done = run_command(module, *arguments)
    assert done.code == code, done.err
    assert HEAVY & done.modules == set()
    assert "Traceback" not in done.err
    assert bool(done.out) == (code == 0)
    assert bool(done.err) == (code == 2)


@pytest.mark.parametrize(
    "setting", ["model.hiden_size=256", "model.hidden_size=many", "modl.hidden_size=1"]
)
def test_a_wrong_setting_is_refused_without_tensorflow(run_command: Callable, setting: str) -> None:
    done = run_command("mm_trainer", f"--hparams={setting}")
    assert done.code == 2
    assert setting.partition("=")[0] in done.err
    assert {"tensorflow", "keras"} & done.modules == set()


def test_the_arms_of_the_tables_are_listed_without_tensorflow(run_command: Callable) -> None:
    done = run_command("mm_paper", "list")
    assert (done.code, done.err) == (0, "")
    assert {"tensorflow", "keras", "jax"} & done.modules == set()


def test_the_package_alone_imports_nothing_heavy(run_python: Callable) -> None:
    done = run_python("import t2t_multimodel")
    assert done.code == 0
    assert HEAVY & done.modules == set()


def test_a_problem_can_be_defined_without_tensorflow(run_python: Callable) -> None:
    done = run_python(
        "from t2t_multimodel import Audio, ClassLabel, Image, Problem, Text, register_problem\n"
        "@register_problem('mine')\n"
        "class Mine(Problem):\n"
        "    inputs = Text()\n"
        "    targets = ClassLabel(2)\n"
        "print(Mine.name, Mine.targets.n)"
    )
    assert done.out == "mine 2\n", done.err
    assert {"tensorflow", "keras", "jax"} & done.modules == set()


@pytest.mark.parametrize("name", t2t_multimodel.__all__)
def test_every_public_name_loads(name: str) -> None:
    loaded = getattr(t2t_multimodel, name)  # a union of sections has no name of its own
    assert getattr(loaded, "__name__", name) in (name, "register")
    assert name in dir(t2t_multimodel)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="^module 't2t_multimodel' has no attribute 'Txt'$"):
        t2t_multimodel.Txt  # noqa: B018


def test_type_checkers_see_the_names_that_load() -> None:
    import ast
    import inspect

    tree = ast.parse(inspect.getsource(t2t_multimodel))
    shown = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.If)
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert shown == set(t2t_multimodel.__all__)
