"""Floating-point operations of a JAX function: those of its products, counted in its jaxpr."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax


def product_flops(function: Callable[..., Any], *arguments: Any) -> float:
    """Operations of all matrix products and convolutions that a call runs."""
    return _count(jax.make_jaxpr(function)(*arguments).jaxpr)


def _count(jaxpr: Any) -> float:
    return sum(map(_equation, jaxpr.eqns))


def _equation(equation: Any) -> float:
    out = equation.outvars[0].aval.shape if equation.outvars else ()
    name = equation.primitive.name
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        left = equation.invars[0].aval.shape
        return 2 * math.prod(out) * math.prod(left[axis] for axis in contracted)
    if name == "conv_general_dilated":
        kernel = equation.invars[1].aval.shape
        filters = kernel[equation.params["dimension_numbers"].rhs_spec[0]]
        return 2 * math.prod(out) * math.prod(kernel) / filters
    return sum(map(_inside, equation.params.values()))


def _inside(value: Any) -> float:
    """Counts a parameter that holds jaxprs (jit, custom derivatives, loops once)."""
    if hasattr(value, "eqns"):
        return _count(value)
    if hasattr(value, "jaxpr"):
        return _count(value.jaxpr)
    if isinstance(value, tuple | list):
        return sum(map(_inside, value))
    return 0.0
