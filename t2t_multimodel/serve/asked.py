"""What a request asks: its JSON, or its bare body, read and checked."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from t2t_multimodel.errors import UserError
from t2t_multimodel.serve.limits import Limits
from t2t_multimodel.serve.service import Service

_PATIENCE = 4
"""Times the largest body that is read before the connection is cut."""
_FIELDS = ("input", "input_base64", "nbest", "output")


@dataclass(frozen=True)
class Asked:
    """The content of a request."""

    value: str | bytes
    """A text, or the bytes of a file."""
    nbest: int = 1
    output: str | None = None
    """The output that is to be explained; None: the best one."""


async def asked_of(service: Service, request: Request, limits: Limits) -> tuple[str, Asked]:
    """Reads the problem's name and what is asked.

    Raises:
        HTTPException: there is no such problem, or the request is not one that is understood.
    """
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
