"""The weights of a class go with its name into a model that has it at another number."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from helpers.finished_run import TASKS, Run, forget_small_tasks
from helpers.small_models import FLAT_CONFIGS, PROBLEMS

from t2t_multimodel import ClassLabel, UserError, registry, usr_dir
from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
from t2t_multimodel.checkpoints.classes_by_name import Moved, moved
from t2t_multimodel.checkpoints.warm_start import begin, take
from t2t_multimodel.modalities.base import Modality
from t2t_multimodel.multimodel import MultiModel

OCTET, CLASSIFY = FLAT_CONFIGS["octet"], PROBLEMS[1]


def of_classes(count: int) -> MultiModel:
    keras.utils.set_random_seed(count)
    targets = dataclasses.replace(CLASSIFY.targets, size=count)
    return MultiModel(OCTET, [dataclasses.replace(CLASSIFY, targets=targets)])


def test_weights_are_taken_class_by_class() -> None:
    model, other = of_classes(4), of_classes(3)
    net = model.nets[CLASSIFY.targets.identity]
    fresh = net.classes.kernel.numpy()
    old = other.nets[CLASSIFY.targets.identity].classes.kernel.numpy()
    paths = tuple(variable.path for variable in net.by_class())
    taken = take(model, other, [Moved("pictures", (2, None, 0, 1), 0, paths)])
    assert taken.misfits == {} and set(paths) <= taken.taken.keys()
    now = net.classes.kernel.numpy()
    for number, there in enumerate((2, None, 0, 1)):
        expected = fresh[:, number] if there is None else old[:, there]
        np.testing.assert_array_equal(now[:, number], expected)


@pytest.fixture
def reordered(run: Run, monkeypatch: pytest.MonkeyPatch) -> Any:
    """made_colours with other names than the run was trained with, and a model of it."""
    forget_small_tasks()
    usr_dir.add(TASKS)

    def make(*names: str) -> tuple[MultiModel, dict[str, Any]]:
        kind = registry.problems.get("made_colours")
        monkeypatch.setattr(kind, "targets", ClassLabel(names=names))
        problem, checkpoint = kind(), open_checkpoint(run.folder)
        keras.utils.set_random_seed(9)
        model = MultiModel(checkpoint.config().model, [problem.signature({})])
        return model, {"made_colours": SimpleNamespace(problem=problem, tokenizers={})}

    return make


def kernel(model: MultiModel) -> np.ndarray:
    return model.nets["class_label/made_colours"].classes.kernel.numpy()


def test_a_warm_start_follows_the_names_and_tells_it(
    run: Run, reordered: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    model, prepared = reordered("blue", "red", "green")
    checkpoint = open_checkpoint(run.folder)
    old = kernel(checkpoint.model())
    begin(model, checkpoint, prepared)
    np.testing.assert_array_equal(kernel(model), old[:, [2, 0, 1]])
    told = capsys.readouterr().out.splitlines()
    assert "  classes of made_colours: 3 taken by name, 0 new, 0 left there" in told


def test_names_that_are_the_same_move_nothing(run: Run, reordered: Any) -> None:
    model, prepared = reordered("red", "green", "blue")
    problems = [one.problem for one in prepared.values()]
    assert moved(model, open_checkpoint(run.folder), problems) == []


def test_new_and_lost_names_are_counted(run: Run, reordered: Any) -> None:
    model, prepared = reordered("pink", "blue", "red", "grey")
    problems = [one.problem for one in prepared.values()]
    (found,) = moved(model, open_checkpoint(run.folder), problems)
    assert (found.there, found.left) == ((None, 2, 0, None), 1)
    assert found.line() == "  classes of made_colours: 2 taken by name, 2 new, 1 left there"


def test_a_net_that_does_not_tell_its_classes_is_refused(
    run: Run, reordered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, prepared = reordered("red", "blue", "green")
    net = model.nets["class_label/made_colours"]
    monkeypatch.setattr(type(net), "by_class", Modality.by_class)
    checkpoint = open_checkpoint(run.folder)
    with pytest.raises(UserError) as caught:
        moved(model, checkpoint, [one.problem for one in prepared.values()])
    assert str(caught.value) == (
        f"The classes of problem 'made_colours' are not those of {checkpoint.path}: names[1] was "
        "'green' and is 'blue', and its net has no method `by_class` that says which weights "
        f"belong to a class.\nSet the names back in {registry.problems.where('made_colours')}, "
        "or begin without --warm_start."
    )


def test_tensor2tensors_nets_tell_their_classes_too() -> None:
    net = MultiModel(FLAT_CONFIGS["t2t_v1"], [CLASSIFY]).nets[CLASSIFY.targets.identity]
    assert [tuple(one.shape)[-1] for one in net.by_class()] == [CLASSIFY.targets.size] * 2
