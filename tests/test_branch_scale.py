import keras
import numpy as np
import pytest
from helpers.small_models import CONFIGS, PROBLEMS

from t2t_multimodel.multimodel import MultiModel

ENDS = {
    "paper": ("step2/norm/scale", "step4/norm/scale"),
    "octet": ("step2/norm/scale", "step4/norm/scale"),
    "t2t_v1": (
        "steps1/step1/norm/scale",
        "steps2/step1/norm/scale",
        "_block0/attention/norm/scale",
    ),
    "t2t_v2": ("step4/norm/scale",),
}
"""The norms whose output is added to what went round the branch, by the end of their path."""


def weights(config):
    keras.utils.set_random_seed(0)
    model = MultiModel(config, PROBLEMS[:1])
    return {v.path.partition("/")[2]: keras.ops.convert_to_numpy(v) for v in model.body.variables}


@pytest.mark.parametrize("variant", CONFIGS)
def test_norms_that_end_a_branch_begin_small_and_nothing_else_changes(variant):
    small = weights(CONFIGS[variant].replace(branch_scale=0.05))
    full = weights(CONFIGS[variant].replace(branch_scale=1.0))
    ends = {path for path in full if path.endswith(ENDS[variant])}
    assert ends
    for path, value in full.items():
        expected = np.full_like(value, 0.05) if path in ends else value
        np.testing.assert_array_equal(small[path], expected, err_msg=path)
