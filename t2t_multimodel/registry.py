"""Names to objects. A name is known without importing the module that defines it.

The registry reads `@register_problem("name")` out of the sources (`_scan`) and imports a
module when one of its names is asked for. Hence listing, help and spelling errors cost
milliseconds, and one broken module harms nobody but those who ask for it.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from t2t_multimodel import _checkout, _scan, usr_dir
from t2t_multimodel._scan import Registration
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.user_code import failed_import

T = TypeVar("T")

_READER = "t2t_multimodel.sources.definition"
"""Reads definitions without code. It stands above this module, which loads it as it loads any
module that defines a problem."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")  # fit for file names and for --problems=a:2,b


class Registry:
    """The names of one kind.

    Args:
        kind: what is registered, as in `@register_<kind>`.
        title: the kind as messages call it.
        next_command: the command that lists the names, if there is one.
        sets_name: whether the decorator stores the name on the class as `name`.
    """

    def __init__(
        self, kind: str, *, title: str = "", next_command: str = "", sets_name: bool = False
    ) -> None:
        self.kind = kind
        self.title = title or kind
        self.next_command = next_command
        self._sets_name = sets_name
        self._objects: dict[str, Any] = {}
        self._run_time: dict[str, Registration] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """The decorator: `@register_problem("my_digits")` above a class, the name a literal.

        Registering again from the same file (a reloaded module) or from an interpreter or
        notebook cell replaces the object.

        Raises:
            UserError: the name is malformed, or another place has registered it.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UserError(
                f"@register_{self.kind}({name!r}): not a name.",
                f'Write @register_{self.kind}("my_name"): '
                "lower-case letters, digits and underscores.",
            )
        caller = sys._getframe(1)
        path = _real_path(caller.f_code.co_filename)
        module = str(caller.f_globals.get("__name__", "__main__"))
        here = Registration(self.kind, name, path, caller.f_lineno, module)
        there = self._registrations().get(name)
        if there is not None and not _same(here, there):
            raise self._twice(name, there, here)

        def decorate(item: T) -> T:
            if self._sets_name:
                item.name = name  # type: ignore[attr-defined]
            self._run_time[name] = here
            self._objects[name] = item
            return item

        return decorate

    def names(self) -> list[str]:
        """All known names, sorted; imports nothing."""
        return sorted(self._registrations())

    def __contains__(self, name: object) -> bool:
        return name in self._registrations()

    def check(self, names: Iterable[str]) -> None:
        """Raises the `UserError` with the nearest names for the first unknown one."""
        found = self._registrations()
        for name in names:
            if name not in found:
                error = unknown(self.title, name, sorted(found), self.next_command)
                if self.next_command and not usr_dir.added():
                    hint = "Names of your own are known with --usr_dir=FOLDER."
                    error = UserError(error.message, f"{error.fix} {hint}")
                raise error

    def where(self, name: str) -> str:
        """`path:line` of the registration. Raises UserError for an unknown name."""
        return str(self.registration(name))

    def registration(self, name: str) -> Registration:
        """Finds where `name` is registered. Raises UserError for an unknown name."""
        self.check([name])
        return self._registrations()[name]

    def summary(self, name: str) -> str:
        """The first line of the docstring, read without importing."""
        registration = self.registration(name)
        if os.path.isfile(registration.path):
            return _scan.summary(registration)
        return _scan.first_line(self._objects[name].__doc__)

    def get(self, name: str) -> Any:
        """The registered object; imports its module the first time.

        Raises:
            UserError: nobody registered the name, or the user's module for it can not be imported.
            Exception: what another module raises while it is imported, unchanged.
        """
        registration = self.registration(name)
        if name not in self._objects:
            if os.path.basename(registration.path) == _scan.DEFINITION:
                reader = importlib.import_module(_READER)
                self._objects[name] = reader.problem_class(Path(registration.path))
                self._run_time[name] = registration
            else:
                _import(registration.module, f"{self.title.capitalize()} {name!r}")
        if name not in self._objects:
            raise UserError(
                f"{registration} reads like a registration of the {self.title} '{name}', "
                f"but importing {registration.module} does not register it.",
                "Indent the line if it is an example in a docstring.",
            )
        return self._objects[name]

    def _registrations(self) -> dict[str, Registration]:
        found: dict[str, Registration] = {}
        for registration in _scanned(usr_dir.added()):
            if registration.kind == self.kind:
                if registration.name in found:
                    raise self._twice(registration.name, found[registration.name], registration)
                found[registration.name] = registration
        for name, here in self._run_time.items():
            if not _same(here, found.setdefault(name, here)):
                raise self._twice(name, here, found[name])
        return found

    def _twice(self, name: str, first: Registration, second: Registration) -> UserError:
        return UserError(
            f"The {self.title} '{name}' is registered twice:\n  first  {first}\n  second {second}",
            "Rename one of them.",
        )


class OptionRegistry(Registry):
    """Names that may carry an option behind a colon, such as the metric `bleu:zh`.

    What is registered takes options if it has a function `with_option(option)`, which returns the
    object for it or raises `UserError`.
    """

    def check(self, names: Iterable[str]) -> None:
        """Checks as `Registry.check` does; an option must be one that the object takes."""
        for name in names:
            base, colon, _ = name.partition(":")
            super().check([base])
            if colon:
                self.get(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).partition(":")[0])

    def get(self, name: str) -> Any:
        """The registered object, with its option if the name has one."""
        base, colon, option = name.partition(":")
        item = super().get(base)
        if not colon:
            return item
        if (with_option := getattr(item, "with_option", None)) is None:
            raise UserError(f"The {self.title} '{base}' takes no option, but is named '{name}'.")
        return with_option(option)


def _import(module: str, what: str) -> None:
    try:
        importlib.import_module(module)
    except UserError:
        raise
    except Exception as error:
        told = failed_import(error, what)
        if told is None:
            raise
        raise told from error


@cache
def _scanned(added: tuple[str, ...]) -> tuple[Registration, ...]:
    """Lists what is registered in the package, its siblings and outside; `added` keys the cache."""
    found: dict[str, list[Registration]] = {}
    for path, module in (
        *_scan.modules(Path(__file__).parent, "t2t_multimodel"),
        *_scan.modules(_checkout.folder("problems"), "t2t_multimodel.problems"),
        *_scan.modules(_checkout.folder("hparams"), "t2t_multimodel.hparams"),
        *usr_dir.files(),
    ):
        real = os.path.realpath(path)
        if real not in found:
            found[real] = _scan.registrations(path, module)
    return tuple(registration for each in found.values() for registration in each)


def check_name(name: str) -> None:
    """Raises `UserError` for what cannot be the name of a problem."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f"'{name}' is no name of a problem.",
            "Write lower-case letters, digits and underscores, a letter first.",
        )


def _real_path(file: str) -> str:
    return os.path.realpath(file) if os.path.isfile(file) else file


def _same(a: Registration, b: Registration) -> bool:
    """One file, which a scan has checked for doubles, or two runs of an interpreter's cell."""
    return a.path == b.path or not (os.path.isfile(a.path) or os.path.isfile(b.path))


problems = Registry("problem", next_command="mm-datagen --list", sets_name=True)
hparams = Registry("hparams", title="hparams set", next_command="mm-trainer --list_hparams")
modalities = Registry("modality")
vocabularies = Registry("vocabulary", sets_name=True)
metrics = OptionRegistry("metric")

register_problem = problems.register
register_hparams = hparams.register
register_modality = modalities.register
register_vocabulary = vocabularies.register
register_metric = metrics.register
