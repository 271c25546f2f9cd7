"""What a training step of a set takes of each device of a mesh that is not there.

    python bench/mesh_plan.py --hparams_set=multimodel_paper --mesh=64:1,8:8,4:16
    python bench/mesh_plan.py --mesh=8:8 --by=compiler

builds the step of one text problem, and with --kind=image that of one image problem, from shapes
alone, compiles it for so many devices (virtual processors), and prints for each mesh data:experts
a row of a table: memory, operations and bytes of each kind of communication of one device, and
the time that follows for named hardware. The batch grows with the devices: each has --rows rows.

Memory is that of XLA's own analysis on processors: gradients and what the backward pass keeps,
besides weights and two moments. With --policy=mixed_bfloat16 values are bfloat16 as on an
accelerator, but products are made in float32, since processors have no others, so that memory is an
upper bound. Experts have the form of accelerators; operations and bytes are those of a load that
fits their usual room.
Time = operations / (SHARE of the peak) + bytes / bandwidth, nothing side by side: an upper bound
for one who overlaps, a lower one for who reaches less.

--by=compiler leaves the experts' tokens to GSPMD, with rows along the axis "data" alone, as before
`expert_exchange` was.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jax

    from t2t_multimodel import Config
    from t2t_multimodel.features.signature import ProblemSignature

TEXT_TOKENS, VOCABULARY, PIXELS, CLASSES = 64, 8192, 299, 1000
PLATFORM = "gpu"
"""The kind of device whose form of the experts is lowered; cpu: that of processors."""
SHARE = 0.35
"""Of the peak that a device's products are assumed to reach."""
HARDWARE = {"H100, 8 a host": (989e12, 50e9), "TPU v5e": (197e12, 100e9)}
"""Name -> peak of bfloat16 products a second; bytes a second and direction, between hosts where a
mesh spans several (400 Gb/s a GPU; half of the 1,600 Gb/s of a chip's links)."""
WIDTH = {"f32": 4, "s32": 4, "u32": 4, "bf16": 2, "f16": 2, "pred": 1, "u8": 1, "s8": 1}
_COLLECTIVE = re.compile(
    r" = (.*?) (all-reduce|all-gather|all-to-all|reduce-scatter|collective-permute)(?:-start)?\("
)
_ARRAY = re.compile(r"(\w+)\[([\d,]*)\]")


@dataclass(frozen=True)
class Row:
    """What one device has to hold, compute and send in a step."""

    weights: float
    """Bytes of weights and two moments."""
    temporary: float
    """Bytes of gradients and of what the backward pass needs."""
    operations: float
    sent: Counter[str]
    """Kind of communication -> bytes that leave the device."""

    def seconds(self, hardware: str) -> float:
        """Time of a step without overlap."""
        peak, bandwidth = HARDWARE[hardware]
        return self.operations / (SHARE * peak) + self.sent.total() / bandwidth


def main() -> None:
    """Reads the flags; measures each mesh in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="multimodel_paper")
    parser.add_argument("--mesh", default="8:1,2:4,1:8", help="data:experts, with commas between")
    parser.add_argument("--kind", choices=["text", "image"], default="text")
    parser.add_argument("--rows", type=int, default=16, help="of the micro-batch, for each device")
    parser.add_argument("--by", choices=["exchange", "compiler"], default="exchange")
    parser.add_argument("--policy", choices=["float32", "mixed_bfloat16"], default="float32")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        print(line(flags.mesh, measured(flags)))
        return
    names = ["all-reduce", "all-to-all", "all-gather"]
    head = ["data:experts", "weights GB", "temporary GB", "TFLOP", *(f"{n} GB" for n in names)]
    head += [f"s, {name}" for name in HARDWARE]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for mesh in flags.mesh.split(","):
        data, experts = map(int, mesh.split(":"))
        devices = f"--xla_force_host_platform_device_count={data * experts}"
        environment = {
            **os.environ,
            "KERAS_BACKEND": "jax",
            "JAX_PLATFORMS": "cpu",
            "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
            "XLA_FLAGS": devices,
        }
        command = [sys.executable, __file__, "--one", f"--mesh={mesh}", f"--kind={flags.kind}"]
        command += [
            f"--hparams_set={flags.hparams_set}",
            f"--rows={flags.rows}",
            f"--by={flags.by}",
            f"--policy={flags.policy}",
        ]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        print(done.stdout.strip(), flush=True)


def measured(flags: argparse.Namespace) -> Row:
    """Lowers and compiles one step. Nothing of it is ever allocated or run."""
    import jax
    import keras
    import numpy as np

    from t2t_multimodel import registry
    from t2t_multimodel.plan.footprint import symbolic

    keras.config.set_dtype_policy(flags.policy)
    shape = tuple(map(int, flags.mesh.split(":")))
    mesh = jax.sharding.Mesh(np.array(jax.devices()).reshape(shape), ("data", "experts"))
    config = registry.hparams.get(flags.hparams_set)()
    lowered, weights = symbolic(
        lambda: lowered_step(config, mesh, flags.kind, flags.rows, flags.by == "exchange")
    )
    compiled = lowered.compile()
    costs, memory = compiled.cost_analysis(), compiled.memory_analysis()
    costs = costs[0] if isinstance(costs, list) else costs
    return Row(
        3 * weights,
        memory.temp_size_in_bytes + memory.output_size_in_bytes,
        costs["flops"],
        sent(compiled.as_text()),
    )


def lowered_step(
    config: Config, mesh: jax.sharding.Mesh, kind: str, rows: int, exchange: bool
) -> tuple[Any, int]:
    """Loss and gradients of one micro-batch; beside it the bytes of a device's weights."""
    import contextlib

    import jax
    import keras

    from t2t_multimodel.engines.jax_mesh import EXPERT_KERNELS, ROWS
    from t2t_multimodel.layers import expert_exchange, experts_on_jax
    from t2t_multimodel.layers.random import StepSeed
    from t2t_multimodel.losses import problem_loss
    from t2t_multimodel.multimodel import MultiModel

    def laid_out(shape, dtype, layout):
        where = jax.sharding.NamedSharding(mesh, layout)
        return jax.ShapeDtypeStruct(tuple(shape), dtype, sharding=where)

    for module in (expert_exchange, experts_on_jax):
        module.either = lambda fits, usual, crowded, *operands: usual(*operands)
    experts_on_jax.platform = lambda: PLATFORM
    problem, arrays = problem_of(kind)
    along = ROWS if exchange else jax.P("data")
    batch = {
        name: laid_out((rows * mesh.size, *shape), dtype, along)
        for name, (shape, dtype) in arrays.items()
    }
    model = MultiModel(config.model, [problem])
    variables = list(model.trainable_variables)
    layouts = [
        jax.P("experts") if re.fullmatch(EXPERT_KERNELS, one.path) else jax.P() for one in variables
    ]
    values = [laid_out(v.shape, v.dtype, p) for v, p in zip(variables, layouts, strict=True)]
    places = [one.sharding for one in values]

    def loss(values, batch, draw):
        scope = keras.StatelessScope(initialize_variables=False)
        for pair in zip(variables, values, strict=True):
            scope.add_update(pair)
        with scope, expert_exchange.over(mesh) if exchange else contextlib.nullcontext():
            return problem_loss(model, batch, problem.name, True, StepSeed(draw)).loss

    def step(values, batch, draw):
        gradients = jax.grad(loss)(values, batch, draw)
        return jax.lax.with_sharding_constraint(gradients, places)

    lowered = jax.jit(step).lower(values, batch, laid_out((), "int32", jax.P()))
    shards = [one.sharding.shard_shape(one.shape) for one in values]
    return lowered, sum(4 * math.prod(shape) for shape in shards)


def problem_of(kind: str) -> tuple[ProblemSignature, dict[str, tuple[tuple[int, ...], str]]]:
    """A problem like WMT or ImageNet, and the shapes and types of one example's arrays."""
    from t2t_multimodel.features.signature import ProblemSignature, Signature

    lengths = {"inputs_length": ((), "int32"), "targets_length": ((), "int32")}
    if kind == "text":
        text = Signature("text", "text/made", VOCABULARY, (None,), 256)
        ids = ((TEXT_TOKENS,), "int32")
        return ProblemSignature("made", "to_made", text, text), {
            "inputs": ids,
            "targets": ids,
            **lengths,
        }
    shape = (PIXELS, PIXELS, 3)
    image = Signature("image", "image", 0, shape, PIXELS * PIXELS, "uint8")
    label = Signature("class_label", "class_label/made", CLASSES, (), 1)
    return ProblemSignature("made", "to_label", image, label), {
        "inputs": (shape, "uint8"),
        "targets": ((), "int32"),
        **lengths,
    }


def sent(text: str) -> Counter[str]:
    """Kind of communication -> bytes that leave a device, by the instructions of a program."""
    found: Counter[str] = Counter()
    for instruction in text.splitlines():
        if match := _COLLECTIVE.search(instruction):
            size = sum(
                WIDTH.get(kind, 4) * _count(shape) for kind, shape in _ARRAY.findall(match[1])
            )
            # a ring sends each part on twice, an exchange all but a device's own part
            found[match[2]] += 2 * size if match[2] == "all-reduce" else size
    return found


def _count(shape: str) -> int:
    total = 1
    for size in filter(None, shape.split(",")):
        total *= int(size)
    return total


def line(mesh: str, row: Row) -> str:
    """A row of the table."""
    sent = [row.sent[kind] / 1e9 for kind in ("all-reduce", "all-to-all", "all-gather")]
    cells = [f"{row.weights / 1e9:.1f}", f"{row.temporary / 1e9:.1f}"]
    cells += [f"{row.operations / 1e12:.2f}", *(f"{one:.2f}" for one in sent)]
    cells += [f"{row.seconds(name):.3f}" for name in HARDWARE]
    return f"| {mesh} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
