"""The queue before the model."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import pytest
from helpers.running_server import Server

from t2t_multimodel.errors import UserError
from t2t_multimodel.serve.service import Busy, Service, _Job


@pytest.fixture
def queue_of_two(server: Server) -> Any:
    """A service without a model, whose queue holds two, and the event that lets it work."""
    service = object.__new__(Service)
    service._batch_size, service._wait = 8, 0.05
    service._jobs = type(server.service._jobs)(2)
    service._thread = threading.Thread(target=service._work)
    return service


def double(numbers: list[int]) -> list[int]:
    return [2 * number for number in numbers]


def test_jobs_of_a_group_run_together_and_others_apart(queue_of_two: Any) -> None:
    calls: list[list[int]] = []

    def run(numbers: list[int]) -> list[int]:
        calls.append(numbers)
        return double(numbers)

    queue_of_two._jobs.maxsize = 0
    results = [queue_of_two._enter(_Job(group, run, i)) for i, group in enumerate("aabab")]
    queue_of_two._thread.start()
    queue_of_two.close()
    assert [result.result() for result in results] == [0, 2, 4, 6, 8]
    assert calls == [[0, 1, 3], [2, 4]]


def test_more_than_may_wait_are_refused(queue_of_two: Any) -> None:
    results = [queue_of_two._enter(_Job(i, double, i)) for i in range(2)]
    with pytest.raises(Busy):
        queue_of_two._enter(_Job(2, double, 2))
    assert queue_of_two.waiting == 2
    queue_of_two._thread.start()
    assert [result.result(10) for result in results] == [0, 2]
    queue_of_two.close()


def test_an_error_is_of_its_group_alone(queue_of_two: Any) -> None:
    def fail(numbers: list[int]) -> list[int]:
        raise ZeroDivisionError("no")

    bad: Future[Any] = queue_of_two._enter(_Job("bad", fail, 0))
    good: Future[Any] = queue_of_two._enter(_Job("good", double, 4))
    queue_of_two._thread.start()
    with pytest.raises(ZeroDivisionError):
        bad.result(10)
    assert good.result(10) == 8
    queue_of_two.close()


def test_what_was_cancelled_is_not_computed(queue_of_two: Any) -> None:
    calls: list[int] = []
    result = queue_of_two._enter(_Job("a", calls.append, 1))
    assert result.cancel()
    queue_of_two._thread.start()
    queue_of_two.close()
    assert calls == []


def test_a_problem_that_is_not_served_is_named(server: Server) -> None:
    with pytest.raises(UserError, match="No problem of this server is named 'made_tnes'"):
        server.service.problem("made_tnes")
