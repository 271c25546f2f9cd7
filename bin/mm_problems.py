"""mm-problems: lists and describes problems, checks them, and measures what needs no model.

It also writes the tab completion of all commands, which completes the names of problems.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from absl import flags

from t2t_multimodel import quiet, usr_dir
from t2t_multimodel.bin import _cli, _listing
from t2t_multimodel.errors import UserError, did_you_mean, unknown
from t2t_multimodel.registry import problems
from t2t_multimodel.shipped import folder_of

COMMAND = _cli.Command(
    "mm-problems",
    "Lists problems, shows one, checks it, draws a page about it, or measures its baselines.",
    arguments="list | show NAME | check NAME... | inspect NAME[:RATE]... | baselines NAME... | "
    "completion SHELL",
    example="mm-problems baselines octet_ende",
)
COMMAND.places()
_what = COMMAND.group("What to look at")
_what.text("split", "SPLIT", "Split of the baselines.", "test")
_each = "Examples of each split: that check reads (5,000), that inspect shows (8)."
_what.number("examples", _each, lowest=1)
_what.path("model", "RUN", "Of inspect: show what this model puts out beside the targets.")
_results = COMMAND.group("Results")
_results.path("json", "FILE", "Write there too what check found.")
_results.path("output", "FILE", "Page of inspect, .html. Default: NAME.html or mixture.html.")
COMMAND.cache()

SHELLS = ("bash", "zsh", "fish")
_ACTIONS = ("list", "show", "check", "inspect", "baselines", "completion")
COMMAND.words = _ACTIONS

_FLAGS_OF = {
    "split": ("baselines",),
    "examples": ("check", "inspect"),
    "model": ("inspect",),
    "json": ("check",),
    "output": ("inspect",),
}
"""Flag -> the actions that read it."""


def inform(args: flags.FlagValues, arguments: list[str]) -> None:
    """Runs the action that the first argument names."""
    usr_dir.add(args.usr_dir)
    action, *names = arguments or [""]
    _check(action, names)
    for flag, actions in _FLAGS_OF.items():
        if args[flag].present and action not in actions:
            raise UserError(f"--{flag} goes with mm-problems {' and '.join(actions)}.")
    if action == "list":
        print(_listing.problem_list())
    elif action == "show":
        print(_listing.problem_page(names[0]))
    elif action == "completion":
        from t2t_multimodel.bin import _completion

        print(_completion.script(names[0]), end="")
    elif action == "check":
        from t2t_multimodel.check.main import check_problems

        check_problems(names, args.data_dir, args.raw_dir, most=args.examples, json_file=args.json)
    elif action == "inspect":
        _inspect(args, names)
    else:
        from t2t_multimodel.baselines import main as baselines_main

        baselines_main.baselines(names, args.data_dir, args.raw_dir, split=args.split)


def _inspect(args: flags.FlagValues, names: list[str]) -> None:
    if args.output and args.output.suffix != ".html":
        raise UserError(f"--output={args.output}: expected a name that ends in .html.")
    if args.model is not None:
        folder_of(args.model)  # raises if it is not there
    if args.model is not None or len(names) > 1 or ":" in names[0]:
        quiet.import_tensorflow()
    from t2t_multimodel.inspect_page.main import write_page

    page = write_page(
        names,
        args.data_dir,
        args.raw_dir,
        output=args.output,
        model=args.model,
        examples=args.examples,
    )
    print(f"Page: {page}")


def _check(action: str, names: list[str]) -> None:
    usage = f"Usage: mm-problems {COMMAND.arguments}"
    if action not in _ACTIONS:
        said = f"cannot '{action}'.{did_you_mean(action, _ACTIONS)}" if action else "does what?"
        raise UserError(f"mm-problems {said}", usage)
    several = ("check", "inspect", "baselines")
    wanted = {"list": "no name", "show": "one name", "completion": "one shell"}
    fits = not names if action == "list" else len(names) == 1
    if not (bool(names) if action in several else fits):
        taken = wanted.get(action, "at least one name")
        raise UserError(f"mm-problems {action} takes {taken}, but was given {len(names)}.", usage)
    if action == "completion":
        if names[0] not in SHELLS:
            raise unknown("shell", names[0], SHELLS)
        return
    problems.check([name.partition(":")[0] if action == "inspect" else name for name in names])


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(inform, argv)


if __name__ == "__main__":
    sys.exit(main())
