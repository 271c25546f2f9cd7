"""The HTTP side: JSON in and out, errors as JSON, one page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from importlib.resources import files
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from t2t_multimodel.cores import cores
from t2t_multimodel.decode.inputs import Item
from t2t_multimodel.decode.outputs import rounded
from t2t_multimodel.errors import BadValue, UserError
from t2t_multimodel.problem import Problem
from t2t_multimodel.serve.asked import Asked, asked_of
from t2t_multimodel.serve.limits import CheckedHost, Limits
from t2t_multimodel.serve.service import Busy, Service

T = TypeVar("T")
_SAFE = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
_SAFE += "connect-src 'self'; img-src blob: data:; media-src blob:"

_LIMITS = Limits()
_BARE_404 = "Not Found"


def app(service: Service, limits: Limits = _LIMITS, names: Sequence[str] = ()) -> CheckedHost:
    """The server's routes.

    GET / the page, /health, /problems; POST /problems/NAME and /problems/NAME/explain.

    Args:
        service: answers.
        limits: of a request.
        names: of this server, by which it may be called beside localhost and addresses.
    """
    answers = _Answers(service, limits)
    application = Starlette(
        routes=[
            Route("/", _page),
            Route("/health", answers.health),
            Route("/problems", answers.problems),
            Route("/problems/{name}", answers.answer, methods=["POST"]),
            Route("/problems/{name}/explain", answers.explained, methods=["POST"]),
        ],
        exception_handlers={
            404: _not_found,
            405: _not_allowed,
            HTTPException: _told_error,
            ClientDisconnect: lambda request, error: Response(status_code=499),
            Exception: lambda request, error: _error(500, "The model failed on this request."),
        },
    )
    return CheckedHost(application, names)


async def _page(request: Request) -> Response:
    text = (files("t2t_multimodel.serve") / "page.html").read_text("utf-8")
    return HTMLResponse(text, headers={"Content-Security-Policy": _SAFE})


class _Answers:
    """Answers the requests of each route."""

    def __init__(self, service: Service, limits: Limits) -> None:
        self._service, self._limits = service, limits
        # each may unpack to some hundred megabytes
        self._encoding = asyncio.Semaphore(cores())

    async def health(self, request: Request) -> Response:
        step, waiting = self._service.step, self._service.waiting
        return JSONResponse({"status": "ok", "step": step, "waiting": waiting})

    async def problems(self, request: Request) -> Response:
        service = self._service
        told = [_told(service, name, one) for name, one in service.problems.items()]
        return JSONResponse({"problems": told})

    async def answer(self, request: Request) -> Response:
        name, asked, item = await self._read(request)
        answer = await self._of(request, lambda: self._service.answer(name, item, asked.nbest))
        pairs = list(zip(answer.texts, answer.scores, strict=True))[: asked.nbest]
        beside = self._service.problem(name).targets.beside
        source = asked.value if isinstance(asked.value, str) else ""
        outputs = [
            _output(text, beside(text, source) if source else text, score) for text, score in pairs
        ]
        note = {"note": item.note} if item.note else {}
        return JSONResponse({"problem": name, "outputs": outputs, **note})

    async def explained(self, request: Request) -> Response:
        name, asked, item = await self._read(request)
        output = asked.output
        if output is None:
            best = await self._of(request, lambda: self._service.answer(name, item, 1))
            output = best.texts[0]
        try:
            found = await self._of(request, lambda: self._service.explain(name, item, output))
        except (ValueError, UserError) as error:
            raise HTTPException(422, f"output: {error}") from error
        return JSONResponse({"problem": name, "output": output, **found})

    async def _read(self, request: Request) -> tuple[str, Asked, Item]:
        """The problem's name, what is asked, and the input as the model takes it."""
        name, asked = await asked_of(self._service, request, self._limits)
        async with self._encoding:
            if await request.is_disconnected():
                raise ClientDisconnect
            try:
                item = await run_in_threadpool(self._service.encoded, name, asked.value)
            except BadValue as error:
                raise HTTPException(422, f"input: {error}") from error
        return name, asked, item

    async def _of(self, request: Request, submit: Callable[[], Future[T]]) -> T:
        return await _of(request, submit, self._limits.answer_seconds)


def _output(raw: str, text: str, score: float | None) -> dict[str, Any]:
    """One output for a person, and as the model wrote it where that is not the same."""
    written = {"raw": raw} if raw != text else {}
    return {"text": text, **written, "score": rounded(score)}


def _told(service: Service, name: str, problem: Problem) -> dict[str, Any]:
    """Returns what a client must know of a problem."""
    return {
        "name": name,
        "about": (problem.__doc__ or "").strip().split("\n")[0],
        "inputs": problem.inputs.medium,
        "hint": problem.inputs.hint,
        "targets": problem.targets.describe(),
        "most_outputs": service.most_outputs(name),
        "scores": service.scores(name),
    }


async def _of(request: Request, submit: Callable[[], Future[T]], seconds: float) -> T:
    """The result of a job of the service, which is taken back if the client leaves.

    Raises:
        ClientDisconnect: it has left.
    """
    try:
        job = asyncio.wrap_future(submit())
    except Busy:
        raise HTTPException(503, "Too many requests wait.", {"Retry-After": "1"}) from None
    left = asyncio.ensure_future(_leaves(request))
    try:
        both: set[asyncio.Future[Any]] = {job, left}
        await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if job.done():
            return job.result()
        if left.done():
            raise ClientDisconnect
        raise HTTPException(504, f"There was no answer within {seconds:g} s.")
    finally:
        left.cancel()
        job.cancel()


async def _leaves(request: Request) -> None:
    """Returns when the client has closed its connection; all of its body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _not_found(request: Request, error: Exception) -> Response:
    """A path without a route; a route's own 404 names what it lacks."""
    assert isinstance(error, HTTPException)
    said = f"There is no {request.url.path}. Ask GET /problems, or POST /problems/NAME."
    return _error(404, said if error.detail == _BARE_404 else error.detail)


def _not_allowed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    allowed = dict(error.headers or {})
    how = allowed.get("Allow", "another method")
    return _error(405, f"{request.url.path} takes {how}, not {request.method}.", allowed)


def _told_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail, dict(error.headers or {}))


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers)
