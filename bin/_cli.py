"""The one frame of all commands: flags in groups, help, exit codes.

Each command parses flags of its own, so that `--help` shows those and no library's. Exit codes:
0 done, 2 a mistake of the user's (told without a traceback), 130 stopped by Ctrl-C.

absl parses already; argparse would need as much code for the paths, aliases and nearest names.
"""

from __future__ import annotations

import copy
import io
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from absl import flags

from t2t_multimodel import __version__, storage, usr_dir
from t2t_multimodel.errors import UserError, did_you_mean

Main = Callable[[flags.FlagValues, list[str]], None]

_HELP = ("-h", "-help", "--help")
_VERSION = ("-version", "--version")
_INDENT = 30
_LONGEST_NAME, _LONGEST_PATH = 255, 4095  # bytes, of Linux


class _PathParser(flags.ArgumentParser[Any]):
    """Reads a path, with `~` for the home folder; an URL stays a text until all flags are read."""

    def parse(self, argument: str | Path) -> Path | str:
        if storage.is_url(argument):
            return str(argument)
        path = storage.place(argument).expanduser()
        if "\0" in str(path):
            raise ValueError("a path has no NUL characters")
        if len(os.fsencode(path)) > _LONGEST_PATH or any(
            len(os.fsencode(part)) > _LONGEST_NAME for part in path.parts
        ):
            raise ValueError(f"a name has up to {_LONGEST_NAME} bytes, a path {_LONGEST_PATH:,}")
        return path


class _RawDirParser(flags.ArgumentParser[Any]):
    """Reads `FOLDER` or `PROBLEM:FOLDER,...`."""

    def parse(self, argument: Any) -> Any:
        return argument if "://" in str(argument) else _raw_dirs(argument)


def _raw_dirs(given: Any) -> Any:
    from t2t_multimodel.data.raw_dirs import RawDirs

    return RawDirs.parse(given) if isinstance(given, str) else given


class Group:
    """A heading in `--help` and the flags under it."""

    def __init__(self, command: Command, title: str) -> None:
        self._into: dict[str, Any] = {"flag_values": command.flags, "module_name": title}
        self._command = command

    def text(self, name: str, metavar: str, help: str, default: str | None = None) -> None:
        """Adds `--name=METAVAR`, a string or None."""
        self._command.metavars[name] = f"={metavar}"
        flags.DEFINE_string(name, default, help, **self._into)

    def path(self, name: str, metavar: str, help: str, default: str | None = None) -> None:
        """Adds `--name=METAVAR`, a `Path` or None."""
        self._command.metavars[name] = f"={metavar}"
        flags.DEFINE(_PathParser(), name, default, help, **self._into)

    def raw_dir(self, name: str, metavar: str, help: str) -> None:
        """Adds `--name=METAVAR`, a `RawDirs` or None."""
        self._command.metavars[name] = f"={metavar}"
        flags.DEFINE(_RawDirParser(), name, None, help, **self._into)

    def texts(self, name: str, metavar: str, help: str) -> None:
        """Adds `--name=METAVAR`, which may be given several times."""
        self._command.metavars[name] = f"={metavar}"
        flags.DEFINE_multi_string(name, [], help, **self._into)

    def names(self, name: str, help: str, *, alias: str, metavar: str = "NAME[,NAME...]") -> None:
        """Adds `--name=NAME[,NAME...]`, a list of strings, and a second spelling of it."""
        self._command.metavars[name] = f"={metavar}"
        flags.DEFINE_list(name, [], help, **self._into)
        self._command.aliases[alias] = name

    def number(self, name: str, help: str, *, lowest: int) -> None:
        """Adds `--name=N`, a whole number that may be left out."""
        self._command.metavars[name] = "=N"
        flags.DEFINE_integer(name, None, help, lower_bound=lowest, **self._into)

    def real(self, name: str, help: str, *, lowest: float) -> None:
        """Adds `--name=X`, a number that may be left out."""
        self._command.metavars[name] = "=X"
        flags.DEFINE_float(name, None, help, lower_bound=lowest, **self._into)

    def switch(self, name: str, help: str) -> None:
        """Adds `--name`, off by default."""
        self._command.metavars[name] = ""
        flags.DEFINE_boolean(name, False, help, **self._into)

    def choice(self, name: str, choices: Sequence[str], help: str) -> None:
        """Adds `--name[=CHOICE]`; the bare flag means the first choice."""
        self._command.metavars[name] = f"[={'|'.join(choices)}]"
        self._command.bare[name] = choices[0]
        flags.DEFINE_enum(name, None, choices, help, **self._into)


class Command:
    """A command of the terminal.

    Args:
        name: as typed, such as `mm-datagen`.
        summary: one sentence for the top of `--help`.
        example: a line that works.
        arguments: what may follow besides flags, for the usage line; none by default.
    """

    def __init__(self, name: str, summary: str, *, example: str, arguments: str = "") -> None:
        self.name = name
        self.summary = summary
        self.example = example
        self.arguments = arguments
        self.words: tuple[str, ...] = ()
        """What the first argument may be, for completion; empty: anything."""
        self.flags = flags.FlagValues()
        self.flags.set_gnu_getopt(True)  # flags may follow the arguments
        self.metavars: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.bare: dict[str, str] = {}

    def group(self, title: str) -> Group:
        """A new heading for flags."""
        return Group(self, title)

    def places(self) -> None:
        """Adds the flags for folders that most commands share."""
        where = self.group("Where things are")
        where.path("data_dir", "DIR", "Encoded records.", "./data")
        where.raw_dir("raw_dir", "DIR|NAME:DIR,...", "Raw files of problems that need your copy.")
        usr_dir = "Your own problems and sets: folders or .py files, by comma."
        where.text("usr_dir", "DIR", usr_dir, "")

    def cache(self) -> None:
        """Adds the flags that say where the files of URLs lie on this machine."""
        cache = self.group("Cache for s3://, gs://, ..., see docs/storage.md")
        cache.path("cache_dir", "DIR", "Its folder. Default: ~/.cache/t2t_multimodel.")
        cache.real("cache_gb", "Its limit; 0: off. Default: 10.", lowest=0)

    def flag_names(self) -> list[str]:
        """All flags in the order of `--help`, then the second spellings."""
        grouped = self.flags.flags_by_module_dict().values()
        return [*(flag.name for group in grouped for flag in group), *self.aliases]

    def run(self, main: Main, argv: Sequence[str] | None = None) -> int:
        """Parses the arguments, calls `main(flags, arguments)` and returns the exit code."""
        given = list(sys.argv[1:] if argv is None else argv)
        if isinstance(sys.stdout, io.TextIOWrapper):  # names of files need not be UTF-8
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            if any(item in _HELP for item in given):
                print(self.help())
            elif any(item in _VERSION for item in given):
                print(f"{self.name} {__version__}")
            else:
                values, arguments = self._parse(given)
                _open_urls(values)
                if "data_dir" in values:
                    usr_dir.add_definitions(values.data_dir)
                main(values, arguments)
                storage.publish_all()
            sys.stdout.flush()
            return 0
        except UserError as error:
            print(error, file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("Stopped.", file=sys.stderr)
            return 130
        except BrokenPipeError:  # the reader of our output went away: mm-datagen --list | head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141

    def help(self) -> str:
        """The text of `--help`."""
        arguments = f" {self.arguments}" if self.arguments else ""
        usage = f"Usage: {self.name}{arguments} [flags]"
        lines = [self.summary, "", usage, f"   e.g. {self.example}"]
        for title, group in self.flags.flags_by_module_dict().items():
            lines += ["", f"{title}:", *map(self._help_of, group)]
        lines += ["", "--help shows this, --version the version of t2t_multimodel."]
        return "\n".join(lines)

    def _help_of(self, flag: flags.Flag) -> str:
        head = f"  --{flag.name}{self.metavars[flag.name]}"
        shown = flag.default_unparsed  # a text is as written in the command
        default = f" Default: {shown}." if shown and isinstance(shown, str) else ""
        also = "".join(f" Also --{new}." for new, old in self.aliases.items() if old == flag.name)
        width = min(shutil.get_terminal_size((100, 24)).columns, 100) - _INDENT
        # Drops what absl adds to the help of a choice and of a repeated flag.
        text, _, repeats = re.sub(r"^<.*?>: ", "", flag.help or "").partition(";\n")
        several = " May be given several times." if repeats else ""
        body = textwrap.wrap(f"{text}{several}{default}{also}", max(width, 40))
        gap = "\n" + " " * _INDENT
        start = head.ljust(_INDENT) if len(head) < _INDENT else head + gap
        return start + gap.join(body)

    def _parse(self, argv: list[str]) -> tuple[flags.FlagValues, list[str]]:
        values = copy.deepcopy(self.flags)  # each run starts from the defaults
        try:
            _, *arguments = values([self.name, *map(self._in_full, argv)])
        except flags.UnrecognizedFlagError as error:
            names = self.flag_names()
            guess = did_you_mean(f"--{error.flagname}", [f"--{name}" for name in names], mark="")
            raise self._misuse(f"{self.name} has no flag --{error.flagname}.{guess}") from None
        except flags.IllegalFlagValueError as error:
            raise self._misuse(_bad_value(str(error), values)) from None
        except (flags.Error, ValueError) as error:
            raise self._misuse(f"{str(error).rstrip('.')}.") from None
        for flag in (values[name] for name in values):
            if flag.present > 1 and self._takes_a_list(flag):
                raise self._misuse(f"--{flag.name} is given twice; one with commas takes all.")
        if arguments and not self.arguments:
            raise self._misuse(f"{self.name} takes flags only, but was given '{arguments[0]}'.")
        return values, arguments

    def _takes_a_list(self, flag: flags.Flag) -> bool:
        """Whether the flag's one value holds several, of which a second flag would drop some."""
        if isinstance(flag, flags.MultiFlag):
            return False  # a MultiFlag keeps every value
        return isinstance(flag.parser, flags.ListParser) or "," in self.metavars[flag.name]

    def _in_full(self, item: str) -> str:
        """A flag in its first spelling, and with a value where it may stand bare."""
        if not item.startswith("-"):
            return item
        name, equals, value = item.lstrip("-").partition("=")
        name = self.aliases.get(name, name)
        if name in self.bare and not equals:
            return f"--{name}={self.bare[name]}"
        return f"--{name}{equals}{value}" if name in self.metavars else item

    def _misuse(self, message: str) -> UserError:
        return UserError(message, f"{self.name} --help shows all {len(self.flag_names())} flags.")


def _open_urls(values: flags.FlagValues) -> None:
    """Gives each flag whose value is an URL the path that stands for it, with what lies there."""
    if "cache_gb" in values:
        gigabytes = values["cache_gb"].value
        limit = storage.DEFAULT_GB if gigabytes is None else gigabytes
        folder = values["cache_dir"].value
        if storage.is_url(folder or ""):
            raise UserError(f"--cache_dir={folder}: expected a folder of this machine.")
        storage.use_cache(folder, limit)
    for flag in (values[name] for name in values):
        if isinstance(flag.parser, _PathParser) and isinstance(flag.value, str):
            flag.value = storage.place(flag.value)
            if flag.name != "data_dir":  # whoever reads a problem's records fetches those alone
                storage.fetch(flag.value)
        elif isinstance(flag.parser, _RawDirParser) and isinstance(flag.value, str):
            flag.value = _raw_dirs(flag.value)


def _bad_value(error: str, values: flags.FlagValues) -> str:
    match = re.match(r"flag --(\w+)=(.*?): (.*)", error, re.DOTALL)
    if match is None:
        return error
    name, value, reason = match.groups()
    parser = values[name].parser
    if isinstance(parser, flags.EnumParser):
        wanted = " or ".join(parser.enum_values)
    else:
        wanted = parser.syntactic_help or "true or false" * values[name].boolean
    return f"--{name}={value}: expected {wanted}." if wanted else f"--{name}={value}: {reason}."
