"""Tab completion of bash, zsh and fish, written from the flags of the commands themselves."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from t2t_multimodel.bin._cli import Command
from t2t_multimodel.registry import hparams, problems

MODULES = (
    *("mm_add_task", "mm_average", "mm_convert", "mm_datagen", "mm_decode", "mm_eval", "mm_export"),
    *("mm_paper", "mm_problems", "mm_remove_task", "mm_report", "mm_serve", "mm_trainer"),
)
_VALUES: dict[str, Callable[[], list[str]]] = {
    "problem": problems.names,
    "problems": problems.names,
    "hparams_set": hparams.names,
}
"""Flags whose values are registered names."""
_BEHIND = {"mm-problems": problems.names}
"""Commands whose further arguments are registered names."""


def script(shell: str) -> str:
    """The script that a shell reads to complete the flags of all commands.

    Args:
        shell: one of `SHELLS`.
    """
    commands = [importlib.import_module(f"t2t_multimodel.bin.{one}").COMMAND for one in MODULES]
    return "\n".join([*SHELLS[shell](commands), ""])


def _flags(command: Command) -> Iterator[tuple[str, str, str]]:
    """Name, metavar and help of each flag."""
    for name in command.flag_names():
        first = command.aliases.get(name, name)
        text = re.sub(r"^<.*?>: ", "", command.flags[first].help or "").partition(";\n")[0]
        yield name, command.metavars[first], text
    yield "help", "", "Show what the command does and its flags."
    yield "version", "", "Show the version of t2t_multimodel."


def _fields() -> list[str]:
    """The path of each setting, to be followed by its value."""
    from t2t_multimodel.config import Config
    from t2t_multimodel.config.tree import all_fields

    return [f"{path}=" for path in dict.fromkeys(field.path for field in all_fields(Config))]


def _choices(command: Command, name: str) -> list[str]:
    """The values that a flag may have, where they are known."""
    if name == "hparams":
        return _fields()
    if name in _VALUES:
        return _VALUES[name]()
    if name not in command.flags:
        return []
    parser: Any = command.flags[name].parser
    return list(getattr(parser, "enum_values", None) or ())


_BASH = """
  if [[ "$word" == --*=* ]]; then
    # Readline completes what stands behind the last = or :, of a list all that stands there.
    local value="${word#*=}" last
    last="${value##*,}" value="${value##*[=:]}"
    [[ "$last" == *=* ]] && values=""
    COMPREPLY=($(compgen -P "${value%"$last"}" -W "$values" -- "$last"))
  elif [[ "$word" == -* || -z "$words$names" ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  else
    local -a before=($line) arguments=()
    [[ -n "$word" ]] && unset 'before[-1]'
    for value in "${before[@]:1}"; do [[ "$value" == -* ]] || arguments+=("$value"); done
    [[ ${#arguments[@]} -gt 0 ]] && words="$names"
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  fi
  [[ "${COMPREPLY[0]}" == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}"""


def _bash(commands: list[Command]) -> Iterator[str]:
    yield "# Tab completion of t2t_multimodel's commands; in ~/.bashrc:"
    yield "#   source <(mm-problems completion bash)"
    yield "_mm_commands() {"
    yield '  local line="${COMP_LINE:0:COMP_POINT}" word flags="" values="" words="" names=""'
    yield '  word="${line##* }"'
    lists: dict[str, list[str]] = {}
    for command in commands:
        for name, _, _ in _flags(command):
            if values := _choices(command, name):
                lists.setdefault(" ".join(values), []).append(f'"{command.name} --{name}"')
    yield '  case "${COMP_WORDS[0]##*/} ${word%%=*}" in'
    for text, places in lists.items():
        yield f'    {"|".join(places)}) values="{text}" ;;'
    yield "  esac"
    yield '  case "${COMP_WORDS[0]##*/}" in'
    for command in commands:
        flags = " ".join(f"--{name}{'=' * bool(metavar)}" for name, metavar, _ in _flags(command))
        words, names = " ".join(command.words), " ".join(_names_behind(command))
        yield f'    {command.name}) flags="{flags}" words="{words}" names="{names}" ;;'
    yield f"  esac{_BASH}"
    yield f"complete -o default -F _mm_commands {' '.join(one.name for one in commands)}"


def _names_behind(command: Command) -> list[str]:
    """What may follow the first argument, where it is known."""
    return _BEHIND[command.name]() if command.name in _BEHIND else []


def _zsh(commands: list[Command]) -> Iterator[str]:
    yield f"#compdef {' '.join(one.name for one in commands)}"
    yield "# Tab completion of t2t_multimodel's commands; in ~/.zshrc, after compinit:"
    yield "#   source <(mm-problems completion zsh)"
    yield "_mm_commands() {"
    yield "  case $service in"
    for command in commands:
        yield f"    {command.name})"
        yield "      _arguments \\"
        for name, metavar, text in _flags(command):
            said = re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")
            values = _choices(command, name)
            action = f"({' '.join(values)})" if values else "_files"
            takes = f"=[{said}]:{name}:{action}" if metavar else f"[{said}]"
            yield f"        '--{name}{takes}' \\"
        if command.words:
            yield f"        '1:what:({' '.join(command.words)})' \\"
        names = _names_behind(command)
        rest = f"({' '.join(names)})" if names else "_files"
        yield f"        '*:argument:{rest}' ;;"
    yield "  esac"
    yield "}"
    yield f"compdef _mm_commands {' '.join(one.name for one in commands)}"


def _fish(commands: list[Command]) -> Iterator[str]:
    yield "# Tab completion of t2t_multimodel's commands; in ~/.config/fish/config.fish:"
    yield "#   mm-problems completion fish | source"
    for command in commands:
        if command.words:
            first = " ".join(command.words)
            yield f"complete -c {command.name} -n __fish_is_first_token -f -a '{first}'"
        if names := _names_behind(command):
            told = " ".join(names)
            yield f"complete -c {command.name} -n 'not __fish_is_first_token' -f -a '{told}'"
        for name, metavar, text in _flags(command):
            said = text.replace("\\", "\\\\").replace("'", "\\'")
            values = " ".join(_choices(command, name))
            takes = f" -x -a '{values}'" if values else " -r" if metavar else ""
            yield f"complete -c {command.name} -l {name} -d '{said}'{takes}"


SHELLS: dict[str, Callable[[list[Command]], Iterator[str]]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}
"""Shell -> the lines of its script."""
