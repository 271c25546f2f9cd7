"""One model, one thread that owns it, and the requests that wait for it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.recorded_features import check_features
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.decode.grammar import guides
from t2t_multimodel.decode.inputs import InputEncoder, Item
from t2t_multimodel.decode.outputs import Answer
from t2t_multimodel.decode.runner import DecodeRequest, Runner
from t2t_multimodel.errors import BadValue, foreign, unknown
from t2t_multimodel.features import Output
from t2t_multimodel.metrics.units import LOG_PROBABILITY
from t2t_multimodel.problem import Problem
from t2t_multimodel.registry import problems
from t2t_multimodel.serve.explain import explain

CLASSES = 10
"""Most classes of an answer."""


class Busy(Exception):
    """Tells that as many requests wait as may wait."""


@dataclass(frozen=True)
class _Job:
    group: Any
    """Jobs of an equal group are answered together."""
    run: Callable[[list[Any]], Sequence[Any]]
    """Arguments of the jobs of a group -> their results."""
    argument: Any
    result: Future[Any] = field(default_factory=Future)


class Service:
    """Answers requests of many threads with one model.

    Requests that come within a few milliseconds are decoded together. The best output of a
    request is what it would be alone: greedy output and classes do not depend on other rows but
    for rounding; several outputs of a beam search would, so each such request runs by itself.

    Args:
        checkpoint: of the model.
        names: problems that are served.
        beam_size: sequences that are followed where several outputs are asked for, at most as
            many as that.
        batch_size: most inputs that are decoded together.
        wait_ms: how long the first request of a batch waits for others.
        most_waiting: requests beyond these are refused.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        names: Sequence[str],
        *,
        beam_size: int = 4,
        batch_size: int = 32,
        wait_ms: float = 5.0,
        most_waiting: int = 256,
    ) -> None:
        self.step, self.beam_size = checkpoint.step, beam_size
        self._batch_size, self._wait = batch_size, wait_ms / 1000
        check_features(checkpoint, names)
        config, self._tokenizers = checkpoint.config(), checkpoint.tokenizers()
        self._model = checkpoint.model()
        self.problems: dict[str, Problem] = {name: problems.get(name)() for name in names}
        self._encoders = {
            name: InputEncoder(problem, self._tokenizers) for name, problem in self.problems.items()
        }
        self._runners: dict[str, Runner] = {}
        self._beams: dict[str, Runner] = {}
        for name, problem in self.problems.items():
            best = DecodeConfig(nbest=CLASSES if self._output(name) == "classes" else 1)
            beam = DecodeConfig(method="beam", beam_size=beam_size, nbest=beam_size)
            own = guides(problem, self._tokenizers)
            for runners, way in ((self._runners, best), (self._beams, beam)):
                decoder = Decoder(self._model, name, way, own)
                request = DecodeRequest(problem=name, config=way, batch_size=batch_size)
                runners[name] = Runner(problem, self._tokenizers, decoder, config, request)
        self._jobs: queue.Queue[_Job | None] = queue.Queue(most_waiting)
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)
        self._thread.start()

    def problem(self, name: str) -> Problem:
        """Finds the problem of that name.

        Raises:
            UserError: it is not served.
        """
        if name not in self.problems:
            raise unknown("problem of this server", name, list(self.problems))
        return self.problems[name]

    def most_outputs(self, name: str) -> int:
        """Tells how many outputs may be asked for."""
        classes = min(CLASSES, self._model.signature(name).targets.size)
        most = {"tokens": self.beam_size, "classes": classes, "values": 1}
        return most[self._output(name)]

    def scores(self, name: str) -> str:
        """Says what the score of an output means; empty for values, which have none."""
        alpha = DecodeConfig.alpha
        return {
            "tokens": f"Scores: {LOG_PROBABILITY}; of several outputs divided by "
            f"((5 + length) / 6)^{alpha:g}.",
            "classes": f"Scores: {LOG_PROBABILITY}.",
            "values": "",
        }[self._output(name)]

    @property
    def waiting(self) -> int:
        """Requests that the model has not begun with."""
        return self._jobs.qsize()

    def encoded(self, name: str, value: str | bytes) -> Item:
        """An input as the model takes it.

        Args:
            value: a text, or the bytes of an image or sound file.

        Raises:
            BadValue: it is no such thing; the reason names nothing of this machine.
        """
        with foreign(lambda why: BadValue("it can not be read")):
            array, note = self._encoders[name].encoded(value)
        return Item(1, array, note=note)

    def answer(self, name: str, item: Item, nbest: int) -> Future[Answer]:
        """The outputs for an input, best first: at most `nbest`.

        Raises:
            Busy: too many wait.
        """
        together = self._output(name) != "tokens" or nbest == 1
        runner = (self._runners if together else self._beams)[name]
        group = name if together else object()
        return self._enter(_Job(group, runner.answers, item))

    def explain(self, name: str, item: Item, output: str) -> Future[dict[str, Any]]:
        """Tells what the model looked at to write `output`, see `explain.explain`.

        Raises:
            Busy: too many wait.
        """
        problem, array = self.problem(name), item.array

        def run(outputs: list[str]) -> list[dict[str, Any]]:
            return [explain(self._model, problem, self._tokenizers, array, outputs[0])]

        return self._enter(_Job(object(), run, output))

    def _output(self, name: str) -> Output:
        """The way the targets of a problem are predicted."""
        output = self._model.signature(name).targets.output
        assert output is not None, "the model was built for this problem"
        return output

    def close(self, seconds: float | None = None) -> None:
        """Answers what waits, then ends the thread.

        Args:
            seconds: what is not begun by then is not computed; None: all is.
        """
        try:
            self._jobs.put(None, timeout=seconds)
            self._thread.join(seconds)
        except queue.Full:
            pass
        if self._thread.is_alive():
            self._drop_waiting()
            self._jobs.put(None)
            self._thread.join(seconds)

    def _drop_waiting(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is not None:
                job.result.cancel()

    def _enter(self, job: _Job) -> Future[Any]:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise Busy from None
        return job.result

    def _work(self) -> None:
        is_open = True
        while is_open:
            jobs = self._next_jobs()
            is_open = jobs[-1] is not None
            groups: dict[Any, list[_Job]] = {}
            for job in jobs:
                # a request whose client has gone is not computed
                if job is not None and job.result.set_running_or_notify_cancel():
                    groups.setdefault(job.group, []).append(job)
            for group in groups.values():
                _finish(group)

    def _next_jobs(self) -> list[_Job | None]:
        """Waits for a job and takes those that follow soon; None is the last of all."""
        jobs = [self._jobs.get()]
        until = time.monotonic() + self._wait
        while jobs[-1] is not None and len(jobs) < self._batch_size:
            try:
                jobs.append(self._jobs.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        return jobs


def _finish(group: list[_Job]) -> None:
    """Computes the results of a group; an error is theirs, and the thread goes on."""
    try:
        results = group[0].run([job.argument for job in group])
    except Exception as error:
        for job in group:
            job.result.set_exception(error)
        return
    for job, result in zip(group, results, strict=True):
        job.result.set_result(result)
