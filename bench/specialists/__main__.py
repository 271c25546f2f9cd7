"""What a user would pick instead: specialists of one task, trained for the same CPU seconds.

    pip install -e '.[specialists]'
    python -m bench.specialists --joint=runs/octet_tiny --json=specialists.json
    python -m bench.specialists --problems=octet_ende --cpu_seconds=60 --split=dev \
        --settings=transformer.width=192,transformer.rate=1e-3

trains on each problem, one after the other and each in a process with one thread on one core: a
specialist in PyTorch (a pre-norm Transformer for texts and trees, a small CNN for images, a CTC
recogniser of characters for speech); and the project's net on that problem alone. Prints a table
for each problem: scores with 95 % intervals by bootstrap, parameters, steps and CPU seconds; with
--joint, a checkpoint of a joint run beside them. All read the same records, and the project's
tokenizers and metrics score all outputs. CPU seconds are those of the whole training process:
imports, records and compiling count, evaluation does not. The rate of a specialist follows the
share of the budget that is spent. The project's net has a schedule by steps; a first training of
60 steps, which is not counted, tells how many steps the budget has time for.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.specialists.kinds import kind_of
from bench.specialists.settings import KINDS, read_settings
from t2t_multimodel import quiet, registry
from t2t_multimodel.errors import UserError

PROBLEMS = "octet_ende,octet_parse,octet_image,octet_speech"


def main(argv: Sequence[str] | None = None) -> int:
    """Reads the flags, trains, prints; returns the exit code."""
    flags = parser().parse_args(argv)
    try:
        run(flags)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """The flags."""
    made = argparse.ArgumentParser("bench.specialists", description=__doc__.split("\n")[0])
    made.add_argument("--problems", default=PROBLEMS, help="names with commas between")
    made.add_argument("--split", default="test", help="that is scored; tune on dev")
    made.add_argument("--cpu_seconds", type=float, default=0, help="0: by the kind of problem")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--beam_size", type=int, default=4, help="1: greedy search alone")
    made.add_argument("--decode_examples", type=int, default=0, help="0: all of the split")
    made.add_argument("--joint", type=Path, help="a joint run or one of its checkpoints")
    made.add_argument("--hparams_set", default="octet_quick", help="of the project's net")
    made.add_argument("--hparams", default="", help="overrides of it, as for mm-trainer")
    made.add_argument("--settings", default="", help=f"KIND.FIELD=VALUE,... of {', '.join(KINDS)}")
    made.add_argument("--data_dir", type=Path, default=Path("data"))
    made.add_argument("--json", type=Path, help="write all figures there, after each training")
    return made


def run(flags: argparse.Namespace) -> None:
    """Checks what was asked for, then trains problem after problem.

    Raises:
        UserError: a flag can not be followed, PyTorch is missing, or a training failed.
    """
    names = [name for name in flags.problems.split(",") if name]
    settings = read_settings(flags.settings)
    check(flags, names)
    quiet.import_tensorflow()

    from bench.specialists.contest import Contest, Terms
    from bench.specialists.table import Contender, print_table, store
    from t2t_multimodel.checkpoints.checkpoint import open_checkpoint

    joint = open_checkpoint(flags.joint) if flags.joint else None
    if joint is not None:
        joint.problems(names)
    terms = Terms(
        data_dir=flags.data_dir,
        split=flags.split,
        seed=flags.seed,
        beams=flags.beam_size,
        decode_examples=flags.decode_examples,
        cpu_seconds=flags.cpu_seconds,
        hparams_set=flags.hparams_set,
        hparams=flags.hparams,
        settings=settings,
    )
    found: list[Contender] = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            for one in Contest(name, terms, Path(folder)).contenders(joint):
                found.append(one)
                if flags.json:
                    store(found, flags.json)
        print_table([one for one in found if one.problem == name])


def check(flags: argparse.Namespace, names: Sequence[str]) -> None:
    """Raises `UserError` for what can be seen to be wrong before anything is trained."""
    registry.problems.check(list(names))
    for name in names:
        kind_of(registry.problems.get(name))
    for flag, lowest in (("cpu_seconds", 0), ("beam_size", 1), ("decode_examples", 0), ("seed", 0)):
        value = getattr(flags, flag)
        if value < lowest:
            raise UserError(f"--{flag}={value:g}: expected {lowest} or more.")
    if importlib.util.find_spec("torch") is None:
        raise UserError(
            "The specialists are trained by PyTorch, which is not installed.",
            fix="pip install '.[specialists]'",
        )


if __name__ == "__main__":
    sys.exit(main())
