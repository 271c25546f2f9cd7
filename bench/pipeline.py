"""Speed of the input pipeline alone, and the padding of its batches.

    python bench/pipeline.py --hparams_set=octet_tiny --data_dir=data
    python bench/pipeline.py --hparams_set=octet_tiny --train

prints for each problem examples a second and padding, then the pipeline as training reads it:
the mixture's batches, one process, no reading ahead. --train takes as many training steps beside
it and prints the ratio; --train_examples_per_second takes a rate that was measured before.
--buckets prints the padding of every bucket.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path

import numpy as np

from t2t_multimodel import overrides
from t2t_multimodel.config import Config
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.data.mixture import make_mixture
from t2t_multimodel.data.step_batches import made_ahead, step_plans
from t2t_multimodel.data.stream import BatchStream, longest


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="octet_tiny")
    parser.add_argument("--hparams", default="", help="overrides, as for mm-trainer")
    parser.add_argument("--data_dir", type=Path, default=Path("data"))
    parser.add_argument("--batches", type=int, default=100, help="of each problem; of the mixture")
    parser.add_argument("--train", action="store_true", help="measure training as well")
    parser.add_argument("--train_examples_per_second", type=float, default=0.0)
    parser.add_argument("--buckets", action="store_true", help="print every bucket")
    flags = parser.parse_args()
    config = overrides.resolve(flags.hparams_set, overrides.Overrides(hparams=flags.hparams)).config
    prepared = generate(
        list(config.rates),
        flags.data_dir,
        options=DatagenOptions(vocab_size=config.data.vocab_size),
    )
    streams = {
        name: BatchStream(one.dataset("train"), config.data, config.train.seed, name)
        for name, one in prepared.items()
    }
    for name, stream in streams.items():
        rate = examples_per_second(stream, flags.batches)
        record = {"problem": name, "examples_per_second": round(rate), **padding(stream)}
        print(json.dumps(record), flush=True)
        if flags.buckets:
            print_buckets(stream, prepared[name])
    pipeline = mixture_rate(config, streams, flags.batches)
    print(json.dumps({"pipeline_examples_per_second": round(pipeline)}), flush=True)
    training = flags.train_examples_per_second
    if flags.train:
        training = training_rate(config, prepared, streams)
    if training:
        record = {"training_examples_per_second": round(training, 1)}
        print(json.dumps({**record, "ratio": round(pipeline / training, 1)}))


def examples_per_second(stream: BatchStream, batches: int) -> float:
    """Measures one problem's stream, once the first batch has drawn its order."""
    assert stream[0]
    begin, examples = time.perf_counter(), 0
    for n in range(batches):
        examples += len(stream[n]["targets_length"])
    return examples / (time.perf_counter() - begin)


def padding(stream: BatchStream) -> dict[str, float]:
    """Part of the positions of an epoch's batches that is padding, each batch to its longest."""
    real, cells = {"inputs": 0, "targets": 0}, {"inputs": 0, "targets": 0}
    for n in range(stream.plan.first_batch(1)):
        _, chosen = stream.plan.bucket_and_examples(n)
        for name in real:
            lengths = stream.lengths[name][chosen]
            real[name] += int(lengths.sum())
            cells[name] += len(lengths) * int(lengths.max())
    parts = {f"{name}_padding": round(1 - real[name] / cells[name], 4) for name in real}
    return {**parts, "padding": round(1 - sum(real.values()) / sum(cells.values()), 4)}


def print_buckets(stream: BatchStream, prepared: Prepared) -> None:
    """A line for each bucket, its examples padded to the longest of all."""
    dataset = prepared.dataset("train")
    for bucket in stream.plan.buckets:
        bounds = {name: int(stream.lengths[name][bucket.members].max()) for name in stream.lengths}
        real = sum(int(stream.lengths[name][bucket.members].sum()) for name in bounds)
        part = 1 - real / (len(bucket.members) * sum(bounds.values()))
        record = {"examples": len(bucket.members), "rows": bucket.rows, **bounds}
        varying = sorted(longest(dataset, bucket.members))
        print(json.dumps({**record, "varying": varying, "padding": round(part, 4)}))


def mixture_rate(config: Config, streams: dict[str, BatchStream], steps: int) -> float:
    """Examples a second of all problems' batches as the mixture draws them."""
    mixture = make_mixture(config, {name: stream.sizes for name, stream in streams.items()})
    items = made_ahead(step_plans(mixture, 0, {}), streams, workers=1)
    begin, examples = time.perf_counter(), 0
    for item in itertools.islice(items, steps):
        examples += sum(len(batch["targets_length"]) for batch in item.batches)
    return examples / (time.perf_counter() - begin)


def training_rate(
    config: Config, prepared: dict[str, Prepared], streams: dict[str, BatchStream], steps: int = 20
) -> float:
    """Examples a second of training steps alone, their batches made before."""
    from concurrent.futures import ThreadPoolExecutor

    from t2t_multimodel.engines.engine import make_engine, parallel_batches, share_cores
    from t2t_multimodel.train.main import new_model

    share_cores(parallel_batches(config))
    model = new_model(config, prepared)
    engine = make_engine(model, config)
    mixture = make_mixture(config, {name: stream.sizes for name, stream in streams.items()})
    items = list(itertools.islice(made_ahead(step_plans(mixture, 0, {}), streams, 1), steps))
    for name in streams:  # traces, and the first run of each
        engine.add(engine.compute(name, streams[name][0], 0).gradients)
        engine.update(0.0, 0, {})
    with ThreadPoolExecutor(parallel_batches(config)) as pool:
        begin, examples = time.perf_counter(), 0
        for item in items:
            draws = range(len(item.problems))
            for computed in pool.map(engine.compute, item.problems, item.batches, draws):
                engine.add(computed.gradients)
            engine.update(1e-4, item.step, {})
            examples += sum(len(batch["targets_length"]) for batch in item.batches)
        seconds = time.perf_counter() - begin
    np.asarray(model.trainable_variables[0])
    return examples / seconds


if __name__ == "__main__":
    main()
