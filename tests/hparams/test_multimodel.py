"""The paper's settings."""

from __future__ import annotations

from t2t_multimodel.config.tree import updated
from t2t_multimodel.hparams.octet import OCTET
from t2t_multimodel.registry import hparams


def test_the_joint_model_has_the_papers_problems_and_experts() -> None:
    config = hparams.get("multimodel_paper")()
    assert list(config.rates) == [
        "imagenet",
        "coco_caption",
        "wsj_speech",
        "wsj_parse",
        "wmt_ende",
        "wmt_deen",
        "wmt_enfr",
        "wmt_frde",
    ]
    assert (config.model.moe.experts, config.model.moe.per_token) == (240, 4)
    assert config.batches_per_step == 8


def test_a_model_of_one_problem_has_sixty_experts_and_is_else_the_same() -> None:
    joint, single = (hparams.get(f"multimodel_paper{end}")() for end in ("", "_single"))
    assert len(single.problems) == 1
    assert single.model == updated(joint.model, {"moe.experts": 60})
    assert single.replace(problems=joint.problems, model=joint.model) == joint


def test_smaller_sets_train_on_what_ships_with_the_project() -> None:
    for name in ("multimodel_base", "multimodel_tiny"):
        assert tuple(hparams.get(name)().rates) == OCTET
