"""Photographs a second: random 299 px crops of 500x375 JPEG, by threads, beside tf.data and torch.

    python bench/input_pipeline.py --batches=40

prints JSON lines for our pipeline with 1 and 2 workers, for tf.data with as many threads, and for a
torch DataLoader with as many processes (where torch and torchvision are installed): images a
second of wall time and, but for torch, of CPU time. All read the same files, choose a crop of 8 to
100 % of the area, resize it, and mirror half of them. tf.data decodes only the crop and does not
average pixels when it makes an image smaller; Pillow and torch do.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from cost import limit_threads

ROWS, SIDE, PHOTOS = 24, 299, 200


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3, help="in turn; medians are printed")
    flags = parser.parse_args()
    limit_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        files = photographs(Path(folder) / "photos")
        sides: dict[str, Callable[[int], Iterator[Any]]] = {
            "ours": lambda workers: ours(Path(folder), files, workers),
            "tf.data": lambda workers: by_tf_data(files, workers),
        }
        if importlib.util.find_spec("torchvision"):
            sides["torch"] = lambda workers: by_torch(files, workers, flags.batches)
        else:
            print("torch: torchvision is not installed", file=sys.stderr)
        rates: dict[tuple[str, int], list[tuple[float, float]]] = {}
        for _, name, workers in itertools.product(range(flags.rounds), sides, (1, 2)):
            rate = rate_of(sides[name](workers), flags.batches)
            rates.setdefault((name, workers), []).append(rate)
        for (name, workers), found in rates.items():
            wall, cpu = np.median(found, axis=0)
            record = {"side": name, "workers": workers, "images_per_wall_second": round(wall, 1)}
            if name != "torch":  # its workers are processes, whose time is not ours
                record["images_per_cpu_second"] = round(cpu, 1)
            print(json.dumps(record), flush=True)


def rate_of(batches: Iterator[Any], number: int) -> tuple[float, float]:
    """Images a second of wall time and of CPU time, after three batches of warm-up."""
    for _ in itertools.islice(batches, 3):
        pass
    wall, cpu = time.perf_counter(), time.process_time()
    images = sum(len(batch) for batch in itertools.islice(batches, number))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if hasattr(batches, "close"):
        batches.close()
    return images / wall, images / cpu


def photographs(folder: Path) -> list[str]:
    """Writes 500x375 JPEG files as blurred and as sharp as photographs are."""
    from PIL import Image

    folder.mkdir()
    rng, files = np.random.default_rng(0), []
    for number in range(PHOTOS):
        coarse = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8)).resize((500, 375))
        fine = rng.normal(0, 9, (375, 500, 3))
        pixels = np.clip(np.asarray(coarse) + fine, 0, 255).astype(np.uint8)
        file = folder / f"{number:03}.jpg"
        Image.fromarray(pixels).save(file, quality=90)
        files.append(str(file))
    return files


def ours(folder: Path, files: list[str], workers: int) -> Iterator[Any]:
    """The inputs of the batches that a run with `data.workers` gets."""
    from t2t_multimodel import ClassLabel, DataConfig, Image, Problem, register_problem
    from t2t_multimodel.data.datagen import DatagenOptions, generate
    from t2t_multimodel.data.mixture import Mixture
    from t2t_multimodel.data.step_batches import made_ahead, step_plans
    from t2t_multimodel.data.strategies import Constant
    from t2t_multimodel.data.stream import BatchStream
    from t2t_multimodel.registry import problems

    if "bench_photographs" not in problems.names():

        @register_problem("bench_photographs")
        class Photographs(Problem):
            """Photographs of ten classes."""

            inputs = Image(SIDE, SIDE, encoded=True, crop=0.08, flip=True)
            targets = ClassLabel(10)
            splits = ("train",)

            def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
                for number, file in enumerate(files):
                    yield {"inputs": file, "targets": number % 10}

    options = DatagenOptions(report=lambda _: None)
    (made,) = generate(["bench_photographs"], folder / "data", options=options).values()
    config = DataConfig(pixels_per_batch=ROWS * SIDE**2)
    stream = BatchStream(made.dataset("train"), config, 0, "bench_photographs")
    mixture = Mixture(["bench_photographs"], Constant(np.ones(1)), 1, 0)
    items = made_ahead(step_plans(mixture, 0, {}), {"bench_photographs": stream}, workers)
    try:
        for item in items:
            yield item.batches[0]["inputs"]
    finally:
        items.close()


def by_tf_data(files: list[str], workers: int) -> Iterator[Any]:
    """The same by tf.data's own operations."""
    import tensorflow as tf

    def photograph(path: Any) -> Any:
        data = tf.io.read_file(path)
        begin, size, _ = tf.image.sample_distorted_bounding_box(
            tf.io.extract_jpeg_shape(data),
            tf.zeros([1, 0, 4]),
            area_range=(0.08, 1.0),
            aspect_ratio_range=(3 / 4, 4 / 3),
            use_image_if_no_bounding_boxes=True,
        )
        window = tf.concat([begin[:2], size[:2]], 0)
        pixels = tf.image.resize(tf.io.decode_and_crop_jpeg(data, window, channels=3), (SIDE, SIDE))
        return tf.cast(tf.image.random_flip_left_right(pixels), tf.uint8)

    data = tf.data.Dataset.from_tensor_slices(files).shuffle(len(files)).repeat()
    data = data.map(photograph, num_parallel_calls=workers).batch(ROWS).prefetch(2)
    options = tf.data.Options()
    options.threading.private_threadpool_size = workers
    return iter(data.with_options(options))


def by_torch(files: list[str], workers: int, batches: int) -> Iterator[Any]:
    """The same by torchvision's transforms in worker processes."""
    import torch
    from PIL import Image
    from torchvision import transforms

    way = transforms.Compose(
        [
            transforms.RandomResizedCrop(SIDE, (0.08, 1.0)),
            transforms.RandomHorizontalFlip(),
            transforms.PILToTensor(),
        ]
    )

    class Photographs(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return ROWS * (batches + 8)

        def __getitem__(self, number: int) -> Any:
            return way(Image.open(files[number % len(files)]).convert("RGB"))

    return iter(torch.utils.data.DataLoader(Photographs(), ROWS, num_workers=workers))


if __name__ == "__main__":
    main()
