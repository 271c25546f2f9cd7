"""The guides that a problem declares by its features."""

from __future__ import annotations

from collections.abc import Mapping

from t2t_multimodel.decode.brackets import BracketGuide
from t2t_multimodel.decode.guide import Guide
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import SpeltTokenizer
from t2t_multimodel.problem import Problem


def guides(problem: Problem, tokenizers: Mapping[str, SpeltTokenizer]) -> list[Guide]:
    """Returns the guides that a `Decoder` of the problem is to be given.

    Args:
        problem: its target may have a grammar.
        tokenizers: of the model, by name.

    Raises:
        UserError: its inputs are no text, whose words the leaves of a tree could stand for, or its
            target does not take symbols.
    """
    inputs, targets = problem.inputs, problem.targets
    grammar = getattr(targets, "grammar", None)
    if grammar is None:
        return []
    own, words = targets.vocabulary(problem.name), inputs.vocabulary(problem.name)
    if own is None or words is None or not getattr(targets, "symbols", False):
        raise UserError(
            f"The grammar of {problem.name} needs text for inputs, and a target with symbols.",
            "inputs = Text(), targets = Text(vocab=..., symbols=True, grammar=Brackets()).",
        )
    return [BracketGuide(grammar.tables(tokenizers[own], tokenizers[words]))]
