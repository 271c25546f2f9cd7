"""Features as a flag or a file writes them: `text:128`, `class`, `image:32x32`, `audio:16000`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from t2t_multimodel.errors import UserError, did_you_mean
from t2t_multimodel.features import Audio, ClassLabel, Feature, Image, Text

FORMS = {
    "text": "text, or text:TOKENS with the longest length",
    "class": "class",
    "image": "image:HEIGHTxWIDTH, or image:HEIGHTxWIDTHx1 for grey",
    "audio": "audio:RATE, in samples a second",
}
"""Kind -> how it is written."""


def read_feature(text: str, names: Sequence[str] = ()) -> Feature:
    """The feature that is written so.

    Args:
        text: one of `FORMS`.
        names: of the classes, for `class`.

    Raises:
        UserError: it is written in another way.
    """
    kind, _, size = text.partition(":")
    if kind not in FORMS:
        raise UserError(
            f"'{text}' is no kind of data.{did_you_mean(kind, FORMS)}",
            f"Write {'; '.join(FORMS.values())}.",
        )
    numbers = [int(part) for part in size.split("x")] if re.fullmatch(r"\d+(x\d+)*", size) else []
    if kind == "class" and not size:
        return ClassLabel(names=tuple(names))
    if kind == "text" and (not size or (len(numbers) == 1 and numbers[0] > 0)):
        return Text(max_length=numbers[0]) if numbers else Text()
    if kind == "image" and len(numbers) in (2, 3) and min(numbers) > 0:
        if numbers[2:] in ([], [1], [3]):
            height, width, channels = (*numbers, 3)[:3]
            return Image(height, width, channels)
    if kind == "audio" and len(numbers) == 1 and numbers[0] > 0:
        return Audio(rate=numbers[0])
    raise UserError(f"'{text}' is not understood.", f"Write {FORMS[kind]}.")


def metrics_for(inputs: Feature, targets: Feature) -> tuple[str, ...]:
    """The usual metrics of a task: of classes, of what was said, of translations and captions."""
    if isinstance(targets, ClassLabel):
        return ("top1",)
    if not isinstance(targets, Text):
        return ()
    return ("wer", "cer") if isinstance(inputs, Audio) else ("bleu", "chrf")
