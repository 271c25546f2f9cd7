"""A training step of the plain Transformer of `bench.specialists`, on a batch without meaning.

    python -m bench.peers.transformer_step --rows=42 --length=22 --vocab=4096

prints a JSON line with the CPU and wall milliseconds of a step, medians, as `train_step.py` does.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import torch
from torch.nn import functional as F

from bench.cost import median_cost
from bench.specialists.records import Examples, Records
from bench.specialists.settings import Transformer
from bench.specialists.transformer import Net


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=42)
    parser.add_argument("--length", type=int, default=22)
    parser.add_argument("--vocab", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    flags = parser.parse_args()
    torch.set_num_threads(flags.threads)
    ids = np.random.default_rng(0).integers(1, flags.vocab, (2, flags.rows, flags.length))
    examples = Examples(list(ids[0]), list(ids[1]), [])
    sizes = {"input_size": flags.vocab, "target_size": flags.vocab, "longest": flags.length}
    records = Records(examples, examples, np.arange(0), shared=True, **sizes)
    net = Net(Transformer(), records).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4, fused=True)
    source, target = map(torch.from_numpy, ids)

    def step(_: int) -> None:
        loss = F.cross_entropy(net(source, target), target.flatten(), label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        float(loss)

    cpu_ms, wall_ms = median_cost(step, flags.steps)
    parameters = sum(one.numel() for one in net.parameters())
    print(json.dumps({"parameters": parameters, "cpu_ms": cpu_ms, "wall_ms": wall_ms}))


if __name__ == "__main__":
    main()
