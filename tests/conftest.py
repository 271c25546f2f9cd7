"""What all tests share."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from t2t_multimodel import registry, usr_dir

if TYPE_CHECKING:
    from helpers.finished_run import Run

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_STATE = tempfile.mkdtemp(prefix="state-of-tests-")
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)
os.environ["XDG_STATE_HOME"] = _STATE  # where agreed code is noted, see `trusted_code`

ROOT = Path(__file__).resolve().parent.parent

_REGISTRIES = (
    registry.problems,
    registry.hparams,
    registry.modalities,
    registry.vocabularies,
    registry.metrics,
)


_LONG = (
    "docs/test_pages_run.py",
    "decode/test_decoder.py",
    "engines/test_jax_hosts.py",
    "engines/test_jax_mesh.py",
    "engines/test_tensorflow_workers.py",
    "paper/test_smoke.py",
    "config/test_no_inert_setting.py",
    "storage/test_s3_journey.py",
)
"""Files of which each takes a minute of processor time or several, the longest first."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --no-skips, for machines on which everything that the tests need must be there."""
    parser.addoption("--no-skips", action="store_true", help="a test that is skipped fails")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under --no-skips a skipped test fails with the reason of the skip."""
    report = yield
    return _not_skipped(report, item.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Under --no-skips a file that is skipped as a whole fails with the reason of the skip."""
    report = yield
    return _not_skipped(report, collector.config)


def _not_skipped(report: Any, config: pytest.Config) -> Any:
    if report.skipped and config.getoption("--no-skips"):
        *_, reason = report.longrepr if isinstance(report.longrepr, tuple) else (report.longrepr,)
        report.outcome, report.longrepr = "failed", f"{report.nodeid}: {reason}"
    return report


def pytest_collectreport() -> None:
    """Forgets what the import of a test file registered: its tests add it for themselves."""
    _forget([{}] * len(_REGISTRIES), {})


def pytest_configure(config: pytest.Config) -> None:
    """Has xdist deal out files as they were collected.

    By itself it begins with the files of the most tests, so that a file with one test that takes
    minutes comes last, and one worker is alone with it at the end.
    """
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False
    gone = [file for file in _LONG if not (ROOT / "tests" / file).is_file()]
    if gone:
        raise pytest.UsageError(f"_LONG of tests/conftest.py names {', '.join(gone)}: not there.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the files that take long first."""
    places = {ROOT / "tests" / file: place for place, file in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(item.path, len(_LONG)))


def pytest_collection_finish() -> None:
    """Has Python look for circles less often: tracing a graph makes objects by the million.

    With its own thresholds a seventh of the processor time of `tests/decode/test_brackets.py` goes
    there. `gc.freeze` would spare a little more, but it hides objects from `gc.get_referrers`, by
    which Hypothesis decides whether a random generator is still in use.
    """
    gc.set_threshold(50_000, 20, 50)


@contextlib.contextmanager
def _forgetting() -> Iterator[None]:
    """Forgets what was registered inside and which user folders were added; built-in names stay."""
    before = [dict(kind._run_time) for kind in _REGISTRIES]
    added = dict(usr_dir._added)
    yield
    _forget(before, added)


@pytest.fixture(autouse=True)
def names_of_one_test() -> Iterator[None]:
    """Forgets what a test registered."""
    with _forgetting():
        yield


@pytest.fixture(autouse=True, scope="module")
def names_of_one_file() -> Iterator[None]:
    """Forgets what the fixtures of a whole file registered."""
    with _forgetting():
        yield


@pytest.fixture(autouse=True, scope="module")
def memory_of_one_file() -> Iterator[None]:
    """Frees the models of a test file at its end.

    Models and traced functions refer to each other in circles. Python looks for circles ever more
    seldom as a process grows, so that a process which runs many test files keeps many models.
    """
    yield
    _forget_custom_gradients()
    gc.collect()


def _forget_custom_gradients() -> None:
    """Lets go of the graphs in which a `tf.custom_gradient` was traced.

    TensorFlow registers the gradient of each under a name of its own and never forgets it, and the
    gradient holds its graph. It is looked up while a graph is differentiated, and not later.
    """
    ops = sys.modules.get("tensorflow.python.framework.ops")
    if ops is not None:
        registered = ops.gradient_registry._registry
        for name in [name for name in registered if name.startswith("CustomGradient-")]:
            del registered[name]


def _forget(before: list[dict[str, Any]], added: dict[str, Any]) -> None:
    """Of all names but the built-in ones and those of `before`, and of folders but `added`."""
    for kind, kept in zip(_REGISTRIES, before, strict=True):
        for name, place in list(kind._run_time.items()):
            if name not in kept and not place.module.startswith("t2t_multimodel."):
                del kind._run_time[name], kind._objects[name]
    usr_dir._added.clear()
    usr_dir._added.update(added)


@dataclass(frozen=True)
class Outcome:
    """What a command in a process of its own did."""

    code: int
    out: str
    err: str
    modules: frozenset[str]
    """Every module that was imported by the end."""


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., Outcome]:
    """Runs Python source in a fresh interpreter, in an empty folder, on this checkout."""

    def run(source: str, *, path: Path = ROOT) -> Outcome:
        imported = tmp_path / "modules.txt"
        tail = (
            "\nfinally:\n    import sys\n"
            f"    open({str(imported)!r}, 'w').write('\\n'.join(sys.modules))\n"
        )
        body = "".join(f"    {line}\n" for line in source.splitlines())
        empty = tmp_path / "elsewhere"
        empty.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-c", f"try:\n{body}{tail}"],
            capture_output=True,
            text=True,
            cwd=empty,
            env={**os.environ, "PYTHONPATH": str(path), "COLUMNS": "100"},
        )
        modules = frozenset(imported.read_text().split())
        return Outcome(done.returncode, done.stdout, done.stderr, modules)

    return run


@pytest.fixture
def run_command(run_python: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """Runs a command, such as `run_command("mm_datagen", "--list")`, as a user would."""

    def run(module: str, *arguments: str) -> Outcome:
        return run_python(
            f"import sys\nfrom t2t_multimodel.bin import {module}\n"
            f"sys.exit({module}.main({list(arguments)!r}))"
        )

    return run


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One short run that many tests look at, trained when the first of them asks for it.

    What the training registered is forgotten, so that the first test sees what all others see:
    names that a module registers when it is imported anew.
    """
    from helpers.finished_run import finished_run, forget_small_tasks  # late: TensorFlow

    with _forgetting():
        made = finished_run(tmp_path_factory)
    forget_small_tasks()
    return made
