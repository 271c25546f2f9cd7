"""What `mm-paper list` says."""

from __future__ import annotations

from t2t_multimodel.paper.listing import listing
from t2t_multimodel.paper.scales import SCALES


def test_each_arm_stands_with_its_steps_and_its_cost() -> None:
    lines = listing(SCALES["cpu"]).splitlines()
    assert lines[0].split() == ["steps", "micro-batches", "CPU-s"]
    assert lines[1] == "table1: one model beside the best of each problem"
    joint = SCALES["cpu"].cost
    seconds = joint.start + 8 * joint.problem + 1000 * joint.step + 4000 * joint.micro_batch
    assert lines[2].split() == [
        *("joint", "1,000", "4,000", f"{seconds:.0f}"),
        *"one model on all problems".split(),
    ]


def test_an_arm_that_two_tables_have_is_paid_once() -> None:
    lines = listing(SCALES["smoke"]).splitlines()
    (summary,) = (line for line in lines if line.startswith("Scale smoke"))
    arms = {
        line.split()[0]: line for line in lines[1:] if line.startswith("  ") and ": " not in line
    }
    arms = {name: line for name, line in arms.items() if name not in SCALES}
    cost = sum(float(line.split()[3].replace(",", "")) for line in arms.values())
    assert summary.startswith(f"Scale smoke: {len(arms)} arms, for one seed about ")
    assert abs(float(summary.split()[8].replace(",", "")) - cost) <= len(arms) / 2
    assert summary.endswith("; 1 seed by default.")


def test_the_scales_come_last() -> None:
    last = listing(SCALES["full"]).splitlines()[-len(SCALES) :]
    assert [line.split()[0] for line in last] == list(SCALES)
