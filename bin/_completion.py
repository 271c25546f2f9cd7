"""Tab completion of bash, zsh and fish, written from the flags of the commands themselves."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from t2t_multimodel.bin._cli import Command
from t2t_multimodel.registry import hparams, problems

MODULES = (
    *("mm_add_task", "mm_average", "mm_datagen", "mm_decode", "mm_eval", "mm_export"),
    *("mm_paper", "mm_problems", "mm_remove_task", "mm_report", "mm_serve", "mm_trainer"),
)
_VALUES: dict[str, Callable[[], list[str]]] = {
    "problem": problems.names,
    "problems": problems.names,
    "hparams_set": hparams.names,
}
"""Flags whose values are registered names."""


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


def _choices(command: Command, name: str) -> list[str]:
    """The values that a flag may have, where they are known."""
    if name in _VALUES:
        return _VALUES[name]()
    if name not in command.flags:
        return []
    parser: Any = command.flags[name].parser
    return list(getattr(parser, "enum_values", None) or ())


def _bash(commands: list[Command]) -> Iterator[str]:
    yield "# Tab completion of t2t_multimodel's commands; in ~/.bashrc:"
    yield "#   source <(mm-problems completion bash)"
    yield "_mm_commands() {"
    yield '  local word="${COMP_LINE:0:COMP_POINT}" flags="" values=""'
    yield '  word="${word##* }"'
    yield '  case "${COMP_WORDS[0]##*/} ${word%%=*}" in'
    for command in commands:
        for name, _, _ in _flags(command):
            if values := _choices(command, name):
                yield f'    "{command.name} --{name}") values="{" ".join(values)}" ;;'
    yield "  esac"
    yield '  if [[ "$word" == *=* ]]; then'
    yield '    COMPREPLY=($(compgen -W "$values" -- "${word#*=}"))'
    yield "    return"
    yield "  fi"
    yield '  case "${COMP_WORDS[0]##*/}" in'
    for command in commands:
        flags = " ".join(f"--{name}{'=' * bool(metavar)}" for name, metavar, _ in _flags(command))
        yield f'    {command.name}) flags="{flags}" ;;'
    yield "  esac"
    yield '  COMPREPLY=($(compgen -W "$flags" -- "$word"))'
    yield '  [[ "${COMPREPLY[0]}" == *= ]] && compopt -o nospace 2>/dev/null'
    yield "  return 0"
    yield "}"
    yield f"complete -o default -F _mm_commands {' '.join(one.name for one in commands)}"


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
        yield "        '*:argument:_files' ;;"
    yield "  esac"
    yield "}"
    yield f"compdef _mm_commands {' '.join(one.name for one in commands)}"


def _fish(commands: list[Command]) -> Iterator[str]:
    yield "# Tab completion of t2t_multimodel's commands; in ~/.config/fish/config.fish:"
    yield "#   mm-problems completion fish | source"
    for command in commands:
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
