"""Table 4: which blocks matter where: a joint run without experts, attention or convolutions."""

from __future__ import annotations

from t2t_multimodel.paper.experiment import Arm, Comparison, Experiment
from t2t_multimodel.paper.octet import config_of, joint_config, those_of
from t2t_multimodel.paper.scales import Scale
from t2t_multimodel.paper.settings import steps_for, updates

PROBLEMS = ("octet_image", "octet_enfr", "octet_parse")
IMAGE = "octet_image"
NO_EXPERTS, NO_ATTENTION = "model.moe=none", "model.body.attention=source_mean"
WITHOUT = {
    "no_experts": (NO_EXPERTS, "without experts"),
    "no_attention": (NO_ATTENTION, "the source's mean in the place of each attention"),
    "neither": (f"{NO_EXPERTS},{NO_ATTENTION}", "without experts and attention"),
    "no_convolutions": ("model.block_kernels=1+1+1+1", "kernels of one position in each block"),
    "dense_params": ("model.moe=dense_params", "one dense layer with all experts' parameters"),
    "dense_compute": ("model.moe=dense_compute", "one dense layer with the experts' computation"),
}
BY_DECODER = "model.nets.class_path=decoder"
DECODERS = {
    "decoder_all_blocks": (BY_DECODER, "images alone, classes read off the decoder"),
    "decoder_no_experts": (f"{BY_DECODER},{NO_EXPERTS}", "the same without experts"),
    "decoder_no_attention": (f"{BY_DECODER},{NO_ATTENTION}", "the same without attention"),
}


def table4(scale: Scale) -> Experiment:
    """Experts and attention help even where they were not made for the problem."""
    problems = those_of(joint_config(scale), PROBLEMS)
    together = {"all_blocks": ("", "all blocks"), **WITHOUT}
    arms = [*_arms(scale, problems, together), *_arms(scale, (IMAGE,), DECODERS)]
    return Experiment(
        name="table4",
        title="Table 4: which blocks matter where",
        arms=tuple(arms),
        comparisons=(*_ablations(problems), *_by_decoder()),
        notes=(
            "Blocks on a problem's path: translation and parsing pass the encoder, its experts, "
            "the mixer, the decoder, its attention and its experts. Class labels leave after the "
            "encoder: on the path of octet_image lie the encoder's convolutions and experts, and "
            "no attention, so that without attention its scores change only through what the "
            "problems share. The arms decoder_... are of images alone and read the class off one "
            "decoded position, where the image meets every block.",
            "The problems come at equal rates, and each as often in all arms. Without attention "
            "each block adds the source's mean instead. Without convolutions the blocks of the "
            "body see one position each; the nets for images and for class labels keep theirs.",
        ),
    )


def _arms(scale: Scale, problems: tuple[str, ...], wanted: dict[str, tuple[str, str]]) -> list[Arm]:
    """Arms of some problems with equal rates, each with as many micro-batches."""
    joint, own = joint_config(scale), config_of(scale, *problems)
    most = max(updates(joint, problem) for problem in those_of(joint, PROBLEMS))
    steps = steps_for(own, problems[0], scale.ablation_batches or most)
    return [
        Arm(name=name, problems=problems, settings=settings, steps=steps, note=note)
        for name, (settings, note) in wanted.items()
    ]


def _ablations(problems: tuple[str, ...]) -> list[Comparison]:
    wanted = {
        "no_experts": "Experts help on {problem}.",
        "no_attention": "Attention helps on {problem}.",
        "neither": "Experts and attention together help on {problem}.",
        "no_convolutions": "Convolutions over several positions help on {problem}.",
        "dense_params": "Experts are better than a dense layer of as many weights on {problem}.",
        "dense_compute": "Experts are better than a dense layer of like cost on {problem}.",
    }
    return [
        Comparison(
            first="all_blocks",
            second=arm,
            problems=(problem,),
            decides=sentence.format(problem=problem),
        )
        for arm, sentence in wanted.items()
        for problem in problems
        if (arm, problem) != ("no_attention", IMAGE)  # no attention lies on its path
    ]


def _by_decoder() -> list[Comparison]:
    return [
        Comparison(
            first="decoder_all_blocks",
            second=f"decoder_no_{block}",
            problems=(IMAGE,),
            decides=f"{block.capitalize()} {verb} on octet_image by way of the decoder.",
        )
        for block, verb in (("experts", "help"), ("attention", "helps"))
    ]
