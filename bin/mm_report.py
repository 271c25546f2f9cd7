"""mm-report: a report of a run, or what differs between two."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from absl import flags

from t2t_multimodel import storage
from t2t_multimodel.bin import _cli
from t2t_multimodel.errors import UserError

COMMAND = _cli.Command(
    "mm-report",
    "Reports on a run; on what differs between two runs; or on a batch that made a run diverge.",
    arguments="RUN [OTHER_RUN] | diverged-step-N.npz",
    example="mm-report runs/octet_quick",
)
COMMAND.group("A report of one run").path(
    "output",
    "FILE",
    "Page to write, .html; the same as Markdown goes beside it. Without it: report.html and "
    "report.md in the run's folder.",
)
COMMAND.cache()


def report(args: flags.FlagValues, arguments: list[str]) -> None:
    """Looks at what the arguments name."""
    paths = [storage.fetch(storage.place(argument)) for argument in arguments]
    if len(paths) not in (1, 2):
        raise UserError(
            f"mm-report takes one or two runs, but was given {len(paths)}.",
            f"Usage: mm-report {COMMAND.arguments}",
        )
    for path in paths:
        if not path.exists():
            raise UserError(f"{path} does not exist.", "mm-trainer writes runs into ./runs/SET.")
    if args.output and (len(paths) == 2 or paths[0].suffix == ".npz"):
        raise UserError("--output goes with one run: its report is written there.")
    if len(paths) == 2:
        from t2t_multimodel.report.difference import print_differences

        print_differences(*paths)
    elif paths[0].suffix == ".npz":
        from t2t_multimodel.report.batch import print_batches

        print_batches(paths[0])
    else:
        from t2t_multimodel.report.pages import write_pages
        from t2t_multimodel.report.summary import print_summary

        print_summary(paths[0])
        html, markdown = write_pages(paths[0], args.output)
        print(f"Report: {storage.shown(html)} and {storage.shown(markdown)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(report, argv)


if __name__ == "__main__":
    sys.exit(main())
