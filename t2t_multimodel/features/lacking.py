"""The error for a feature without a method that a command needs."""

from __future__ import annotations

import inspect
from typing import Any

from t2t_multimodel.errors import UserError


def lacks(feature: Any, method: str, purpose: str) -> UserError:
    """The error that names the method which a user's own feature must add.

    Args:
        feature: the feature, or its class.
        method: the method's name, as `Feature` has it.
        purpose: what the method is for: "so that lines can be read".
    """
    cls = feature if isinstance(feature, type) else type(feature)
    names = inspect.signature(getattr(cls, method)).parameters
    return UserError(f"{cls.__name__} lacks `{method}({', '.join(names)})`, {purpose}.")
