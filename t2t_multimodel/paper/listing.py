"""What `mm-paper list` says: the tables, their arms, what these cost, and the scales."""

from __future__ import annotations

from t2t_multimodel.paper.experiment import Arm
from t2t_multimodel.paper.scales import SCALES, Scale
from t2t_multimodel.paper.settings import micro_batches, resolved_arm
from t2t_multimodel.paper.tables import TABLES, tables_named
from t2t_multimodel.terminal import plural


def listing(scale: Scale) -> str:
    """Tables with their arms at a scale, and the scales.

    The cost of a run is an estimate, in processor seconds. An arm that an earlier table has too is
    trained once.
    """
    lines, known, total = [f"{'':34} steps micro-batches CPU-s"], set(), 0.0
    for table in TABLES:
        (experiment,) = tables_named(table, scale)
        lines += [f"{table}: {experiment.title.partition(': ')[2]}"]
        for arm in experiment.arms:
            row, cost = _row(arm, scale)
            lines.append(row)
            total += 0.0 if arm.name in known else cost
            known.add(arm.name)
    lines += ["", _summary(scale, len(known), total), "", "Scales:"]
    lines += [f"  {one.name:5}  {one.summary}" for one in SCALES.values()]
    return "\n".join(lines)


def _row(arm: Arm, scale: Scale) -> tuple[str, float]:
    """The line of an arm, and its cost."""
    config = resolved_arm(arm, scale, 0).config
    cost = scale.cost.seconds(config)
    figures = f"{config.train.steps:5,} {micro_batches(config):13,} {cost:5,.0f}"
    return f"  {arm.name:32} {figures}  {arm.note}".rstrip(), cost


def _summary(scale: Scale, arms: int, total: float) -> str:
    return (
        f"Scale {scale.name}: {plural(arms, 'arm')}, for one seed about {total:,.0f} CPU seconds "
        f"({total / 3600:.1f} hours); {plural(scale.seeds, 'seed')} by default."
    )
