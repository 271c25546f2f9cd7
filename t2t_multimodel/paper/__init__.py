"""Experiments: arms that are trained, comparisons between them, and the sentences they decide.

The paper's four tables are instances (`table1` to `table4`); a user writes more of them in a file
and runs it with `mm-paper run FILE`.
"""

from t2t_multimodel.paper.experiment import Arm, Bar, Comparison, Experiment

__all__ = ["Arm", "Bar", "Comparison", "Experiment"]
