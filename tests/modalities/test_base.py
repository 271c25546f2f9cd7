import numpy as np
import pytest
from helpers.small_models import OCTET, PROBLEMS
from keras import ops

from t2t_multimodel import registry
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.mode import EVAL
from t2t_multimodel.modalities.base import Embedded, Modality
from t2t_multimodel.modalities.text import length_mask
from t2t_multimodel.multimodel import MultiModel

ROWS = Signature("table", "table/3", 0, (None, 3), 10)


def test_a_users_own_modality_is_found_by_name():
    @registry.register_modality("table")
    class TableModality(Modality):
        """Rows of three numbers, a position each."""

        def __init__(self, config, signature, **kwargs):
            super().__init__(config, signature, **kwargs)
            self.map = Linear(signature.shape[1], config.hidden_size, name="map")

        def embed(self, values, lengths_B, mode=EVAL):
            length = ops.shape(values)[1]
            mask_BL = length_mask(lengths_B, length)
            return Embedded(self.map(values) * mask_BL[..., None], mask_BL, (length, 1))

    problem = ProblemSignature("describe", "to_english", ROWS, PROBLEMS[0].targets)
    model = MultiModel(OCTET, [problem])
    batch = {
        "inputs": np.ones((2, 4, 3), "float32"),
        "inputs_length": np.array([4, 2]),
        "targets": np.array([[5, 6, 1], [7, 1, 0]]),
        "targets_length": np.array([3, 2]),
    }
    assert model(batch, problem="describe")["logits"].shape == (2, 3, 30)
    assert "multimodel/table_3/map/kernel" in [v.path for v in model.variables]


def test_an_unknown_modality_is_an_error_that_lists_the_known():
    problem = ProblemSignature("describe", "to_english", ROWS, PROBLEMS[0].targets)
    with pytest.raises(UserError, match=r"^No modality is named 'table'\.(.|\n)*class_label"):
        MultiModel(OCTET, [problem])


TOKENS = Signature("marks", "marks/5", 5, (None,), 10)


class OneWay(Modality):
    """A way out and none in."""

    def logits(self, h_BTD, mask_BT, grid):
        return h_BTD


@pytest.mark.parametrize(
    ("role", "signature", "message"),
    [
        (
            "inputs",
            TOKENS,
            "Features of modality 'marks' can not be inputs.\n"
            "Its net, OneWay, has no method `embed`.",
        ),
        (
            "targets",
            TOKENS,
            "Features of modality 'marks' can not be targets.\n"
            "Its net, OneWay, has no method `embed_targets`.",
        ),
        (
            "targets",
            Signature("marks", "marks/5", 0, (5,), 1, "int32"),
            "Features of modality 'marks' can not be targets: int32 [5] is no tokens, class or "
            "values.",
        ),
    ],
)
def test_a_net_is_refused_where_it_has_no_way(role, signature, message):
    with pytest.raises(UserError) as caught:
        OneWay.check_role(signature, role)
    assert str(caught.value) == message


def test_targets_of_one_position_need_no_embedding():
    OneWay.check_role(Signature("marks", "marks/5", 0, (5,), 1, "float32"), "targets")
    net = OneWay(OCTET, Signature("marks", "marks/5", 5, (), 1), name="marks")
    embedded = np.asarray(net.embed_targets(np.array([3, 1]), np.ones((2, 1))))
    assert embedded.shape == (2, 1, OCTET.hidden_size)
    assert not embedded.any()
