"""Training batches a second, made by threads, beside tf.data and torch.

    python bench/input_pipeline.py --batches=40
    python bench/input_pipeline.py --kind=sounds

prints JSON lines for our pipeline with 1 and 2 workers, for tf.data with as many threads, and for a
torch DataLoader with as many processes (where torch and torchvision are installed): photographs or
frames of sound a second of wall time and, but for torch, of CPU time.

Photographs: random 299 px crops of 500x375 JPEG. All read the same files, choose a crop of 8 to
100 % of the area, resize it, and mirror half of them. tf.data decodes only the crop and does not
average pixels when it makes an image smaller; Pillow and torch do.

Sounds: records of log-mel frames, 80 a frame, are read, parsed, made float32 and padded to batches
of like lengths by ours; tf.data reads the same records, torch has the frames in memory.
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
SOUNDS, MELS, RATE = 400, 80, 16_000


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kind", choices=["photographs", "sounds"], default="photographs")
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3, help="in turn; medians are printed")
    flags = parser.parse_args()
    limit_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        make = photograph_sides if flags.kind == "photographs" else sound_sides
        sides = make(Path(folder), flags.batches)
        needed = ["torch", "torchvision"] if flags.kind == "photographs" else ["torch"]
        missing = [name for name in needed if not importlib.util.find_spec(name)]
        if missing:
            print(f"torch: {', '.join(missing)} not installed", file=sys.stderr)
            del sides["torch"]
        rates: dict[tuple[str, int], list[tuple[float, float]]] = {}
        for _, name, workers in itertools.product(range(flags.rounds), sides, (1, 2)):
            rate = rate_of(sides[name](workers), flags.batches)
            rates.setdefault((name, workers), []).append(rate)
        unit = "images" if flags.kind == "photographs" else "frames"
        for (name, workers), found in rates.items():
            wall, cpu = np.median(found, axis=0)
            record = {"side": name, "workers": workers, f"{unit}_per_wall_second": round(wall, 1)}
            if name != "torch":  # its workers are processes, whose time is not ours
                record[f"{unit}_per_cpu_second"] = round(cpu, 1)
            print(json.dumps(record), flush=True)


def rate_of(batches: Iterator[int], number: int) -> tuple[float, float]:
    """What is counted a second of wall and of CPU time, after three batches of warm-up."""
    for _ in itertools.islice(batches, 3):
        pass
    wall, cpu = time.perf_counter(), time.process_time()
    total = sum(itertools.islice(batches, number))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if hasattr(batches, "close"):
        batches.close()
    return total / wall, total / cpu


Sides = dict[str, Callable[[int], Iterator[int]]]
"""Name -> what makes batches with so many workers; each batch is what counts in it."""


def photograph_sides(folder: Path, batches: int) -> Sides:
    """Photographs of ten classes."""
    from t2t_multimodel import ClassLabel, DataConfig, Image, Problem, register_problem

    files = photographs(folder / "photos")

    @register_problem("bench_photographs")
    class Photographs(Problem):
        """Photographs of ten classes."""

        inputs = Image(SIDE, SIDE, encoded=True, crop=0.08, flip=True)
        targets = ClassLabel(10)
        splits = ("train",)

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for number, file in enumerate(files):
                yield {"inputs": file, "targets": number % 10}

    config = DataConfig(pixels_per_batch=ROWS * SIDE**2)
    made = records_of("bench_photographs", folder)

    def own(workers: int) -> Iterator[int]:
        return (len(batch["inputs"]) for batch in ours(made, config, workers))

    return {
        "ours": own,
        "tf.data": lambda workers: photographs_by_tf_data(files, workers),
        "torch": lambda workers: photographs_by_torch(files, workers, batches),
    }


def sound_sides(folder: Path, batches: int) -> Sides:
    """Sounds of ten classes, of 1 to 6 seconds."""
    from t2t_multimodel import Audio, ClassLabel, DataConfig, Problem, register_problem

    @register_problem("bench_sounds")
    class Sounds(Problem):
        """Noise of ten classes."""

        inputs = Audio(rate=RATE, n_mels=MELS)
        targets = ClassLabel(10)
        splits = ("train",)

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            rng = np.random.default_rng(0)
            for number in range(SOUNDS):
                samples = rng.normal(0, 0.1, rng.integers(RATE, 6 * RATE)).astype(np.float32)
                yield {"inputs": (samples, RATE), "targets": number % 10}

    config = DataConfig(frames_per_batch=ROWS * 400, sound_mask=0.0, sound_warp=0.0)
    made = records_of("bench_sounds", folder)

    def own(workers: int) -> Iterator[int]:
        return (int(batch["inputs_length"].sum()) for batch in ours(made, config, workers))

    return {
        "ours": own,
        "tf.data": lambda workers: sounds_by_tf_data(folder / "data", workers),
        "torch": lambda workers: sounds_by_torch(made.dataset("train"), workers, batches),
    }


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


def records_of(name: str, folder: Path) -> Any:
    """The records of a problem, in FOLDER/data."""
    from t2t_multimodel.data.datagen import DatagenOptions, generate

    options = DatagenOptions(report=lambda _: None)
    return generate([name], folder / "data", options=options)[name]


def ours(made: Any, config: Any, workers: int) -> Iterator[dict[str, Any]]:
    """The batches that a run with `data.workers` gets."""
    from t2t_multimodel.data.mixture import Mixture
    from t2t_multimodel.data.step_batches import made_ahead, step_plans
    from t2t_multimodel.data.strategies import Constant
    from t2t_multimodel.data.stream import BatchStream

    name = made.problem.name
    stream = BatchStream(made.dataset("train"), config, 0, name)
    plans = step_plans(Mixture([name], Constant(np.ones(1)), 1, 0), 0, {})
    items = made_ahead(plans, {name: stream}, workers)
    try:
        for item in items:
            yield item.batches[0]
    finally:
        items.close()


def photographs_by_tf_data(files: list[str], workers: int) -> Iterator[int]:
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
    return (len(batch) for batch in data.with_options(with_threads(workers)))


def sounds_by_tf_data(folder: Path, workers: int) -> Iterator[int]:
    """The same records by tf.data's own operations, padded to batches of like lengths."""
    import tensorflow as tf

    files = sorted(map(str, folder.rglob("*.tfrecord-?????-of-?????")))
    fields = {"inputs": tf.io.FixedLenFeature([], tf.string)}

    def sound(record: Any) -> Any:
        data = tf.io.parse_single_example(record, fields)["inputs"]
        frames = tf.reshape(tf.io.decode_raw(data, tf.float16), [-1, MELS])
        return tf.cast(frames, tf.float32), tf.shape(frames)[0]

    data = tf.data.TFRecordDataset(files).shuffle(SOUNDS).repeat()
    data = data.map(sound, num_parallel_calls=workers)
    data = data.bucket_by_sequence_length(
        lambda _, length: length,
        bucket_boundaries=[200, 300, 400, 500],
        bucket_batch_sizes=[ROWS * 400 // most for most in (200, 300, 400, 500, 600)],
    )
    options = with_threads(workers)
    return (int(sum(lengths)) for _, lengths in data.prefetch(2).with_options(options))


def with_threads(workers: int) -> Any:
    """Options of tf.data with so many threads."""
    import tensorflow as tf

    options = tf.data.Options()
    options.threading.private_threadpool_size = workers
    return options


def photographs_by_torch(files: list[str], workers: int, batches: int) -> Iterator[int]:
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

    return map(len, torch.utils.data.DataLoader(Photographs(), ROWS, num_workers=workers))


def sounds_by_torch(dataset: Any, workers: int, batches: int) -> Iterator[int]:
    """Frames in memory, made float32 and padded by worker processes."""
    import torch

    arrays = [torch.from_numpy(dataset[n]["inputs"]) for n in range(len(dataset))]

    class Frames(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return ROWS * (batches + 8)

        def __getitem__(self, number: int) -> Any:
            return arrays[number % len(arrays)].float()

    def collated(rows: list[Any]) -> tuple[Any, int]:
        return torch.nn.utils.rnn.pad_sequence(rows, True), sum(map(len, rows))

    loader = torch.utils.data.DataLoader(Frames(), ROWS, num_workers=workers, collate_fn=collated)
    return (frames for _, frames in loader)


if __name__ == "__main__":
    main()
