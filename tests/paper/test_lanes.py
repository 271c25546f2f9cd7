"""Work in processes side by side."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.paper import lanes
from t2t_multimodel.paper.lanes import Work, default_lanes, done_in_lanes
from t2t_multimodel.train.stopping import stop_requests


def print_cores(name: str) -> bool:
    """Tells where it runs."""
    print(f"{name} has {sorted(os.sched_getaffinity(0))}")
    return True


def meet(folder: str) -> bool:
    """Ends once another process is in the same folder, so only if both run at once."""
    place = Path(folder)
    (place / str(os.getpid())).touch()
    while len(list(place.iterdir())) < 2:
        time.sleep(0.01)
    return True


def wait_for_a_signal(folder: str) -> bool:
    """Works until it is asked to stop, and leaves a file then."""
    with stop_requests() as stop:
        Path(folder, "begun").touch()
        while not stop:
            time.sleep(0.01)
    Path(folder, "saved").touch()
    return False


def refuse(folder: str) -> bool:
    """Fails as bad data make a run fail, once its neighbour runs."""
    while not Path(folder, "begun").exists():
        time.sleep(0.01)
    raise UserError("The data are damaged.", "Make them again.")


BY_NAME = {"waits": wait_for_a_signal, "refuses": refuse}


def by_name(task: tuple[str, str]) -> bool:
    """Does the one or the other."""
    name, folder = task
    return BY_NAME[name](folder)


def die(folder: str) -> bool:
    """Is killed, as by a system without memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    return True


def ask_the_parent_to_stop(folder: str) -> bool:
    """Works until it is asked to stop, which it brings about."""
    os.kill(os.getppid(), signal.SIGTERM)
    return wait_for_a_signal(folder)


def work(folder: Path, *names: str) -> list[Work[str]]:
    """Pieces of work on a folder, each with a log there."""
    return [Work(str(folder), name, folder / f"{name}.log") for name in names]


def ignore(one: Work[str], beside: list[str]) -> None:
    """Nobody wants to know what begins."""


def test_processes_run_at_once_as_often_as_there_are_lanes(tmp_path: Path) -> None:
    folder = tmp_path / "met"
    folder.mkdir()
    pieces = [Work(str(folder), name, tmp_path / f"{name}.log") for name in ("one", "other")]
    done = [one.name for one in done_in_lanes(meet, pieces, 2, ignore)]
    assert sorted(done) == ["one", "other"]


def test_each_of_two_lanes_has_half_of_the_cores_and_a_log(tmp_path: Path) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("this test needs two cores")
    pieces = [Work(name, name, tmp_path / f"{name}.log") for name in ("one", "other")]
    begun: list[tuple[str, int]] = []
    list(
        done_in_lanes(
            print_cores, pieces, 2, lambda one, beside: begun.append((one.name, len(beside)))
        )
    )
    assert begun == [("one", 0), ("other", 1)]
    assert (tmp_path / "one.log").read_text() == f"one has {cores[::2]}\n"
    assert (tmp_path / "other.log").read_text() == f"other has {cores[1::2]}\n"


@pytest.mark.parametrize("lanes", [1, 2])
def test_one_run_alone_has_all_cores_and_prints_on_the_terminal(
    lanes: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    list(done_in_lanes(print_cores, [Work("one", "one", tmp_path / "one.log")], lanes, ignore))
    assert capfd.readouterr().out == f"one has {sorted(os.sched_getaffinity(0))}\n"
    assert not (tmp_path / "one.log").exists()


def test_what_one_refuses_is_raised_and_the_others_save_first(tmp_path: Path) -> None:
    pieces = [Work((n, str(tmp_path)), n, tmp_path / f"{n}.log") for n in BY_NAME]
    with pytest.raises(UserError) as caught:
        list(done_in_lanes(by_name, pieces, 2, ignore))
    assert (caught.value.message, caught.value.fix) == ("The data are damaged.", "Make them again.")
    assert (tmp_path / "saved").exists()


def test_a_log_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    pieces = [Work("x", name, tmp_path / "file" / f"{name}.log") for name in ("one", "other")]
    with pytest.raises(UserError, match="file/(one|other).log"):
        list(done_in_lanes(print_cores, pieces, 2, ignore))


def test_a_process_that_is_killed_is_told_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        list(done_in_lanes(die, work(tmp_path, "one", "one"), 2, ignore))
    assert str(caught.value) == (
        f"The process of one ended by SIGKILL.\nIts output is in {tmp_path}/one.log. "
        "The same command goes on; if memory ran out, give it --jobs=1."
    )


def test_a_signal_is_passed_on_and_nothing_more_begins(tmp_path: Path) -> None:
    pieces = work(tmp_path, "one", "never")
    begun: list[str] = []
    done = done_in_lanes(
        ask_the_parent_to_stop, pieces, 1, lambda one, beside: begun.append(one.name)
    )
    assert list(done) == []
    assert begun == ["one"]
    assert (tmp_path / "saved").exists()


def ask_and_save_slowly(task: tuple[str, str]) -> bool:
    """Has the parent ask everyone to stop; one dies of another cause, the other saves for long."""
    name, folder = task
    if name == "dies":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while not Path(folder, "begun").exists():
            time.sleep(0.01)
        os.kill(os.getppid(), signal.SIGTERM)
        while not Path(folder, "saving").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    with stop_requests() as stop:
        Path(folder, "begun").touch()
        while not stop:
            time.sleep(0.01)
        Path(folder, "saving").touch()
        time.sleep(3)
    Path(folder, "saved").touch()
    return False


def test_an_error_after_the_signal_leaves_the_others_time_to_save(tmp_path: Path) -> None:
    pieces = [Work((n, str(tmp_path)), n, tmp_path / f"{n}.log") for n in ("waits", "dies")]
    with pytest.raises(UserError, match="The process of dies ended by SIG"):
        list(done_in_lanes(ask_and_save_slowly, pieces, 2, ignore))
    assert (tmp_path / "saved").exists()


def ask_the_parent_and_die_of_it(folder: str) -> bool:
    """Ends without a save when it is asked to stop, which it brings about."""
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(60)
    return True


def test_one_that_ends_of_the_signal_is_stopped_and_no_error(tmp_path: Path) -> None:
    pieces = work(tmp_path, "one", "never")
    assert list(done_in_lanes(ask_the_parent_and_die_of_it, pieces, 1, ignore)) == []


@pytest.mark.parametrize(
    ("free", "cores", "wanted"), [(64, 4, 4), (7, 4, 2), (1, 4, 1), (None, 4, 4)]
)
def test_there_are_as_many_lanes_as_cores_and_memory_bear(
    monkeypatch: pytest.MonkeyPatch, free: int | None, cores: int, wanted: int
) -> None:
    monkeypatch.setattr(lanes, "_ACCELERATORS", ())
    monkeypatch.setattr(lanes, "free_memory", lambda: None if free is None else free << 30)
    monkeypatch.setattr(lanes, "cores", lambda: cores)
    assert default_lanes() == wanted


def test_an_accelerator_has_one_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_ACCELERATORS", ("/dev/null",))
    assert default_lanes() == 1
