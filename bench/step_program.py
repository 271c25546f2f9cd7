"""What a training step's program for an accelerator computes and writes, by type of number.

    python bench/step_program.py --hparams_set=multimodel_paper --rows=16

lowers loss and gradients of one micro-batch to StableHLO from shapes alone, before any compiler
has fused its instructions, and prints: operations of the products by the types of their operands,
and the bytes of all results by type and by the instructions and shapes that make most of them. So
it shows which products are not in bfloat16, and what moves the most memory; how much of the rest a
compiler fuses it can not show. The experts have their form for accelerators and an even load,
or with --platform=cpu that for processors.
"""

from __future__ import annotations

import argparse
import math
import os
import re
from collections import Counter

os.environ |= {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}

WIDTH = {"f32": 4, "bf16": 2, "i32": 4, "ui32": 4, "i1": 1, "ui8": 1, "i64": 8, "ui64": 8}
_TYPE = r"tensor<([^>]*)>"
_PRODUCT = re.compile(
    rf"dot_general.*?contracting_dims = \[([\d, ]*)\].*: \({_TYPE}, {_TYPE}\) -> {_TYPE}"
)
_RESULT = re.compile(rf"= \"?(?:stablehlo|chlo)\.(\w+).*{_TYPE}\s*$")


def main() -> None:
    """Reads the flags, lowers, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="multimodel_paper")
    parser.add_argument("--kind", choices=["text", "image"], default="text")
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--policy", default="mixed_bfloat16")
    parser.add_argument("--platform", choices=["gpu", "cpu"], default="gpu", help="of the experts")
    parser.add_argument("--most", type=int, default=12, help="lines of the largest results")
    flags = parser.parse_args()
    text = program(flags)
    products, results = products_of(text), results_of(text)
    for types, operations in products.most_common():
        print(f"products of {types}: {operations / 1e9:,.2f} GFLOP")
    by_type: Counter[str] = Counter()
    for (_, shape), size in results.items():
        by_type[shape.rpartition("x")[2]] += size
    for kind, size in by_type.most_common():
        print(f"results of {kind}: {size / 1e9:,.2f} GB")
    for (name, shape), size in results.most_common(flags.most):
        print(f"  {size / 1e9:6.2f} GB  {name} {shape}")


def program(flags: argparse.Namespace) -> str:
    """The text of the program, in StableHLO."""
    import jax
    import keras
    import mesh_plan
    import numpy as np

    from t2t_multimodel import registry
    from t2t_multimodel.plan.footprint import symbolic

    keras.config.set_dtype_policy(flags.policy)
    mesh_plan.PLATFORM = flags.platform
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]).reshape(1, 1), ("data", "experts"))
    config = registry.hparams.get(flags.hparams_set)()
    lowered, _ = symbolic(
        lambda: mesh_plan.lowered_step(config, mesh, flags.kind, flags.rows, False)
    )
    return lowered.as_text()


def products_of(text: str) -> Counter[str]:
    """Types of both operands -> operations of their products."""
    found: Counter[str] = Counter()
    for contracted, left, right, result in _PRODUCT.findall(text):
        shape, kind = _parsed(left)
        inner = math.prod(shape[int(axis)] for axis in contracted.split(",") if axis.strip())
        found[f"{kind} and {_parsed(right)[1]}"] += 2 * inner * math.prod(_parsed(result)[0])
    return found


def results_of(text: str) -> Counter[tuple[str, str]]:
    """Instruction and type -> bytes of all its results."""
    found: Counter[tuple[str, str]] = Counter()
    for line in text.splitlines():
        if match := _RESULT.search(line):
            shape, kind = _parsed(match[2])
            found[match[1], match[2]] += WIDTH.get(kind, 4) * math.prod(shape)
    return found


def _parsed(tensor: str) -> tuple[list[int], str]:
    *shape, kind = tensor.split("x")
    return [int(size) for size in shape], kind


if __name__ == "__main__":
    main()
