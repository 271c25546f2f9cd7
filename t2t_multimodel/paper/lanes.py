"""Runs in processes of their own, several side by side: a lane is a share of the cores.

A run on one core each is more work done than one run on all cores after the other, since the
small operations of a small net keep few cores busy. A process gives back all its memory when its
run ends, graphs included, which TensorFlow keeps as long as a process lives.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Generic, TypeVar

from t2t_multimodel import storage, usr_dir
from t2t_multimodel.cores import cores
from t2t_multimodel.data.files import writing
from t2t_multimodel.errors import UserError
from t2t_multimodel.free_memory import free_memory
from t2t_multimodel.train.stopping import stop_requests

Task = TypeVar("Task")
_RUN_BYTES = 3 << 30
"""Memory that a run of the octet's sets takes at most, with some to spare."""
_LOOK_SECONDS = 0.5
_ACCELERATORS = ("/dev/nvidia0", "/dev/accel0", "/dev/kfd")


def default_lanes() -> int:
    """One for each core that memory suffices for; one alone beside an accelerator."""
    if any(map(os.path.exists, _ACCELERATORS)):
        return 1  # the first process takes all memory of the accelerator
    free = free_memory()
    return cores() if free is None else max(1, min(cores(), free // _RUN_BYTES))


@dataclass(frozen=True)
class Work(Generic[Task]):
    """One thing that a process does."""

    task: Task
    name: str
    """How messages call it."""
    log: Path
    """Gets what it prints where several run side by side; alone it prints on the terminal."""


@dataclass
class _Running(Generic[Task]):
    work: Work[Task]
    process: BaseProcess
    answer: Connection
    asked: bool = False
    """Whether it was asked to stop: a second time would end it without a save."""


@dataclass(frozen=True)
class _Setting:
    """What a new process must be told before anything of the user can be imported there."""

    usr_dirs: tuple[str, ...]
    cache: tuple[Path | None, float]
    cores: tuple[int, ...]
    log: Path | None


def done_in_lanes(
    do: Callable[[Task], bool],
    work: Sequence[Work[Task]],
    lanes: int,
    begins: Callable[[Work[Task], list[Task]], None],
) -> Iterator[Work[Task]]:
    """Does work in processes and yields each piece that is done.

    A signal that asks to stop is passed on, and no further piece begins.

    Args:
        do: a function of a module, which processes call; False if it was stopped.
        work: its pieces, in the order in which they begin.
        lanes: most processes at a time.
        begins: is told each piece that begins, and the tasks that run beside it.

    Raises:
        UserError: a piece of work raised it, or its process died. The others are stopped.
    """
    lanes = min(lanes, len(work))  # each has as many cores as there are for it
    waiting, running = deque(work), dict[int, _Running[Task]]()
    with stop_requests() as stop, ExitStack() as at_the_end:
        at_the_end.callback(_stop, running)
        while running or (waiting and not stop):
            for lane in range(lanes):
                if waiting and not stop and lane not in running:
                    begins(waiting[0], [one.work.task for one in running.values()])
                    running[lane] = _started(do, waiting.popleft(), lane, lanes)
            yield from _ended(running)
            if stop:
                _ask_to_stop(running)


def _started(do: Callable[[Task], bool], work: Work[Task], lane: int, lanes: int) -> _Running[Task]:
    # Spawned, not forked: a fork of a process with threads (TensorFlow's) can hang.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()  # a task is sent when what it is made of can be imported
    log = work.log if lanes > 1 else None
    setting = _Setting(usr_dir.added(), storage.cache_in_use(), _cores_of(lane, lanes), log)
    sys.stdout.flush()
    process = context.Process(target=_run, args=(setting, theirs), name=work.name)
    process.start()
    theirs.close()
    with suppress(BrokenPipeError):  # it died at once, which its sentinel tells
        ours.send((do, work.task))
    return _Running(work, process, ours)


def _cores_of(lane: int, lanes: int) -> tuple[int, ...]:
    """The lane's part of this process's cores; all where there are too few, or none is known."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    every = sorted(os.sched_getaffinity(0))
    return tuple(every[lane::lanes] if len(every) >= lanes else every)


def _ended(running: dict[int, _Running[Task]]) -> Iterator[Work[Task]]:
    """Waits a moment; takes out what has ended, and yields it if it is done."""
    wait_for_any([one.process.sentinel for one in running.values()], _LOOK_SECONDS)
    for lane, one in list(running.items()):
        if one.process.is_alive():
            continue
        del running[lane]
        one.process.join()
        answer = _answer(one)
        if isinstance(answer, UserError):
            raise answer
        if answer:
            yield one.work


def _answer(one: _Running[Task]) -> bool | UserError:
    """What a process said before it ended: whether its work is done, or why it can not be."""
    with one.answer:
        try:
            if one.answer.poll():
                answer: bool | UserError = one.answer.recv()
                return answer
        except EOFError:
            pass
    code = one.process.exitcode or 0
    if one.asked and code == -signal.SIGTERM:  # it was scoring, where nothing is to be saved
        return False
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
    log = f"Its output is in {storage.shown(one.work.log)}. " if one.work.log.is_file() else ""
    return UserError(
        f"The process of {one.work.name} ended {how}.",
        f"{log}The same command goes on; if memory ran out, give it --jobs=1.",
    )


def _ask_to_stop(running: dict[int, _Running[Task]]) -> None:
    """Has each process save and end."""
    for one in running.values():
        if not one.asked:
            one.asked = True
            one.process.terminate()


def _stop(running: dict[int, _Running[Task]]) -> None:
    """Ends what still runs after an error, each after a save."""
    _ask_to_stop(running)
    for one in running.values():
        one.process.join()


def _run(setting: _Setting, answer: Connection) -> None:
    """What a process does."""
    if setting.cores:
        os.sched_setaffinity(0, setting.cores)  # before TensorFlow counts them
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    try:
        if setting.log is not None:
            _print_into(setting.log)
        storage.use_cache(*setting.cache)
        for folder in setting.usr_dirs:
            usr_dir.add_one(storage.fetch(storage.place(folder)))
        do, task = answer.recv()
        answer.send(do(task))
    except UserError as error:
        answer.send(error)
    except (KeyboardInterrupt, EOFError):  # before there was anything to save; the parent died
        answer.send(False)


def _stop_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for_any([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)  # which the training takes as a wish to save and end


def _print_into(log: Path) -> None:
    """From now on all that this process prints is added to a file."""
    sys.stdout.flush()
    with writing(log):
        log.parent.mkdir(parents=True, exist_ok=True)
        file = log.open("a")
    with file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
