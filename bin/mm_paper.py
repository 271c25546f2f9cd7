"""mm-paper: the paper's tables, and experiments of one's own."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from t2t_multimodel import quiet, usr_dir
from t2t_multimodel.bin import _cli
from t2t_multimodel.errors import UserError, did_you_mean
from t2t_multimodel.paper.experiment import Experiment
from t2t_multimodel.paper.lanes import default_lanes
from t2t_multimodel.paper.listing import listing
from t2t_multimodel.paper.runner import Request
from t2t_multimodel.paper.scales import Scale, scale_named
from t2t_multimodel.paper.tables import ALL, TABLES, tables_named

COMMAND = _cli.Command(
    "mm-paper",
    "Trains the arms of the paper's tables, or of an experiment of yours, and says what holds.",
    arguments="table1 | ... | table4 | affinity | experts | all | run FILE.py | list",
    example="mm-paper table2 --scale=cpu --seeds=3",
)
_what = COMMAND.group("What to run")
_what.text("scale", "SCALE", "How large the runs are; list shows all. Default: cpu; for run: full.")
_what.number("seeds", "Runs of each arm. Default: as the scale says.", lowest=1)
_what.names("arms", "Train these arms only. Default: all.", alias="arm")
_what.number(
    "jobs",
    "Runs trained side by side on shares of the cores. Default: one for each core that memory "
    "suffices for; 1 with an accelerator.",
    lowest=1,
)
_what.switch("page_only", "Train nothing: write the page from the records that are there.")
COMMAND.places()
_results = COMMAND.group("Results")
_results.path(
    "output_dir", "DIR", "Folders of the runs. Default: ./runs/paper-SCALE, or ./runs/FILE."
)
_results.path("results_dir", "DIR", "Records of finished runs, and the page. Default: output_dir.")
COMMAND.cache()

RUN, LIST = "run", "list"
COMMAND.words = (*TABLES, ALL, RUN, LIST)
_USAGE = f"Usage: mm-paper {COMMAND.arguments}"


def paper(args: flags.FlagValues, arguments: list[str]) -> None:
    """Runs the action that the first argument names."""
    usr_dir.add(args.usr_dir)
    action, *files = arguments or [""]
    _check(action, files)
    scale = scale_named(args.scale or ("full" if action == RUN else "cpu"))
    if action == LIST:
        print(listing(scale))
        return
    if action == RUN:
        from t2t_multimodel.paper.user_file import experiments_in

        file = Path(files[0]).expanduser()
        experiments, name = experiments_in(file), file.stem
        folder = args.output_dir or Path("runs", name)
    else:
        experiments, name = tables_named(action, scale), action
        folder = args.output_dir or Path("runs", f"paper-{scale.name}")
    _run(args, _request(args, experiments, scale, folder), name, shlex.join(arguments))


def _check(action: str, files: list[str]) -> None:
    known = [*TABLES, ALL, RUN, LIST]
    if action not in known:
        guess = did_you_mean(action, known)
        said = f"has no table or action '{action}'.{guess}" if action else "does what?"
        raise UserError(f"mm-paper {said}", _USAGE)
    if len(files) != (action == RUN):
        wanted = "one file" if action == RUN else "no name"
        raise UserError(f"mm-paper {action} takes {wanted}, but was given {len(files)}.", _USAGE)


def _request(
    args: flags.FlagValues, experiments: list[Experiment], scale: Scale, folder: Path
) -> Request:
    return Request(
        experiments=tuple(experiments),
        scale=scale,
        seeds=args.seeds or scale.seeds,
        output_dir=folder,
        results_dir=args.results_dir or folder,
        data_dir=args.data_dir,
        raw_dir=args.raw_dir,
        only=tuple(args.arms),
        lanes=_lanes(args),
    )


def _lanes(args: flags.FlagValues) -> int:
    if args.jobs and args.page_only:
        raise UserError(
            "--jobs says how runs are trained, and --page_only trains none.",
            "Leave one of them out.",
        )
    return args.jobs or default_lanes()


def _run(args: flags.FlagValues, request: Request, name: str, arguments: str) -> None:
    from t2t_multimodel.paper.runner import jobs_of, missing

    missing(jobs_of(request), request)  # tells mistakes before TensorFlow is loaded
    quiet.import_tensorflow()
    from t2t_multimodel.paper.main import run_experiments, write_page

    command = f"mm-paper {arguments} --scale={request.scale.name} --seeds={request.seeds}"
    (write_page if args.page_only else run_experiments)(request, name, command)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(paper, argv)


if __name__ == "__main__":
    sys.exit(main())
