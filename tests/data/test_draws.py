"""Random draws depend on their arguments and on nothing else."""

from __future__ import annotations

import numpy as np

from t2t_multimodel.data.draws import generator


def test_the_same_arguments_draw_the_same_numbers() -> None:
    first = generator(1, "mixture", 5).random(4)
    generator(1, "mixture", 6).random(100)
    assert np.array_equal(generator(1, "mixture", 5).random(4), first)


def test_each_argument_matters() -> None:
    places = [(0, "a", 0), (1, "a", 0), (0, "b", 0), (0, "a", 1), (0, "a", 0, 1)]
    firsts = [generator(*place).random() for place in places]
    assert len(set(firsts)) == len(places)
