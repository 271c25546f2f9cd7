"""The pages of the site that are made and not written: start, settings, commands, changes.

A hook of MkDocs, see `mkdocs.yml`. Links to files that are neither pages nor drawings become the
names of the files, since the site holds nothing else.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"\[([^\]\n]*)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")
_TOP = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
"""Files of the root that are pages of the site, with the names that they have there."""


def on_files(files: Any, config: Any) -> Any:
    """Adds the made pages to the files of the site."""
    from mkdocs.structure.files import File

    for name, text in made_pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Rewrites the links of a page that lead out of the folder of pages; blocks stay."""
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    parts[::2] = [_LINK.sub(_inside_site, part) for part in parts[::2]]
    return "".join(parts)


def _inside_site(match: re.Match[str]) -> str:
    words, target, anchor = match[1], match[2], match[3] or ""
    path = target.removeprefix("../").removeprefix("docs/")
    path = _TOP.get(path, path)
    if path.endswith((".md", ".png")):
        return f"[{words}]({path}{anchor})"
    inside = not target.startswith("../") and (ROOT / "docs" / path).exists()
    name = f"docs/{path}" if inside else path
    return f"{words} (`{name}`)" if words.strip("`") != name else f"`{name}`"


def made_pages() -> dict[str, str]:
    """The name of each made page -> its Markdown."""
    pages = {new: (ROOT / old).read_text("utf-8") for old, new in _TOP.items()}
    return {**pages, "settings.md": settings_page(), "commands.md": commands_page()}


def settings_page() -> str:
    """Every field of every section of the settings, with its default and what it means."""
    from t2t_multimodel.config import Config
    from t2t_multimodel.config.tree import all_fields

    lines = [
        "# Settings",
        "",
        "Every setting, as `--hparams=PATH=VALUE` takes it. `mm-trainer --list_hparams=fields`",
        "prints the same. A section with a kind in its heading exists only where that is chosen.",
    ]
    for (section, where, chosen), fields in groupby(all_fields(Config), _section_of):
        kinds = f", with `{'='.join(chosen[-1])}`" if chosen else ""
        lines += ["", f"## {where or 'the whole'}{kinds}", ""]
        lines += [f"`{section.__name__}`: {_first_line(section)}", ""]
        lines += ["| setting | default | meaning |", "|---|---|---|"]
        lines += [_setting(field) for field in fields]
    return "\n".join(lines) + "\n"


def _section_of(field: Any) -> tuple[Any, str, Any]:
    return field.section, field.path.rpartition(".")[0], field.chosen


def _setting(field: Any) -> str:
    from t2t_multimodel.bin import _listing

    default = _listing._default(field.section, field.name)
    return f"| `{field.path}` | {_code(default)} | {_cell(_listing._meaning(field))} |"


def _first_line(section: type) -> str:
    return (inspect.getdoc(section) or "").splitlines()[0]


def commands_page() -> str:
    """Every command with its flags, as `--help` shows them."""
    lines = [
        "# Commands",
        "",
        "Every command and every flag, as `--help` of a command shows them.",
    ]
    for command in commands():
        usage = f"{command.name} {command.arguments}".strip()
        lines += ["", f"## {command.name}", "", command.summary, ""]
        lines += [f"`{usage} [flags]`, such as `{command.example}`"]
        for title, group in command.flags.flags_by_module_dict().items():
            lines += ["", f"**{title}**", "", "| flag | default | meaning |", "|---|---|---|"]
            lines += [_flag(command, flag) for flag in group]
    return "\n".join(lines) + "\n"


def commands() -> Iterator[Any]:
    """The `Command` of each command, by name."""
    for path in sorted((ROOT / "bin").glob("mm_*.py")):
        yield importlib.import_module(f"t2t_multimodel.bin.{path.stem}").COMMAND


def _flag(command: Any, flag: Any) -> str:
    text = re.sub(r"^<.*?>: ", "", flag.help or "").partition(";\n")[0]
    also = [new for new, old in command.aliases.items() if old == flag.name]
    more = "".join(f" Also `--{name}`." for name in also)
    default = flag.default_unparsed
    shown = _code(default) if default and isinstance(default, str) else ""
    name = f"--{flag.name}{_cell(command.metavars[flag.name])}"
    return f"| `{name}` | {shown} | {_cell(text)}{more} |"


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    """A text for a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
