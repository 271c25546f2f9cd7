"""SIGTERM, SIGINT and SIGHUP ask a run to stop; they do not kill it."""

from __future__ import annotations

import signal
import threading

import pytest

from t2t_multimodel.train.stopping import stop_requests


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_noted(kind: signal.Signals, request: pytest.FixtureRequest) -> None:
    before = signal.signal(kind, signal.SIG_DFL)  # a job in the background may ignore it
    request.addfinalizer(lambda: signal.signal(kind, before))
    with stop_requests() as stop:
        assert not stop
        signal.raise_signal(kind)
        assert stop
        assert stop.signal == kind.name


def test_the_second_ctrl_c_works_as_ever(request: pytest.FixtureRequest) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job may ignore it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    with stop_requests() as stop:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert stop.signal == "SIGINT"


def test_what_nohup_ignores_stays_ignored(request: pytest.FixtureRequest) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    request.addfinalizer(lambda: signal.signal(signal.SIGHUP, before))
    with stop_requests() as stop:
        signal.raise_signal(signal.SIGHUP)
        assert not stop
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_afterwards_signals_are_as_before() -> None:
    before = [signal.getsignal(kind) for kind in (signal.SIGTERM, signal.SIGINT)]
    with stop_requests():
        assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert [signal.getsignal(kind) for kind in (signal.SIGTERM, signal.SIGINT)] == before


def test_in_another_thread_nothing_is_noted() -> None:
    entered = []

    def work() -> None:
        with stop_requests() as stop:
            entered.append(bool(stop))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [False]
