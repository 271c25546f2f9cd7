"""Peak memory of saving a model of some 500 M parameters, whole and sharded.

    python bench/checkpoint_memory.py
    python bench/checkpoint_memory.py --experts=20 --slots

makes the model of a set with so many experts on four virtual processors that share them
(experts:4), saves it once in each format, in a process of its own, and prints a row of a table: the
bytes of what is saved, what the process holds before, by how much that grows at the highest while
it is saved, how long training waits, and how long the write takes. With --slots there are two
moments of each weight besides.

Memory is that of the process, which on virtual processors is that of the devices too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEVICES = 4
STATUS = Path("/proc/self/status")


def main() -> None:
    """Reads the flags; measures each format in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="multimodel_paper")
    parser.add_argument("--experts", type=int, default=100, help="a multiple of 4")
    parser.add_argument("--slots", action="store_true", help="two moments of each weight too")
    parser.add_argument("--one", choices=["whole", "sharded"], help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        print(line(flags))
        return
    head = ["format", "M parameters", "saved GB", "before GB", "growth GB", "waits s", "writes s"]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={DEVICES}",
    }
    for name in ("whole", "sharded"):
        command = [sys.executable, __file__, *sys.argv[1:], f"--one={name}"]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
        print(done.stdout.decode().strip(), flush=True)


def line(flags: argparse.Namespace) -> str:
    """Makes the model, saves it and returns the row."""
    import jax.numpy as jnp
    from mesh_plan import problem_of

    from t2t_multimodel import registry
    from t2t_multimodel.backend import host_copy
    from t2t_multimodel.checkpoints.saving import Saver, Snapshot
    from t2t_multimodel.checkpoints.sharded import ShardWriter
    from t2t_multimodel.config import MeshConfig
    from t2t_multimodel.config.tree import updated
    from t2t_multimodel.engines import devices
    from t2t_multimodel.engines.engine import value_of
    from t2t_multimodel.multimodel import MultiModel

    is_whole = flags.one == "whole"
    config = registry.hparams.get(flags.hparams_set)()
    network = updated(config.model, {"moe.experts": flags.experts})
    train = config.train.replace(distribution=MeshConfig(experts=DEVICES))
    devices.set_up(config.replace(model=network, train=train))
    model = MultiModel(network, [problem_of("text")[0]])
    kinds = "mv" if flags.slots else ""
    slots = {f"{kind}/{v.path}": jnp.copy(v.value) for kind in kinds for v in model.variables}
    saved = sum(v.value.nbytes for v in model.variables) * (1 + len(kinds))
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", ".")) as place:
        saver = Saver(Path(place), 1, None if is_whole else ShardWriter(Path(place)))
        before = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
        begin = time.monotonic()
        if is_whole:  # as the training loop copies an engine's arrays
            values = [value_of(variable) for variable in model.variables]
            kept = {name: host_copy(value) for name, value in slots.items()}
        else:
            values, kept = [variable.value for variable in model.variables], slots
        saver.save(Snapshot(model, values, kept, {}, {"step": 1}))
        waited = time.monotonic() - begin
        saver.wait()
        written = time.monotonic() - begin
    parts = [saved / 1e9, before, memory("VmHWM") - before, waited, written]
    return f"| {flags.one} | {model.count_params() / 1e6:.0f} | " + (
        " | ".join(f"{part:.1f}" for part in parts) + " |"
    )


def memory(field: str) -> float:
    """GB of a field of the process's status."""
    (found,) = (one for one in STATUS.read_text().splitlines() if one.startswith(f"{field}:"))
    return int(found.split()[1]) * 1024 / 1e9


if __name__ == "__main__":
    main()
