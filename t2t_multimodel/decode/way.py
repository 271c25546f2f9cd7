"""The way of decoding that a user's options imply, be they flags or arguments of Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.errors import UserError, unknown

if TYPE_CHECKING:  # help and refusals need no numpy
    from t2t_multimodel.features import Output

SAMPLING = ("temperature", "top_k", "top_p", "seed")
"""Options of sampling alone."""
BEAM = ("beam_size", "alpha")
"""Options of beam search alone."""
OPTIONS = (*BEAM, *SAMPLING, "ctc_weight", "nbest", "max_length", "jit")
"""All options; an option that is left out has the default of `DecodeConfig`."""


def way_of(options: Mapping[str, Any], mark: str = "") -> DecodeConfig:
    """The way that the given options imply: sampling, beam search, or the greedy one.

    Args:
        options: names of `OPTIONS` and their values; None stands for one that is left out.
        mark: stands before the names in messages, such as "--".

    Raises:
        UserError: they imply two ways, or one has no such name.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in OPTIONS:
            raise unknown("option of decoding", name, OPTIONS)
    beam = [name for name in BEAM if name in given]
    sampling = [name for name in SAMPLING if name in given]
    if beam and sampling:
        raise UserError(
            f"{mark}{beam[0]} is of beam search, {mark}{sampling[0]} of sampling.",
            "Give one of the two.",
        )
    several = given.get("nbest", 1) > 1
    if several and "beam_size" not in given:
        given["beam_size"] = max(DecodeConfig.beam_size, given["nbest"])
    method: Literal["greedy", "beam", "sample"]
    method = "sample" if sampling else "beam" if beam or several else "greedy"
    return DecodeConfig(method=method, **given)


def check_fits(options: Mapping[str, Any], output: Output | None, name: str, mark: str) -> None:
    """Raises `UserError` where an option is for another kind of output than the problem has.

    Args:
        options: as in `way_of`, and "scores" where these are asked for.
        output: how the targets of the problem are predicted.
        name: of the problem.
        mark: as in `way_of`.
    """
    given = [one for one in (*BEAM, *SAMPLING, "max_length") if options.get(one) is not None]
    if output == "classes" and given:
        raise UserError(
            f"{mark}{given[0]} is for sequences, but the outputs of {name} are classes.",
            f"{mark}nbest=N gives the N most probable ones.",
        )
    given += [one for one in ("nbest", "scores") if options.get(one)]
    if output == "values" and given:
        raise UserError(
            f"{mark}{given[0]} is for outputs with a probability, but those of {name} are values."
        )
