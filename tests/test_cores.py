"""Work that is spread over cores."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from t2t_multimodel.cores import side_by_side


def test_items_run_at_once_and_come_out_in_order() -> None:
    both = threading.Barrier(2)

    def compute(number: int, factor: int) -> int:
        both.wait(timeout=60)  # one alone would wait in vain
        return number * factor

    work = [(1, 2), (3, 4), (5, 6), (7, 8)]
    with ThreadPoolExecutor(2) as pool:
        assert list(side_by_side(pool, compute, work, depth=2)) == [2, 12, 30, 56]


def test_work_is_read_no_further_ahead_than_asked() -> None:
    read: list[int] = []

    def work() -> Iterator[tuple[int]]:
        for number in range(6):
            read.append(number)
            yield (number,)

    with ThreadPoolExecutor(1) as pool:
        for number in side_by_side(pool, lambda number: number, work(), depth=2):
            assert len(read) <= number + 2
    assert read == [0, 1, 2, 3, 4, 5]
