"""What gets installed is what lies on disk."""

from __future__ import annotations

import ast
import configparser
import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

from t2t_multimodel import __version__
from t2t_multimodel.registry import problems

FOLDERS = {
    "t2t_multimodel": "t2t_multimodel",
    "t2t_multimodel.problems": "problems",
    "t2t_multimodel.hparams": "hparams",
    "t2t_multimodel.bin": "bin",
}

# Import name to the name under which it is installed, where the two differ.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "absl": "absl-py",
    "apache_beam": "apache-beam",
    "gin": "gin-config",
    "google.protobuf": "protobuf",
    "google_crc32c": "google-crc32c",
    "orbax": "orbax-checkpoint",
    "sklearn": "scikit-learn",
    "tensorflow_datasets": "tensorflow-datasets",
}


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def pairs(section: dict[str, str] | configparser.SectionProxy) -> dict[str, list[str]]:
    return {key: re.split(r"[,\s]+", value.strip()) for key, value in section.items()}


def test_every_package_on_disk_is_installed(setup: configparser.ConfigParser) -> None:
    on_disk = sorted(
        ".".join((name, *init.parent.relative_to(ROOT / folder).parts))
        for name, folder in FOLDERS.items()
        for init in (ROOT / folder).rglob("__init__.py")
    )
    assert sorted(lines(setup["options"]["packages"])) == on_disk


def test_every_folder_with_sources_is_a_package() -> None:
    for folder in FOLDERS.values():
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), path


def test_the_four_folders_are_mapped(setup: configparser.ConfigParser) -> None:
    mapped = dict(line.split(" = ") for line in lines(setup["options"]["package_dir"]))
    assert mapped == FOLDERS


def test_every_data_file_is_installed(setup: configparser.ConfigParser) -> None:
    covered: set[Path] = set()
    for package, patterns in pairs(setup["options.package_data"]).items():
        base = max((name for name in FOLDERS if f"{package}.".startswith(f"{name}.")), key=len)
        folder = Path(ROOT, FOLDERS[base], *package.removeprefix(base).split(".")[1:])
        for pattern in patterns:
            matched = {path for path in folder.glob(pattern) if path.is_file()}
            assert matched, f"{package}: {pattern} matches nothing"
            covered |= matched
    on_disk = {
        path
        for folder in FOLDERS.values()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert covered == on_disk


def test_every_import_is_declared(setup: configparser.ConfigParser) -> None:
    extras = " ".join(setup["options.extras_require"].values())
    required = lines(setup["options"]["install_requires"]) + extras.split()
    declared = {re.split(r"[\[<>=!~;]", item)[0] for item in required}
    for folder in FOLDERS.values():
        for path in (ROOT / folder).rglob("*.py"):
            for module in third_party(path):
                dotted = ".".join(module.split(".")[:2])
                root = module.split(".")[0]
                name = DISTRIBUTIONS.get(dotted) or DISTRIBUTIONS.get(root) or root
                assert name in declared, f"{path} imports {module}"


def third_party(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {*sys.stdlib_module_names, "t2t_multimodel"}
    return {name for name in found if name.split(".")[0] not in ours}


def test_the_pythons_of_the_metadata_are_those_that_are_tested(
    setup: configparser.ConfigParser,
) -> None:
    stated = re.findall(r"Python :: (3\.\d+)$", setup["metadata"]["classifiers"], re.MULTILINE)
    assert setup["options"]["python_requires"] == f">={stated[0]}"
    script = (ROOT / ".ci/run").read_text()
    assert re.findall(r"^oldest=(\S+) newest=(\S+)", script, re.MULTILINE) == [
        (stated[0], stated[-1])
    ]
    assert f"Python {stated[0]} to {stated[-1]}" in (ROOT / "README.md").read_text()


def test_every_version_has_a_lower_bound(setup: configparser.ConfigParser) -> None:
    extras = setup["options.extras_require"]
    required = [setup["options"]["install_requires"], *extras.values()]
    for line in (line for text in required for line in lines(text)):
        assert re.search(r">=\d", line) or line == "tensorflow[and-cuda]", line


def test_the_tests_have_the_optional_packages_in_the_versions_of_the_extras(
    setup: configparser.ConfigParser,
) -> None:
    extras = setup["options.extras_require"]
    for name in ("jax", "media", "serve"):
        assert set(lines(extras[name])) <= set(lines(extras["dev"])), name


def test_every_command_has_an_entry_point(setup: configparser.ConfigParser) -> None:
    scripts = dict(
        line.split(" = ") for line in lines(setup["options.entry_points"]["console_scripts"])
    )
    modules = sorted(path.stem for path in (ROOT / "bin").glob("mm_*.py"))
    assert sorted(scripts) == [name.replace("_", "-") for name in modules]
    for name, target in scripts.items():
        module, function = target.split(":")
        assert module == f"t2t_multimodel.bin.{name.replace('-', '_')}"
        assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("name", ["problems", "hparams", "bin"])
def test_a_second_copy_under_a_bare_name_is_refused(run_python: Callable, name: str) -> None:
    done = run_python(f"import {name}")
    assert done.code == 1
    assert f"ImportError: import t2t_multimodel.{name}, not {name}: " in done.err
    assert run_python(f"import t2t_multimodel.{name}").code == 0


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed from a copy of the sources."""
    copy, target = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("installed")
    for folder in FOLDERS.values():
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, copy)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*command, "--no-build-isolation", "--no-compile", "--target", target, copy], check=True
    )
    return target


def test_nothing_but_the_package_is_installed_at_the_top(installed: Path) -> None:
    names = sorted(path.name for path in installed.iterdir())
    assert names == ["bin", "t2t_multimodel", f"t2t_multimodel-{__version__}.dist-info"]
    scripts = sorted(path.name for path in (installed / "bin").iterdir())
    commands = [path.stem.replace("_", "-") for path in (ROOT / "bin").glob("mm_*.py")]
    assert scripts == sorted(commands)


def test_an_installed_copy_has_every_source_and_data_file(installed: Path) -> None:
    for name, folder in FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                copied = Path(installed, *name.split("."), path.relative_to(ROOT / folder))
                assert copied.is_file(), copied
                assert copied.stat().st_size == path.stat().st_size, copied


def test_an_installed_copy_lists_the_same_problems(installed: Path, run_python: Callable) -> None:
    done = run_python(
        "import t2t_multimodel\nprint(t2t_multimodel.__file__)\n"
        "from t2t_multimodel.bin import mm_datagen\nmm_datagen.main(['--list'])",
        path=installed,
    )
    assert done.code == 0, done.err
    where, *listed = done.out.splitlines()
    assert Path(where).parent == installed / "t2t_multimodel"
    assert [line.split()[0] for line in listed] == problems.names()


def test_an_installed_copy_reads_its_data(installed: Path, run_python: Callable) -> None:
    done = run_python(
        "from t2t_multimodel.registry import problems\n"
        "example = next(problems.get('octet_image')().examples('dev', None))\n"
        "print(example['inputs'].shape)",
        path=installed,
    )
    assert done.out == "(28, 28, 1)\n", done.err
