"""What the training loop asks of a process_group, with workers that are threads of this process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from t2t_multimodel.engines.micro_batch import Observed
from t2t_multimodel.engines.process_group import ALONE, ProcessGroup, pack, unpack
from t2t_multimodel.errors import UserError


class Threads(ProcessGroup):
    """Two workers that meet at a barrier."""

    workers = 2
    barrier = threading.Barrier(2)
    rows: dict[int, np.ndarray] = {}

    def __init__(self, worker: int) -> None:
        self.worker, self.chief = worker, worker == 0

    def gather(self, values: np.ndarray) -> np.ndarray:
        self.rows[self.worker] = values
        self.barrier.wait(10)
        table = np.stack([self.rows[0], self.rows[1]]).astype(float)
        self.barrier.wait(10)
        return table


def both(method: str, *arguments: object) -> list[object]:
    """The call on both workers, with each one's argument; errors are returned."""

    def call(worker: int) -> object:
        try:
            return getattr(Threads(worker), method)(arguments[worker])
        except UserError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(call, range(2)))


def test_one_process_owns_everything_and_passes_everything_on() -> None:
    assert ALONE.chief and all(map(ALONE.owns, range(5)))
    assert (ALONE.any(True), ALONE.any(False)) == (True, False)
    observed = [Observed({"xent": np.float32(2.0)}, {})]
    assert ALONE.share(observed) == observed
    ALONE.check_same({"the step": 3})


def test_workers_own_micro_batches_in_turn() -> None:
    owned = [[draw for draw in range(5) if Threads(worker).owns(draw)] for worker in range(2)]
    assert owned == [[0, 2, 4], [1, 3]]


def test_a_flag_of_one_worker_is_a_flag_of_all() -> None:
    assert both("any", False, True) == [True, True]
    assert both("any", False, False) == [False, False]


def test_workers_that_do_not_start_alike_are_told() -> None:
    message = (
        "The workers do not start alike: the step is 40 on worker 0, 0 on worker 1.\n"
        "Give all of them the same flags and packages, and a --data_dir and --output_dir with "
        "the same contents, on a shared disk say."
    )
    assert both("check_same", {"the step": 40}, {"the step": 0}) == [message, message]
    assert both("check_same", {"the step": 40}, {"the step": 40}) == [None, None]


def test_scalars_are_packed_without_a_loss() -> None:
    rng = np.random.default_rng(0)
    scalars = {"xent": np.float32(rng.normal()), "share": rng.random(4, np.float32)}
    loads = {"router/bias": np.float32([3, 0, 2**23 + 1])}
    observed = {1: Observed(scalars, loads), 3: Observed({"xent": np.float32("nan")}, {})}
    back = unpack(pack(observed))
    assert back.keys() == observed.keys()
    assert back[1].scalars["xent"] == scalars["xent"]
    assert back[1].scalars["xent"].dtype == np.float32
    assert np.array_equal(back[1].scalars["share"], scalars["share"])
    assert np.array_equal(back[1].loads["router/bias"], loads["router/bias"])
    assert np.isnan(back[3].scalars["xent"]) and back[3].loads == {}


def test_workers_know_what_all_micro_batches_showed() -> None:
    all_of_them = [
        Observed({"xent": np.float32(i)}, {"bias": np.float32([i, 1])}) for i in range(3)
    ]
    mine, theirs = [all_of_them[0], None, all_of_them[2]], [None, all_of_them[1], None]
    for seen in both("share", mine, theirs):
        assert [float(one.scalars["xent"]) for one in seen] == [0.0, 1.0, 2.0]
        assert [one.loads["bias"].tolist() for one in seen] == [[0, 1], [1, 1], [2, 1]]


def test_nothing_packed_is_nothing_unpacked() -> None:
    assert unpack(pack({})) == {}


def test_the_chiefs_scores_are_those_of_all() -> None:
    mine = {"a": {"teacher_forced/log_ppl": 1.25, "wer": float("nan")}, "b": {"top1": 0.5}}
    theirs = {"a": {"teacher_forced/log_ppl": 1.5, "wer": 0.25}, "b": {"top1": 0.75}}
    assert str(both("as_chief", mine, theirs)) == str([mine, mine])
    assert str(ALONE.as_chief(theirs)) == str(theirs)
