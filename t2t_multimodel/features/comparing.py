"""The part of a feature that is compared: by metrics, and by methods without a network."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from t2t_multimodel.features.stored import Stored, Tokenizer


class ForComparing(Stored):
    """Tells how targets and outputs reach metrics, and sources the classical baseline."""

    seen_as: ClassVar[str] = "values"
    """A word for what `simple` makes of a value: "pixels"."""

    def metric_target(self, array: np.ndarray, tokenizer: Tokenizer | None) -> Any:
        """A stored target as metrics take it: the value, or a tuple of equally good ones."""
        values = self.references(array, tokenizer)
        return values if len(values) > 1 else values[0]

    def metric_output(self, outputs: np.ndarray, tokenizer: Tokenizer | None) -> Any:
        """A model's outputs for one input, the best first, as metrics take them."""
        return self.decode(outputs[0], tokenizer)

    def output_words(self, output: Any) -> str:
        """Returns what `metric_output` made of an output, as a line of text."""
        return str(output)

    def simple(self, value: Any) -> str | np.ndarray | None:
        """A value, as `decode` gives it, in the form in which simple methods compare sources.

        Returns:
            A text, or numbers in an array of a fixed length, float32 [dimensions]. None: there is
            no such form, and so no classical baseline where this feature is the source.
        """
        return None
