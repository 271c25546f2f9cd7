"""Cost of free-running output, a token at a time.

    python bench/decode.py --rows=1 --length=64
    python bench/decode.py --rows=32 --length=64 --peer='COMMAND --batch 32 --decode_len 64'
    python bench/decode.py --rows=1 --lengths=16,64,256

prints JSON lines: CPU (all threads) and wall milliseconds of one batch, medians, and of one
position, the encoder's share included. With --lengths a line for each, the ratio of the cost of a
position in the longest and in the shortest, and what a further position costs. With --peer the
two sides run in turn, each in a process of its own, and ratios of medians follow; the peer prints
one JSON line with cpu_ms and wall_ms (or median_ms) of one batch of the same number of positions.
Sources are random text and weights are random too; no output ends before its last position.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import statistics
import sys
import time
from typing import Any

import peer
from cost import device, limit_threads, median_cost


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="t2t_multimodel_tiny")
    parser.add_argument("--hparams", default="", help="overrides, as for mm-trainer")
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--inputs_length", type=int, default=64, help="tokens of every source")
    parser.add_argument("--length", type=int, default=64, help="tokens of every output")
    parser.add_argument("--lengths", default="", help="several of them, with commas")
    parser.add_argument("--vocab", type=int, default=8192)
    parser.add_argument("--method", default="greedy", choices=("greedy", "beam", "sample"))
    parser.add_argument("--beam_size", type=int, default=4)
    parser.add_argument("--no_jit", action="store_true", help="TensorFlow's own kernels")
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    parser.add_argument("--calls", type=int, default=10)
    peer.add_flags(parser)
    flags = parser.parse_args()
    if flags.peer and flags.lengths:
        parser.error("--peer compares one --length, not --lengths")
    if flags.peer:
        peer.compare(flags)
    elif flags.lengths:
        compare_lengths(flags)
    else:
        print(json.dumps(measure(flags, flags.length)))


def measure(flags: argparse.Namespace, length: int) -> dict[str, Any]:
    """One side, in this process."""
    limit_threads(flags.threads)
    import keras
    import numpy as np

    from t2t_multimodel.config.decode import DecodeConfig
    from t2t_multimodel.decode.decoder import Decoder

    model, problem, batch = endless_model(flags, length)
    config = DecodeConfig(
        method=flags.method, beam_size=flags.beam_size, max_length=length, jit=not flags.no_jit
    )
    decoder = Decoder(model, problem, config)
    begin = time.perf_counter()
    ids = decoder(batch).ids
    first_s = time.perf_counter() - begin
    if not np.all(ids):
        sys.exit("An output ended before its last position.")
    cpu_ms, wall_ms = median_cost(lambda _: decoder(batch), flags.calls)
    return {
        "set": flags.hparams_set,
        "backend": keras.backend.backend(),
        "device": device(),
        "method": flags.method,
        "jit": config.jit,
        "rows": flags.rows,
        "length": length,
        "parameters": model.count_params(),
        "first_s": round(first_s, 1),
        "cpu_ms": round(cpu_ms, 1),
        "wall_ms": round(wall_ms, 1),
        "cpu_ms_per_position": round(cpu_ms / length, 3),
        "wall_ms_per_position": round(wall_ms / length, 3),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def endless_model(flags: argparse.Namespace, length: int) -> tuple[Any, str, dict[str, Any]]:
    """A model whose outputs never end, its problem's name and a batch of sources."""
    import keras
    import numpy as np

    from t2t_multimodel import overrides
    from t2t_multimodel.features import EOS_ID, PAD_ID, ProblemSignature, Signature
    from t2t_multimodel.multimodel import MultiModel

    keras.utils.set_random_seed(0)
    config = overrides.resolve(
        flags.hparams_set, overrides.Overrides(hparams=flags.hparams)
    ).config.model
    longest = max(length, flags.inputs_length)
    text = Signature("text", "text/bench", flags.vocab, (None,), longest)
    model = MultiModel(config, [ProblemSignature("bench", "bench", text, text)])
    softmax = model.nets[text.identity].softmax
    table = np.array(softmax)
    table[[PAD_ID, EOS_ID]] = 0  # the greatest of thousands of logits around 0 is above 0
    softmax.assign(table)
    rng = np.random.default_rng(0)
    ids = rng.integers(3, flags.vocab, (flags.rows, flags.inputs_length), dtype=np.int32)
    lengths = np.full(flags.rows, flags.inputs_length, np.int32)
    batch = {"inputs": ids, "inputs_length": lengths}
    spread_routing(model, {**batch, "targets": ids, "targets_length": lengths})
    return model, "bench", batch


def spread_routing(model: Any, batch: dict[str, Any]) -> None:
    """Gives the routers weights that use all experts, as trained ones do; they begin at 0.

    They are random, less their part along what the inputs of a router have in common.
    """
    import numpy as np

    from t2t_multimodel.layers.base import sublayers
    from t2t_multimodel.layers.gating import NoisyTopKGating

    rng = np.random.default_rng(1)
    routers = [one for one in sublayers(model, all_levels=True) if isinstance(one, NoisyTopKGating)]
    for router in routers:  # in the order in which they run
        seen: list[Any] = []
        call = router.call

        def watched(x_ND: Any, seen: Any = seen, call: Any = call, **options: Any) -> Any:
            seen.append(np.asarray(x_ND))
            return call(x_ND, **options)

        router.call = watched
        model(batch, problem="bench")
        router.call = call
        common = seen[0].mean(axis=0)
        gate = rng.normal(size=router.gate.shape)
        router.gate.assign(gate - np.outer(common, common @ gate) / (common @ common))


def compare_lengths(flags: argparse.Namespace) -> None:
    """One run for each length, in turn; how the cost of a position grows with the length."""
    lengths = [int(length) for length in flags.lengths.split(",")]
    found: dict[int, list[float]] = {length: [] for length in sorted(lengths)}
    for _ in range(flags.rounds):
        for length in lengths:
            run = peer.own_run("--lengths=", f"--length={length}")
            found[length].append(run["cpu_ms"])
            print(json.dumps(run), flush=True)
    medians = {length: statistics.median(costs) for length, costs in found.items()}
    each = {length: cost / length for length, cost in medians.items()}
    ratio = each[max(each)] / each[min(each)]
    print(f"cpu_ms_per_position, longest / shortest: {ratio:.2f}")
    for (one, cost), (more, cost_more) in itertools.pairwise(medians.items()):
        further = (cost_more - cost) / (more - one)
        print(f"cpu_ms of a further position, {one} to {more}: {further:.3f}")


if __name__ == "__main__":
    main()
