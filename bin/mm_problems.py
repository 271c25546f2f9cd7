"""mm-problems: lists and describes problems, and measures what needs no model.

It also writes the tab completion of all commands, which completes the names of problems.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from absl import flags

from t2t_multimodel import usr_dir
from t2t_multimodel.bin import _cli, _listing
from t2t_multimodel.errors import UserError, did_you_mean, unknown
from t2t_multimodel.registry import problems

COMMAND = _cli.Command(
    "mm-problems",
    "Lists problems, shows one, or measures the baselines that a model must beat.",
    arguments="list | show NAME | baselines NAME... | completion SHELL",
    example="mm-problems baselines octet_ende",
)
COMMAND.places()
COMMAND.group("What to measure").text("split", "SPLIT", "Split of the baselines.", "test")

SHELLS = ("bash", "zsh", "fish")
_ACTIONS = ("list", "show", "baselines", "completion")


def inform(args: flags.FlagValues, arguments: list[str]) -> None:
    """Runs the action that the first argument names."""
    usr_dir.add(args.usr_dir)
    action, *names = arguments or [""]
    _check(action, names)
    if action == "list":
        print(_listing.problem_list())
    elif action == "show":
        print(_listing.problem_page(names[0]))
    elif action == "completion":
        from t2t_multimodel.bin import _completion

        print(_completion.script(names[0]), end="")
    else:
        from t2t_multimodel.baselines import main as baselines_main

        baselines_main.baselines(names, args.data_dir, args.raw_dir, split=args.split)


def _check(action: str, names: list[str]) -> None:
    usage = f"Usage: mm-problems {COMMAND.arguments}"
    if action not in _ACTIONS:
        said = f"cannot '{action}'.{did_you_mean(action, _ACTIONS)}" if action else "does what?"
        raise UserError(f"mm-problems {said}", usage)
    wanted = {"list": "no name", "show": "one name", "baselines": "at least one name"}
    fits = {"list": not names, "baselines": bool(names)}.get(action, len(names) == 1)
    if not fits:
        taken = wanted.get(action, "one shell")
        raise UserError(f"mm-problems {action} takes {taken}, but was given {len(names)}.", usage)
    if action == "completion":
        if names[0] not in SHELLS:
            raise unknown("shell", names[0], SHELLS)
        return
    problems.check(names)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(inform, argv)


if __name__ == "__main__":
    sys.exit(main())
