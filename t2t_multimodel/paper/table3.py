"""Table 3: whether other problems help a small one, with the controls that tell why."""

from __future__ import annotations

from t2t_multimodel.paper.experiment import Arm, Comparison, Experiment
from t2t_multimodel.paper.octet import SET, config_of, joint, joint_config, those_of
from t2t_multimodel.paper.scales import Scale
from t2t_multimodel.paper.settings import base_config, steps_for, updates
from t2t_multimodel.paper.table2 import single

PARSING = "octet_parse"
TENTH = "control_parse_tenth"
"""The problem `PARSING` with a tenth of its train split."""
WORD = {PARSING: "trees", "octet_caption": "captions", "octet_speech": "speech"}
"""Each small problem in the names of arms and in sentences."""
VERB = {PARSING: "parsing", "octet_caption": "captioning", "octet_speech": "speech recognition"}


def table3(scale: Scale) -> Experiment:
    """Trees learn from images, though the two seem unrelated; so do captions, and speech?"""
    small = [name for name in those_of(joint_config(scale), tuple(WORD)) if name != PARSING]
    wanted = [(PARSING, share) for share in scale.shares] + [(name, "full") for name in small]
    return Experiment(
        name="table3",
        title="Table 3: small problems alone and with others",
        arms=tuple(arm for problem, share in wanted for arm in _arms(scale, problem, share)),
        comparisons=tuple(
            one for problem, share in wanted for one in _comparisons(scale, problem, share)
        ),
        notes=(
            "Every arm has the same number of micro-batches of its small problem; those with one "
            "more problem have as many of that one. Images with shuffled labels, an unrelated "
            "text problem (French to German) and twice the dropout are the controls: what these "
            "bring as well is regularisation or more computation. Only real labels that are "
            "better than shuffled ones are transfer from images.",
        ),
    )


def _trained(problem: str, share: str) -> str:
    """The problem whose records are the share."""
    return TENTH if share == "tenth" else problem


def _arms(scale: Scale, problem: str, share: str) -> list[Arm]:
    trained = _trained(problem, share)
    wanted = updates(joint_config(scale), problem)

    def arm(name: str, *others: str, settings: str = "", note: str) -> Arm:
        problems = (trained, *others)
        steps = steps_for(config_of(scale, *problems), trained, wanted)
        name = f"{WORD[problem]}_{share}_{name}"
        return Arm(name=name, problems=problems, steps=steps, settings=settings, note=note)

    alone = f"{WORD[problem]} alone"
    dropout = min(0.9, 2 * base_config(SET, scale).config.model.dropout)
    arms = [
        single(scale, trained) if share == "full" else arm("alone", note=alone),
        arm("images", "octet_image", note="and images"),
        arm("shuffled", "control_image_shuffled", note="and images with shuffled labels"),
        arm("text", "octet_frde", note="and an unrelated text problem"),
        arm("dropout", settings=f"model.dropout={dropout:g}", note="alone with more dropout"),
    ]
    return [*arms, _with_all(scale, share)] if _has_all(scale, problem, share) else arms


def _has_all(scale: Scale, problem: str, share: str) -> bool:
    """Whether all problems together are compared here: table 2 does so for the others."""
    return problem == PARSING and share in scale.all_with


def _with_all(scale: Scale, share: str) -> Arm:
    """The joint arm; with a tenth of the trees another one, whose trees are that tenth."""
    whole = joint(scale)
    if share == "full":
        return whole
    problems = tuple(entry.replace(PARSING, TENTH) for entry in whole.problems)
    return Arm(
        name=f"trees_{share}_all",
        problems=problems,
        steps=scale.joint_steps,
        note="one model on all problems",
    )


def _comparisons(scale: Scale, problem: str, share: str) -> list[Comparison]:
    trained, prefix = _trained(problem, share), f"{WORD[problem]}_{share}"
    own = {"all": "joint", "alone": f"single_updates_{trained}"} if share == "full" else {}
    helped = VERB[problem]
    if problem == PARSING:
        helped += " with all trees" if share == "full" else " with a tenth of the trees"
    wanted = {
        f"Images help {helped}, and their labels are why.": [
            ("images", "alone"),
            ("images", "shuffled"),
            ("images", "dropout"),
        ],
        f"Images help {helped} more than an unrelated text problem does.": [("images", "text")],
    }
    if _has_all(scale, problem, share):
        wanted[f"All problems together help {helped}."] = [("all", "alone")]
    return [
        Comparison(
            first=own.get(first, f"{prefix}_{first}"),
            second=own.get(second, f"{prefix}_{second}"),
            problems=(trained,),
            decides=sentence,
        )
        for sentence, pairs in wanted.items()
        for first, second in pairs
    ]
