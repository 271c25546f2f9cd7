"""The code that makes examples: a class, and what of the user's own modules it uses.

Functions, classes and constants are followed from name to name, in code that lies beside the class.
The package itself, installed packages and Python's library are left out: a problem's `version`
says when those change what it yields. Comments and docstrings do not count.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import io
import re
import sys
import textwrap
import tokenize
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel.problem import Problem

_PLAIN = (str, bytes, int, float, complex, bool, type(None))
_NO_SOURCE = "no source"
_PACKAGE = Path(__file__).parent.parent


def used_code(roots: Iterable[Any], base: type) -> dict[str, str]:
    """Name -> 16 hex digits for each part of the code behind `roots`.

    Args:
        roots: a problem's or a vocabulary's class first, then classes of its features.
        base: classes that are not below it are followed in the user's own modules alone.
    """
    roots = list(roots)
    followed = _Followed(roots[0], base)
    for parent in roots[0].__mro__:
        if parent is not base and issubclass(parent, base):
            followed.add(parent, always=True)
    for root in roots[1:]:
        followed.add(root)
    return followed.facts


def code_of(problem: Problem) -> dict[str, str]:
    """The code behind the records of a problem: of its class and of its features' classes."""
    features = [type(feature) for feature in problem.features.values()]
    return used_code([type(problem), *features], Problem)


class _Followed:
    """Walks from one object to those that it names."""

    def __init__(self, owner: type, base: type) -> None:
        self.facts: dict[str, str] = {}
        self._top = owner.__module__.partition(".")[0]
        self._folder = _folder_of(owner.__module__)
        self._seen = {id(parent) for parent in base.__mro__}
        self._alive: list[Any] = []  # so that no id is used twice

    def add(self, item: Any, always: bool = False) -> None:
        """Takes in a function or class of the user's own, and what it names in turn."""
        item = _bare(item)
        if id(item) in self._seen or not isinstance(item, (type, types.FunctionType)):
            return
        if not (always or self._is_own(getattr(item, "__module__", None))):
            return
        self._seen.add(id(item))
        self._alive.append(item)
        self._note(item, item.__qualname__, _digest(_source(item)))
        if self._is_own(item.__module__):
            if isinstance(item, type):
                for parent in item.__mro__[1:]:
                    self.add(parent)
            for function in _functions(item):
                for name, value in _named(function):
                    self._follow(name, value)

    def _follow(self, name: str, value: Any, depth: int = 0) -> None:
        """Follows what a name stands for: code is taken in, a constant counts by its value."""
        if (
            isinstance(value, (type, types.FunctionType, functools.partial))
            or _bare(value) != value
        ):
            self.add(value)
            if isinstance(value, functools.partial):
                self._constant(f"{name}'s arguments", [value.args, value.keywords], depth)
        elif not isinstance(value, types.ModuleType):
            self._constant(name, value, depth)

    def _constant(self, name: str, value: Any, depth: int) -> None:
        for code in _code_in(value, depth):
            self.add(code)
        shown = _shown(value)
        if shown is not None:
            self._note(value, name, _digest(shown))
        elif self._is_own(type(value).__module__):
            self.add(type(value))

    def _note(self, item: Any, name: str, digest: str) -> None:
        module = getattr(item, "__module__", None) or ""
        if self.facts.get(name, digest) != digest:  # two of one name: of two modules
            name = f"{module.rpartition('.')[2]}.{name}"
        self.facts[name] = digest

    def _is_own(self, module: str | None) -> bool:
        """Whether a module is the user's own: of one package, or of one folder, with the class."""
        if module is None or module.partition(".")[0] == "t2t_multimodel":
            return False
        if module.partition(".")[0] == self._top:
            return True
        folder = _folder_of(module)
        return self._folder is not None and folder is not None and folder == self._folder


def _folder_of(module: str) -> Path | None:
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file or "site-packages" in file or Path(file).is_relative_to(_PACKAGE):
        return None
    return Path(file).resolve().parent


def _bare(item: Any) -> Any:
    """A function without its decorators."""
    if isinstance(item, (staticmethod, classmethod)):
        item = item.__func__
    if isinstance(item, property):
        item = item.fget
    if isinstance(item, functools.cached_property):
        item = item.func
    if isinstance(item, (types.MethodType, functools.partial)):
        return _bare(item.__func__ if isinstance(item, types.MethodType) else item.func)
    wrapped = inspect.getattr_static(item, "__wrapped__", None) if callable(item) else None
    return _bare(wrapped) if isinstance(wrapped, types.FunctionType) else item


def _functions(item: Any) -> Iterator[types.FunctionType]:
    """A function, or the methods of a class, those of classes inside included."""
    if isinstance(item, types.FunctionType):
        yield item
        return
    for value in vars(item).values():
        bare = _bare(value)
        if isinstance(bare, types.FunctionType):
            yield bare
        elif isinstance(bare, type) and bare.__qualname__.startswith(item.__qualname__ + "."):
            yield from _functions(bare)


def _named(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """The global names that a function uses, with what they stand for now."""
    names = set(_names_of(function.__code__))
    space = function.__globals__
    for name in sorted(names & space.keys()):
        value = space[name]
        yield name, value
        if isinstance(value, types.ModuleType) and value.__name__ != "t2t_multimodel":
            for attribute in sorted(names & vars(value).keys()):  # helpers.clean(...)
                yield attribute, _Of.module(value, attribute)
    for cell, name in zip(function.__closure__ or (), function.__code__.co_freevars, strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not bound yet
            continue


class _Of:
    """Attributes of modules of others are no constants of the user's."""

    @staticmethod
    def module(module: types.ModuleType, attribute: str) -> Any:
        value = getattr(module, attribute, None)
        is_code = isinstance(_bare(value), (type, types.FunctionType))
        return value if is_code or _folder_of(module.__name__) is not None else None


def _names_of(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_of(constant)


def _code_in(value: Any, depth: int) -> Iterator[Any]:
    """Functions and classes in a container, such as a table of readers."""
    if depth > 3:
        return
    values: Iterable[Any] = ()
    if isinstance(value, dict):
        values = value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        values = value
    for one in values:
        if isinstance(_bare(one), (type, types.FunctionType)):
            yield one
        else:
            yield from _code_in(one, depth + 1)


def _shown(value: Any) -> str | None:
    """A constant as text that is equal in every process; None for what has no such text."""
    if isinstance(value, re.Pattern):
        return f"pattern {value.pattern!r} {value.flags}"
    if isinstance(value, Path):
        return f"path {value.as_posix()}"
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, dict):
        parts = [(_shown(key), _shown(one)) for key, one in value.items()]
        return None if any(None in part for part in parts) else f"dict {parts}"
    if isinstance(value, (list, tuple)):
        shown = [_shown(one) for one in value]
        return None if None in shown else f"{type(value).__name__} {shown}"
    if isinstance(value, (set, frozenset)):
        shown = [_shown(one) for one in value]
        return None if None in shown else f"set {sorted(map(str, shown))}"
    return None


def _source(item: Any) -> str:
    """The source of a class or function without comments, docstrings and empty lines."""
    try:
        return without_comments(textwrap.dedent(inspect.getsource(item)))
    except (OSError, TypeError):  # typed at a prompt or in a notebook: compiled code is hashed
        return _compiled(item)


def _compiled(item: Any) -> str:
    """What Python made of a function or class without source, as text."""
    if isinstance(item, types.FunctionType):
        return _of_code(item.__code__)
    parts = []
    for name, value in sorted(vars(item).items()):
        bare = _bare(value)
        if isinstance(bare, types.FunctionType):
            parts.append(f"{name} {_of_code(bare.__code__)}")
        elif not name.startswith("__") and (shown := _shown(value)) is not None:
            parts.append(f"{name} {shown}")
    return "\n".join([_NO_SOURCE, *parts])


def _of_code(code: types.CodeType) -> str:
    """A function's instructions, names and constants; its lines do not count."""
    constants = [
        _of_code(one) if isinstance(one, types.CodeType) else _shown(one) for one in code.co_consts
    ]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"


def without_comments(source: str) -> str:
    """Python source without comments, docstrings, empty lines and blanks at the ends of lines."""
    try:
        tree = ast.parse(source)
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, tokenize.TokenError):  # such as a lambda in the middle of a call
        return source
    lines = source.splitlines()
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            _blank(lines, node.body[0])
            for one, after in zip(node.body, node.body[1:], strict=False):
                if isinstance(one, (ast.Assign, ast.AnnAssign)):
                    _blank(lines, after)  # the text below a field
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _blank(lines: list[str], node: ast.stmt) -> None:
    """Takes out a statement that is a text alone."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        if isinstance(node.value.value, str) and node.end_lineno is not None:
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
