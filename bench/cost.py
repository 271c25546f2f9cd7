"""Measures what a piece of work costs, and on which device."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any


def limit_threads(threads: int) -> None:
    """Keeps TensorFlow to so many cores, if more than 0; call it before its first import."""
    if threads:
        for kind in ("INTRAOP", "INTEROP"):
            os.environ[f"TF_NUM_{kind}_THREADS"] = str(threads)


def median_cost(run: Callable[[int], Any], steps: int) -> tuple[float, float]:
    """CPU (all threads) and wall milliseconds, medians, after three runs of warm-up."""
    costs = []
    for i in range(1, steps + 4):
        cpu, wall = time.process_time(), time.perf_counter()
        run(i)
        costs.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu_s, wall_s = (statistics.median(column) for column in zip(*costs[3:], strict=True))
    return 1000 * cpu_s, 1000 * wall_s


def device() -> str:
    """The accelerator's name, or cpu."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(found[0])["device_name"] if found else "cpu"
