"""Gin files, read as data: they bind settings and macros, and nothing in them is executed.

The library gin imports modules and calls functions that a file names. A file may come from someone
else, so its grammar alone is used here: values are literals and macros.
"""

from __future__ import annotations

import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2t_multimodel.errors import UserError, did_you_mean

MOST_BYTES = 1 << 20
"""A longer file is no file of settings."""
MOST_VALUES = 10_000
"""A value with more parts than this is refused: macros of macros grow without end."""
FIX = "Bindings look like TrainConfig.steps = 1000; all fields: mm-trainer --list_hparams=fields"

Key = tuple[str, str]
"""Class and field of a setting."""


@dataclass(frozen=True)
class _Macro:
    """Stands for `%name` until every binding is read."""

    name: str


def read_bindings(
    files: Sequence[str], params: Sequence[str], fields: Mapping[str, Sequence[str]]
) -> dict[Key, Any]:
    """The settings that files and single bindings give; a later one replaces an earlier one.

    Args:
        files: gin files, which may include others.
        params: bindings, each like a line of a file.
        fields: class -> names of its fields; nothing else can be bound.

    Raises:
        UserError: a file is not there, is malformed, imports, calls, or binds what is unknown.
    """
    for file in files:
        if not Path(file).is_file():
            raise UserError(f"--gin_file={file} does not exist (looked in {Path.cwd()}).")
    settings: dict[Key, Any] = {}
    macros: dict[str, Any] = {}
    sources = [_of_file(Path(file), ()) for file in files]
    sources += [_statements(param, "") for param in params]
    for statement in (one for source in sources for one in source):
        _bind(statement, fields, settings, macros)
    return {key: _Resolver(macros, ".".join(key)).value(value) for key, value in settings.items()}


def _of_file(file: Path, within: tuple[Path, ...]) -> Iterator[Any]:
    """The statements of a file, those of the files that it includes in their place."""
    real = file.resolve()
    if real in within:
        raise UserError(f"gin: {file} includes itself.", fix="Leave the include out.")
    if not file.is_file():
        raise UserError(f"gin: {within[-1]} includes {file}, which does not exist.")
    if file.stat().st_size > MOST_BYTES:
        raise UserError(f"gin: {file} is longer than {MOST_BYTES:,} bytes.", FIX)
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise UserError(f"gin: {file} cannot be read as text: {error}.", FIX) from error
    for statement in _statements(text, str(file)):
        if type(statement).__name__ == "IncludeStatement":
            yield from _of_file(Path(statement.filename), (*within, real))
        else:
            yield statement


def _statements(text: str, place: str) -> Iterator[Any]:
    """The statements of a text, parsed by gin's own grammar."""
    from gin import config_parser

    class Literals(config_parser.ParserDelegate):
        def configurable_reference(self, name: str, evaluate: bool) -> Any:
            called = f"@{name}{'()' * evaluate}"
            raise UserError(
                f"gin: {called} names a function; a file of settings may not name code.", FIX
            )

        def macro(self, name: str) -> _Macro:
            return _Macro(name)

    try:
        yield from config_parser.ConfigParser(text, Literals())
    except UserError as error:
        raise UserError(f"{error.message}{_in(place)}", error.fix) from None
    except (SyntaxError, ValueError, TypeError, tokenize.TokenError, RecursionError) as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise UserError(f"gin: {reason}{_in(place)}", FIX) from error


def _in(place: str) -> str:
    return f" (in {place})" if place else ""


def _bind(
    statement: Any,
    fields: Mapping[str, Sequence[str]],
    settings: dict[Key, Any],
    macros: dict[str, Any],
) -> None:
    kind = type(statement).__name__
    if kind == "BlockDeclaration":
        return  # its bindings follow, each as a statement
    if kind == "ImportStatement":
        raise UserError(
            f"gin: 'import {statement.module}' is refused: a file of settings may not name code.",
            fix="Leave the import out; your own problems come in by --usr_dir.",
        )
    if kind == "IncludeStatement":
        raise UserError("gin: include stands in a file only.", fix="Give a --gin_file for each.")
    if statement.scope:
        raise UserError(
            f"gin: '{statement.scope}/{statement.selector}.{statement.arg_name}' is bound in a "
            "scope, where nothing reads it.",
            fix=f"Write {statement.selector}.{statement.arg_name} without '{statement.scope}/'.",
        )
    if not statement.arg_name:
        macros[statement.selector] = statement.value
        return
    name = statement.selector.rpartition(".")[2]
    if name not in fields or not _is_ours(statement.selector):
        hint = did_you_mean(name, fields)
        raise UserError(f"gin: no section of settings is named '{statement.selector}'.{hint}", FIX)
    if statement.arg_name not in fields[name]:
        path = f"{name}.{statement.arg_name}"
        known = [f"{section}.{field}" for section, own in fields.items() for field in own]
        raise UserError(f"gin: no setting is named '{path}'.{did_you_mean(path, known)}", FIX)
    settings[name, statement.arg_name] = statement.value


def _is_ours(selector: str) -> bool:
    """Whether what stands before the class, as in `config.TrainConfig`, is our own package."""
    module = selector.rpartition(".")[0]
    return not module or f".{'t2t_multimodel.config'}".endswith(f".{module}")


class _Resolver:
    """Puts values in the place of macros."""

    def __init__(self, macros: dict[str, Any], setting: str) -> None:
        self._macros, self._setting = macros, setting
        self._count = 0

    def value(self, value: Any, within: tuple[str, ...] = ()) -> Any:
        """The value without macros.

        Raises:
            UserError: one is not defined, or stands for itself.
        """
        self._count += 1
        if self._count > MOST_VALUES:
            raise UserError(f"gin: {self._setting} has more than {MOST_VALUES:,} values.", FIX)
        match value:
            case _Macro(name):
                return self._of_macro(name, within)
            case list() | tuple():
                return type(value)(self.value(one, within) for one in value)
            case dict():
                return {
                    self.value(key, within): self.value(one, within) for key, one in value.items()
                }
            case _:
                return value

    def _of_macro(self, name: str, within: tuple[str, ...]) -> Any:
        if name == "gin.REQUIRED":
            raise UserError(
                f"gin: {self._setting} is REQUIRED, but no binding gives it a value.",
                fix=f"Give one: --gin_param='{self._setting} = ...'",
            )
        if name in within:
            raise UserError(f"gin: the macro %{name} stands for itself.", FIX)
        if name not in self._macros:
            hint = did_you_mean(name, self._macros)
            raise UserError(
                f"gin: {self._setting} needs the macro %{name}, which is not defined.{hint}",
                fix=f"Define it: {name} = ...",
            )
        return self.value(self._macros[name], (*within, name))
