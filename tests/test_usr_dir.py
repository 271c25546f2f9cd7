"""Problems from a user's folder or file and from plug-in packages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from t2t_multimodel import UserError, usr_dir
from t2t_multimodel.registry import problems

PROBLEM = '''from t2t_multimodel import register_problem

@register_problem("{name}")
class Mine:
    """A problem of mine."""
'''


def write(path: Path, name: str, before: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(before + PROBLEM.format(name=name))
    return path


@pytest.mark.parametrize("nothing", [None, "", " , "])
def test_no_path_adds_nothing(nothing: str | None) -> None:
    usr_dir.add(nothing)
    assert usr_dir.added() == ()


def test_a_folder_is_searched_with_its_sub_folders(tmp_path: Path) -> None:
    write(tmp_path / "a.py", "mine_a")
    write(tmp_path / "speech" / "b.py", "mine_b")
    usr_dir.add(tmp_path)
    assert {"mine_a", "mine_b"} <= set(problems.names())
    assert problems.get("mine_b").__module__.endswith(".speech.b")


def test_caches_hidden_folders_and_environments_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a.py", "mine_a")
    for unwanted in (".git", "__pycache__", "venv"):
        write(tmp_path / unwanted / "b.py", "mine_a")
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    usr_dir.add(tmp_path)
    assert problems.where("mine_a") == f"{tmp_path}/a.py:3"


def test_one_file_will_do(tmp_path: Path) -> None:
    write(tmp_path / "b.py", "mine_b")
    usr_dir.add(write(tmp_path / "a-1.py", "mine_a"))
    assert "mine_b" not in problems
    assert problems.get("mine_a").__module__.startswith("mm_usr_a_1_")


def test_commas_part_several_paths(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.py", "mine_a"), write(tmp_path / "b.py", "mine_b")
    usr_dir.add(f"{first}, {second}")
    assert usr_dir.added() == (str(first), str(second))
    assert {"mine_a", "mine_b"} <= set(problems.names())


def test_the_same_folder_by_two_names_is_one(tmp_path: Path) -> None:
    write(tmp_path / "mine" / "a.py", "mine_a")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    usr_dir.add(tmp_path / "mine")
    usr_dir.add(tmp_path / "link")
    assert usr_dir.added() == (str(tmp_path / "mine"),)
    assert problems.get("mine_a").name == "mine_a"


def test_two_folders_of_one_name_live_side_by_side(tmp_path: Path) -> None:
    for side in "ab":
        write(tmp_path / side / "mine" / "task.py", f"mine_{side}")
        usr_dir.add(tmp_path / side / "mine")
    modules = {problems.get(f"mine_{side}").__module__ for side in "ab"}
    assert len(modules) == 2


def test_modules_of_a_folder_import_each_other_and_sys_path_stays(tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text("RATE = 8000\n")
    (tmp_path / "__init__.py").write_text("STARTED = True\n")
    source = "from . import STARTED\nfrom .shared import RATE\n"
    write(tmp_path / "a.py", "mine_a", before=source)
    path = list(sys.path)
    usr_dir.add(tmp_path)
    module = sys.modules[problems.get("mine_a").__module__]
    assert (module.RATE, module.STARTED) == (8000, True)
    assert sys.path == path


def test_without_an_init_file_they_import_each_other_too(tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text("RATE = 8000\n")
    write(tmp_path / "a.py", "mine_a", before="from .shared import RATE\n")
    usr_dir.add(tmp_path)
    assert sys.modules[problems.get("mine_a").__module__].RATE == 8000


def test_a_path_that_does_not_exist_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        usr_dir.add("mine")
    assert str(caught.value) == (
        f"--usr_dir=mine does not exist (looked in {tmp_path}).\n"
        "Give a folder with your own problems, or one .py file."
    )


def test_a_folder_that_registers_nothing_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('"""Example:\n\n    @register_problem("mine_a")\n"""\n')
    with pytest.raises(UserError) as caught:
        usr_dir.add(tmp_path)
    assert str(caught.value) == (
        f"--usr_dir={tmp_path} registers nothing: no line of its .py files begins with "
        '@register_problem("..."), @register_hparams, @register_modality, @register_vocabulary '
        "or @register_metric.\n"
        "Put the decorator, with the name as a literal, on a class at the top level of a file."
    )
    assert usr_dir.added() == ()


def test_a_worker_process_knows_the_same_names(tmp_path: Path) -> None:
    write(tmp_path / "a.py", "mine_a")
    usr_dir.add(tmp_path)
    worker = (
        "import sys; from t2t_multimodel import usr_dir; from t2t_multimodel.registry import "
        "problems; usr_dir.add(sys.argv[1]); print(problems.get('mine_a').__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", worker, *usr_dir.added()],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    assert done.stdout.strip() == problems.get("mine_a").__module__


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package `plugged` that declares `plugged.tasks`."""
    info = tmp_path / "plugged-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[t2t_multimodel.problems]\nmine = plugged.tasks\n")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "plugged").mkdir()
    (tmp_path / "plugged" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    _forget()
    yield tmp_path / "plugged"
    _forget()


def _forget() -> None:
    from t2t_multimodel import registry

    usr_dir._entry_point_files.cache_clear()
    registry._scanned.cache_clear()


@pytest.mark.parametrize("file", ["tasks.py", "tasks/__init__.py", "tasks/deep/er.py"])
def test_a_plug_in_is_found_without_importing_even_its_parent(plug_in: Path, file: str) -> None:
    path = write(plug_in / file, "plugged_task")
    assert problems.where("plugged_task") == f"{path}:3"
    with pytest.raises(UserError, match="RuntimeError: imported\n"):
        problems.get("plugged_task")


def test_a_plug_in_is_imported_under_its_own_name(plug_in: Path) -> None:
    (plug_in / "__init__.py").write_text("")
    write(plug_in / "tasks.py", "plugged_task")
    assert problems.get("plugged_task").__module__ == "plugged.tasks"
    for module in ("plugged", "plugged.tasks"):
        del sys.modules[module]


def test_a_plug_in_whose_module_is_missing_is_named(plug_in: Path) -> None:
    with pytest.raises(UserError) as caught:
        problems.names()
    assert str(caught.value) == (
        "plugged declares 'mine = plugged.tasks' for t2t_multimodel.problems, "
        "but there is no module plugged.tasks.\n"
        "Install plugged again, or uninstall it."
    )


def test_a_module_beside_the_file_is_imported_by_its_name(tmp_path: Path) -> None:
    for side in "ab":
        folder = tmp_path / side / "mine"
        write(folder / "task.py", f"mine_{side}", before="from helper import RATE\n")
        (folder / "helper.py").write_text(f"RATE = '{side}'\n")
        usr_dir.add(folder)
    for side in "ab":
        assert sys.modules[problems.get(f"mine_{side}").__module__].RATE == side
    assert "helper" not in sys.modules


def test_beside_a_single_file_too(tmp_path: Path) -> None:
    before = "import helper\nimport parts.deep\nimport json as random, parts.deep as deep\n"
    usr_dir.add(write(tmp_path / "a.py", "mine_a", before=before))
    (tmp_path / "helper.py").write_text("from other import RATE\n")
    (tmp_path / "other.py").write_text("RATE = 8000\n")
    (tmp_path / "json.py").write_text("raise ImportError('the standard one is meant')\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/__init__.py").touch()
    (tmp_path / "parts/deep.py").write_text("DEPTH = 2\n")
    module = sys.modules[problems.get("mine_a").__module__]
    assert module.helper.RATE == 8000
    assert module.parts.deep.DEPTH == module.deep.DEPTH == 2
    assert module.random.dumps([1]) == "[1]"
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize(
    ("line", "message", "fix"),
    [
        ("import librosa_x", "imports 'librosa_x', which is not installed and does not lie beside "
         "it.", "pip install librosa_x"),
        ("from yaml_x.deep import y", "imports 'yaml_x', which is not installed and does not lie "
         "beside it.", "pip install yaml_x"),
        ("import helpr", "imports 'helpr', which is not installed and does not lie beside it. Did "
         "you mean 'helper'?", "pip install helpr"),
        ("from .helpr import y", "imports 'helpr', which is not there. Did you mean 'helper'?", ""),
    ],
)  # fmt: skip
def test_a_missing_module_is_told_with_the_line_that_imports_it(
    line: str, message: str, fix: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "mine" / "a.py", "mine_a", before=f"\n{line}\n")
    (tmp_path / "mine" / "helper.py").touch()
    usr_dir.add(tmp_path / "mine")
    with pytest.raises(UserError) as caught:
        problems.get("mine_a")
    assert (caught.value.message, caught.value.fix) == (f"{path}:2 {message}", fix)


def test_a_module_that_pip_knows_by_another_name_is_named_so(tmp_path: Path) -> None:
    from t2t_multimodel.own_modules import not_installed

    error = ModuleNotFoundError("No module named 'cv2'", name="cv2")
    try:
        raise error
    except ModuleNotFoundError:
        told = not_installed(error)
    assert told is not None
    assert told.fix == "pip install opencv-python-headless"
