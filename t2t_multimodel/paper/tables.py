"""The paper's tables by name, and what else is asked of the joint run."""

from __future__ import annotations

from collections.abc import Callable

from t2t_multimodel.errors import unknown
from t2t_multimodel.paper.affinity import affinity
from t2t_multimodel.paper.experiment import Experiment
from t2t_multimodel.paper.experts import experts
from t2t_multimodel.paper.scales import Scale
from t2t_multimodel.paper.table1 import table1
from t2t_multimodel.paper.table2 import table2
from t2t_multimodel.paper.table3 import table3
from t2t_multimodel.paper.table4 import table4

TABLES: dict[str, Callable[[Scale], Experiment]] = {
    "table1": table1,
    "table2": table2,
    "table3": table3,
    "table4": table4,
    "affinity": affinity,
    "experts": experts,
}
ALL = "all"


def tables_named(name: str, scale: Scale) -> list[Experiment]:
    """One table, or all. Raises `UserError` with the nearest names if there is none."""
    if name == ALL:
        return [make(scale) for make in TABLES.values()]
    if name not in TABLES:
        raise unknown("table", name, [*TABLES, ALL])
    return [TABLES[name](scale)]
