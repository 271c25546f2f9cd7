"""Table 3: whether other problems help parsing, with the controls that tell why."""

from __future__ import annotations

from t2t_multimodel.paper.experiment import Arm, Comparison, Experiment
from t2t_multimodel.paper.octet import SET, config_of, joint, joint_config
from t2t_multimodel.paper.scales import Scale
from t2t_multimodel.paper.settings import base_config, steps_for, updates
from t2t_multimodel.paper.table2 import single

TREES = {"full": "octet_parse", "tenth": "control_parse_tenth"}
PART = {"full": "all trees", "tenth": "a tenth of the trees"}


def table3(scale: Scale) -> Experiment:
    """Trees learn from images, though the two seem unrelated."""
    return Experiment(
        name="table3",
        title="Table 3: parsing alone and with others",
        arms=tuple(arm for share in scale.shares for arm in _arms(scale, share)),
        comparisons=tuple(one for share in scale.shares for one in _comparisons(scale, share)),
        notes=(
            "Every arm has the same number of micro-batches of trees; those with one more problem "
            "have as many of that one. Images with shuffled labels, an unrelated text problem "
            "(French to German) and twice the dropout are the controls: what these bring as well "
            "is regularisation or more computation. Only real labels that are better than "
            "shuffled ones are transfer from images.",
        ),
    )


def _arms(scale: Scale, share: str) -> list[Arm]:
    trees = TREES[share]
    wanted = updates(joint_config(scale), "octet_parse")

    def arm(name: str, *others: str, settings: str = "", note: str) -> Arm:
        problems = (trees, *others)
        steps = steps_for(config_of(scale, *problems), trees, wanted)
        name = f"trees_{share}_{name}"
        return Arm(name=name, problems=problems, steps=steps, settings=settings, note=note)

    dropout = min(0.9, 2 * base_config(SET, scale).config.model.dropout)
    arms = [
        single(scale, trees) if share == "full" else arm("alone", note="trees alone"),
        arm("images", "octet_image", note="and images"),
        arm("shuffled", "control_image_shuffled", note="and images with shuffled labels"),
        arm("text", "octet_frde", note="and an unrelated text problem"),
        arm("dropout", settings=f"model.dropout={dropout:g}", note="alone with more dropout"),
    ]
    return [*arms, _with_all(scale, share)] if share in scale.all_with else arms


def _with_all(scale: Scale, share: str) -> Arm:
    """The joint arm; with a tenth of the trees another one, whose trees are that tenth."""
    whole = joint(scale)
    if share == "full":
        return whole
    problems = tuple(entry.replace("octet_parse", TREES[share]) for entry in whole.problems)
    return Arm(
        name=f"trees_{share}_all",
        problems=problems,
        steps=scale.joint_steps,
        note="one model on all problems",
    )


def _comparisons(scale: Scale, share: str) -> list[Comparison]:
    trees, part = TREES[share], PART[share]
    own = {"all": "joint", "alone": f"single_updates_{trees}"} if share == "full" else {}
    helped = f"Images help parsing with {part}, and their labels are why."
    wanted = {
        helped: [("images", "alone"), ("images", "shuffled"), ("images", "dropout")],
        f"Images help parsing with {part} more than an unrelated text problem does.": [
            ("images", "text")
        ],
    }
    if share in scale.all_with:
        wanted[f"All problems together help parsing with {part}."] = [("all", "alone")]
    return [
        Comparison(
            first=own.get(first, f"trees_{share}_{first}"),
            second=own.get(second, f"trees_{share}_{second}"),
            problems=(trees,),
            decides=sentence,
        )
        for sentence, pairs in wanted.items()
        for first, second in pairs
    ]
