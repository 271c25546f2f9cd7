"""How the parts of a model are named and described."""

from __future__ import annotations

import numpy as np

from t2t_multimodel import nets


def test_a_spelling_survives_json_with_every_byte_it_may_hold() -> None:
    spelling = np.zeros((4, 5), np.uint8)
    spelling[1, :4] = [0xE2, 0x82, 0xAC, 0x0A]
    spelling[2, :5] = [255, 1, 128, 34, 92]
    spelling[3, :1] = 97
    pieces = nets.spelling_to_json(spelling)
    assert [len(piece) for piece in pieces] == [0, 4, 5, 1]
    np.testing.assert_array_equal(nets.spelling_from_json(pieces), spelling)


def test_layers_have_names_without_signs_that_paths_give_a_meaning() -> None:
    assert nets.variable_name("text/shared-30-1a2b") == "text_shared_30_1a2b"
