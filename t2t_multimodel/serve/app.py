"""The HTTP side: JSON in and out, errors as JSON, one page."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
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
from t2t_multimodel.serve.limits import CheckedHost, Limits
from t2t_multimodel.serve.service import Busy, Service

T = TypeVar("T")
_PATIENCE = 4
"""Times the largest body that is read before the connection is cut."""
_FIELDS = ("input", "input_base64", "nbest", "output")
_SAFE = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
_SAFE += "connect-src 'self'; img-src blob: data:; media-src blob:"


@dataclass(frozen=True)
class Asked:
    """The content of a request."""

    value: str | bytes
    """A text, or the bytes of a file."""
    nbest: int = 1
    output: str | None = None
    """The output that is to be explained; None: the best one."""


_LIMITS = Limits()


def app(service: Service, limits: Limits = _LIMITS, names: Sequence[str] = ()) -> CheckedHost:
    """The server's routes.

    GET / the page, /health, /problems; POST /problems/NAME and /problems/NAME/explain.

    Args:
        service: answers.
        limits: of a request.
        names: of this server, by which it may be called beside localhost and addresses.
    """
    # each may unpack to some hundred megabytes
    encoding = asyncio.Semaphore(cores())

    async def read(request: Request) -> tuple[str, Asked, Item]:
        """The problem's name, what is asked, and the input as the model takes it."""
        name, asked = await _asked_of(service, request, limits)
        async with encoding:
            if await request.is_disconnected():
                raise ClientDisconnect
            try:
                item = await run_in_threadpool(service.encoded, name, asked.value)
            except BadValue as error:
                raise HTTPException(422, f"input: {error}") from error
        return name, asked, item

    async def of(request: Request, submit: Callable[[], Future[T]]) -> T:
        return await _of(request, submit, limits.answer_seconds)

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok", "step": service.step, "waiting": service.waiting})

    async def page(request: Request) -> Response:
        text = (files("t2t_multimodel.serve") / "page.html").read_text("utf-8")
        return HTMLResponse(text, headers={"Content-Security-Policy": _SAFE})

    async def problems(request: Request) -> Response:
        told = [_told(service, name, one) for name, one in service.problems.items()]
        return JSONResponse({"problems": told})

    async def answer(request: Request) -> Response:
        name, asked, item = await read(request)
        answer = await of(request, lambda: service.answer(name, item, asked.nbest))
        pairs = list(zip(answer.texts, answer.scores, strict=True))[: asked.nbest]
        outputs = [{"text": text, "score": rounded(score)} for text, score in pairs]
        note = {"note": item.note} if item.note else {}
        return JSONResponse({"problem": name, "outputs": outputs, **note})

    async def explained(request: Request) -> Response:
        name, asked, item = await read(request)
        output = asked.output
        if output is None:
            output = (await of(request, lambda: service.answer(name, item, 1))).texts[0]
        try:
            found = await of(request, lambda: service.explain(name, item, output))
        except (ValueError, UserError) as error:
            raise HTTPException(422, f"output: {error}") from error
        return JSONResponse({"problem": name, "output": output, **found})

    application = Starlette(
        routes=[
            Route("/", page),
            Route("/health", health),
            Route("/problems", problems),
            Route("/problems/{name}", answer, methods=["POST"]),
            Route("/problems/{name}/explain", explained, methods=["POST"]),
        ],
        exception_handlers={
            HTTPException: _told_error,
            ClientDisconnect: lambda request, error: Response(status_code=499),
            Exception: lambda request, error: _error(500, "The model failed on this request."),
        },
    )
    return CheckedHost(application, names)


def _told(service: Service, name: str, problem: Problem) -> dict[str, Any]:
    """What a client must know of a problem."""
    return {
        "name": name,
        "about": (problem.__doc__ or "").strip().split("\n")[0],
        "inputs": problem.inputs.medium,
        "hint": problem.inputs.hint,
        "targets": problem.targets.describe(),
        "most_outputs": service.most_outputs(name),
    }


async def _asked_of(service: Service, request: Request, limits: Limits) -> tuple[str, Asked]:
    """The problem's name and what is asked."""
    name = request.path_params["name"]
    try:
        problem = service.problem(name)
    except UserError as error:
        raise HTTPException(404, str(error)) from error
    try:
        body = await asyncio.wait_for(_body(request, limits.body_bytes), limits.body_seconds)
    except asyncio.TimeoutError:
        raise HTTPException(
            408, f"The body did not come within {limits.body_seconds:g} s.", {"Connection": "close"}
        ) from None
    asked = _asked(request, body, problem.inputs.medium == "text")
    most = service.most_outputs(name)
    if not 1 <= asked.nbest <= most:
        raise HTTPException(422, f"nbest must be from 1 to {most}, but is {asked.nbest}.")
    return name, asked


async def _body(request: Request, largest: int) -> bytes:
    """The body, of which no more than `largest` bytes are held.

    Somewhat more is read and thrown away: a client that is cut off while it sends would not hear
    why.
    """
    told = request.headers.get("content-length", "")
    body, size = bytearray(), int(told) if told.isdigit() else 0
    if size <= _PATIENCE * largest:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > _PATIENCE * largest:
                break
            if size <= largest:
                body += chunk
    if size > largest:
        raise HTTPException(413, f"A body may have {largest:,} bytes at most.")
    return bytes(body)


def _asked(request: Request, body: bytes, is_text: bool) -> Asked:
    """A JSON object, or the bare input with `?nbest=N`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return _asked_json(body, is_text)
    bare = kind == "text/plain" if is_text else kind.startswith(("image/", "audio/"))
    if not (bare or (kind == "application/octet-stream" and not is_text)):
        wanted = "text/plain" if is_text else "image/*, audio/* or application/octet-stream"
        raise HTTPException(415, f"Send application/json or {wanted}, not {kind or 'nothing'}.")
    nbest = request.query_params.get("nbest", "1")
    if not (nbest.isdecimal() and len(nbest) < 10):
        raise HTTPException(422, f"nbest must be a number, but is {nbest[:40]!r}.")
    return Asked(_utf8(body) if is_text else body, int(nbest))


def _asked_json(body: bytes, is_text: bool) -> Asked:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"The body is no JSON: {error}") from error
    field = "input" if is_text else "input_base64"
    if not isinstance(values, dict) or not isinstance(values.get(field), str):
        what = "a text" if is_text else "the bytes of a file in base64"
        raise HTTPException(422, f'Send {{"{field}": ...}}, {what}.')
    if unknown := [key for key in values if key not in _FIELDS]:
        raise HTTPException(
            422, f"No field is named {unknown[0]!r}; there are {', '.join(_FIELDS)}."
        )
    nbest, output = values.get("nbest", 1), values.get("output")
    if type(nbest) is not int:
        raise HTTPException(422, f"nbest must be a whole number, but is {nbest!r:.40}.")
    if not isinstance(output, str | None):
        raise HTTPException(422, "output must be a text.")
    if is_text:
        return Asked(values[field], nbest, output)
    try:
        return Asked(base64.b64decode(values[field], validate=True), nbest, output)
    except (binascii.Error, ValueError) as error:
        raise HTTPException(422, f"input_base64 is no base64: {error}") from error


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HTTPException(422, f"The body is not UTF-8: {error.reason}.") from error


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


def _told_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail, dict(error.headers or {}))


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers)
