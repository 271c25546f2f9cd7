"""mm-trainer: trains one model on several problems."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from t2t_multimodel import quiet, storage, usr_dir
from t2t_multimodel.bin import _cli, _listing, _model
from t2t_multimodel.errors import UserError
from t2t_multimodel.terminal import plural

if TYPE_CHECKING:
    from t2t_multimodel.engines.cluster import Cluster
    from t2t_multimodel.overrides import Resolved

COMMAND = _cli.Command(
    "mm-trainer",
    "Trains one model on several problems; goes on where an earlier run in the folder stopped.",
    example="mm-trainer --problems=octet_ende:2,octet_image --train_steps=1000",
)
_what = COMMAND.group("What to train")
_rates = "Problems and their rates. Default: those of the set."
_what.names("problems", _rates, alias="problem", metavar="NAME[:RATE],...")
_set = "Named set of settings. Without it a run in --output_dir goes on with its own."
_what.text("hparams_set", "SET", _set, "octet_quick")
_what.number("train_steps", "How long to train. Default: as the set says.", lowest=1)
_what.choice("list_hparams", ["sets", "fields"], "List all sets, or all settings, and stop.")
_settings = COMMAND.group("Single settings, each over the one before")
_settings.texts("gin_file", "FILE", "Gin file with settings.")
_settings.texts("gin_param", "BINDING", "Gin binding, as in 'TrainConfig.steps = 1000'.")
_settings.text("hparams", "K=V,...", "As in model.hidden_size=256,train.steps=1000.", "")
_warm_start = "Run or checkpoint whose weights a new run begins with, where they fit."
_settings.text("warm_start", "RUN", _warm_start, "")
_devices = COMMAND.group("Devices, see docs/devices.md. Default: one")
_devices.text("distribution", "D", "mirrored:N, multi_worker, or on JAX data:N,experts:M.", "")
_devices.text("cluster", "HOST:PORT,...", "The processes of a run; on JAX also auto.", "")
_devices.number("worker", "Which of them this process is, from 0.", lowest=0)
COMMAND.places()
COMMAND.group("Results").path(
    "output_dir", "DIR", "Checkpoints, logs and reports. Default: ./runs/SET."
)
_instead = COMMAND.group("Instead of training")
_instead.switch(
    "verify_resume", "Prove exact resume: 60 steps (or --train_steps) with and without ten kills."
)
_instead.switch("plan", "Tell epochs, padding, parameters and memory of the run, and stop.")
_instead.path("json", "FILE", "With --plan: write it here as well, with every bucket.")
COMMAND.cache()


def train(args: flags.FlagValues, _: list[str]) -> None:
    """Resolves the settings, which finds every misspelling, then trains."""
    usr_dir.add(args.usr_dir)
    if args.list_hparams:
        print(_listing.LISTS[args.list_hparams]())
        return
    from t2t_multimodel.overrides import Overrides
    from t2t_multimodel.train.settings import asked_settings

    resolved, output_dir = asked_settings(
        args.hparams_set if args["hparams_set"].present else None,
        args.output_dir,
        Overrides(
            problems=args.problems,
            hparams=args.hparams,
            gin_files=args.gin_file,
            gin_params=args.gin_param,
            train_steps=args.train_steps,
            warm_start=args.warm_start,
            distribution=args.distribution,
        ),
    )
    if args.json and not args.plan:
        raise UserError("--json goes with --plan.")
    distribution = resolved.config.train.distribution.kind
    cluster = _cluster(args, distribution)
    if not (args.plan or args.verify_resume):
        names = plural(len(resolved.config.rates), "problem")
        print(
            f"{storage.shown(output_dir)}: {resolved.set_name}, {names}; loading TensorFlow.",
            flush=True,
        )
    quiet.import_tensorflow()
    if args.plan:
        _plan(resolved, args)
        return
    if args.verify_resume:
        if storage.is_remote(output_dir):
            raise UserError("--verify_resume is for a folder.", "Give another --output_dir.")
        from t2t_multimodel.train import verify_resume

        verify_resume.verify_resume(_again(args), args.hparams, output_dir, args.train_steps or 60)
        return
    from t2t_multimodel.train import main as training

    if args.cluster == "auto":
        from t2t_multimodel.engines import jax_process_group

        cluster = jax_process_group.find_cluster()
    raw_dir = _model.raw_dir(args, output_dir)
    training.train(resolved, args.data_dir, raw_dir, output_dir, cluster)


def _cluster(args: flags.FlagValues, distribution: str) -> Cluster | None:
    """Reads the flags, or TF_CONFIG, which other programs may have set for themselves.

    None also where JAX is to find the processes, which it does when it is there.
    """
    from t2t_multimodel.engines.cluster import AUTO, find_cluster

    several = distribution == "multi_worker"
    if args.verify_resume and (several or args.cluster):
        raise UserError("--verify_resume is for one process.", fix="Try --distribution=mirrored:2.")
    if args.cluster == AUTO and (args.worker is not None or distribution != "mesh"):
        raise UserError(
            "--cluster=auto goes with --distribution=data:N,experts:M alone, and without --worker: "
            "JAX numbers the processes.",
        )
    if args.cluster == AUTO:
        return None
    return find_cluster(args.cluster, args.worker, os.environ if several else {})


def _plan(resolved: Resolved, args: flags.FlagValues) -> None:
    from t2t_multimodel.checkpoints import warm_start
    from t2t_multimodel.data.files import written_by_rename
    from t2t_multimodel.plan import plan, sizes
    from t2t_multimodel.plan import table as plan_table

    warm_start.source(resolved.config.train.warm_start)  # raises if it is not there
    sizes.make_records(resolved.config, args.data_dir, args.raw_dir)
    made = plan.make_plan(resolved.config, args.data_dir)
    plan_table.print_plan(made)
    if args.json:
        with written_by_rename(args.json) as file:
            file.write(json.dumps(made.to_dict(), indent=1).encode())


def _again(args: flags.FlagValues) -> list[str]:
    """The flags that say what to train, for another process."""
    again = [f"--{name}={getattr(args, name)}" for name in ("hparams_set", "data_dir", "usr_dir")]
    again += [f"--problems={','.join(args.problems)}"] if args.problems else []
    again += [f"--distribution={args.distribution}"] if args.distribution else []
    again += [f"--raw_dir={args.raw_dir}"] if args.raw_dir else []
    again += [f"--warm_start={args.warm_start}"] if args.warm_start else []
    again += [f"--gin_file={file}" for file in args.gin_file]
    return again + [f"--gin_param={binding}" for binding in args.gin_param]


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(train, argv)


if __name__ == "__main__":
    sys.exit(main())
