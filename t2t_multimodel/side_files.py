"""The JSON files beside data and runs, read through one checked reader.

They may be cut by a full disk, edited by hand, or come from someone else. A damaged one is named;
whoever reads it goes on without it where that is possible.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar

from t2t_multimodel import storage
from t2t_multimodel.errors import UserError

T = TypeVar("T")

MOST_BYTES = 1 << 30
"""A side file above this is none of ours."""


class Damaged(UserError):
    """A side file that is not what was written.

    Args:
        file: which one.
        how: it is damaged, in words.
        fix: what to do about it.
    """

    def __init__(self, file: Path, how: str, fix: str = "") -> None:
        super().__init__(f"{file} is damaged: {how}.", fix)
        self.how = how


def read_json(file: Path, keys: Collection[str] = (), kind: type = dict) -> Any:
    """The value in a JSON file.

    Args:
        file: must be there.
        keys: that the value must have, where it is a dict.
        kind: what the value must be.

    Raises:
        Damaged: it is no JSON, another kind of value, or lacks a key.
        FileNotFoundError: there is no such file.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise Damaged(file, f"it is longer than {MOST_BYTES:,} bytes")
        value: Any = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Damaged(file, f"it cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise Damaged(file, f"it is no JSON ({_short(error)})") from error
    if not issubclass(type(value), kind):
        raise Damaged(file, f"it holds a {type(value).__name__}, not a {kind.__name__}")
    missing = sorted(set(keys).difference(value) if kind is dict else ())
    if missing:
        raise Damaged(file, f"it lacks {', '.join(missing)}")
    return value


def read_or(
    file: Path,
    default: T,
    parse: Callable[[Any], T],
    log: Callable[[str], None],
    kind: type = dict,
) -> T:
    """Parses a side file that one can do without.

    Args:
        file: may be missing, which is no fault.
        default: what to go on with where it is missing or damaged.
        parse: takes the value apart; what is not as it expects is damage.
        log: takes a line that names a damaged file.
        kind: what the value must be.
    """
    try:
        return parse(read_json(file, kind=kind))
    except FileNotFoundError:
        return default
    except Damaged as error:
        log(f"{error.message} It is left out.")
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        where = storage.shown(file)
        log(f"{where} is damaged: it is not of this form ({_short(error)}). It is left out.")
    return default


def read_lines(
    file: Path, keys: Collection[str], log: Callable[[str], None]
) -> Iterator[tuple[dict[str, Any], str]]:
    """(value, line) of each line of a JSON-lines file that holds an object with the keys.

    A kill may have cut the last line off, which is no fault; other lines that hold none are left
    out, counted and told.

    Args:
        file: may be missing.
        keys: that each object must have.
        log: takes a line that names the file and how many lines are damaged.
    """
    if not file.is_file():
        return
    damaged: list[int] = []
    with open(file, "rb") as stream:
        for number, line in enumerate(stream, 1):
            value = _object(line)
            if value is not None and value.keys() >= set(keys):
                if line.endswith(b"\n"):
                    yield value, line.decode()
            elif line.endswith(b"\n") or b"\0" in line:
                damaged.append(number)
    if damaged:
        log(
            f"{file} is damaged: {len(damaged):,} of its lines hold nothing that was written, the "
            f"first is line {damaged[0]:,}. They are left out."
        )


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


NUMBER = (int, float)
Shape = Any
"""A type or several; `[shape]`: a list of such; `{str: shape}`: any names; `{"name": shape}`: those
names at least; None among several types: the value may be null."""


def require(value: Any, shape: Shape, place: str = "it") -> None:
    """Raises `ValueError` that names the place where a value is not of a shape."""
    if isinstance(shape, list):
        require(value, list, place)
        for number, one in enumerate(value):
            require(one, shape[0], f"{place}[{number}]")
    elif isinstance(shape, dict):
        require(value, dict, place)
        names = value if str in shape else shape
        for name in names:
            if name not in value:
                raise ValueError(f"{place} lacks {name}")
            require(value[name], shape.get(str, shape.get(name)), f"{place}.{name}")
    else:
        kinds = shape if isinstance(shape, tuple) else (shape,)
        of_kind = isinstance(value, tuple(kind for kind in kinds if kind is not None))
        is_flag = isinstance(value, bool) and bool not in kinds
        if not (of_kind and not is_flag) and not (value is None and None in kinds):
            raise ValueError(f"{place} is {json.dumps(value)[:60]}")


def shaped(shape: Shape) -> Callable[[Any], Any]:
    """Returns, for `read_or`, the value itself, if it is of the shape."""

    def parse(value: Any) -> Any:
        require(value, shape)
        return value

    return parse
