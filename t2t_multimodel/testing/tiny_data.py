"""Makers of tiny data: texts, trees, pictures and sounds that are the same in every call."""

from __future__ import annotations

import numpy as np

from t2t_multimodel.features import showing_sound
from t2t_multimodel.problems.twins.made_voice import RATE, voice
from t2t_multimodel.problems.twins.tiny_sentences import sentences

_NOUNS = ("dogs", "clocks", "rivers", "lamps", "tailors")
_VERBS = ("bark", "stop", "rise", "shine", "sing")
_PLACES = ("here", "again", "today")


def tiny_texts(n: int, language: str = "en") -> list[str]:
    """Sentences, all different; number i says the same in every language.

    Args:
        n: how many.
        language: en, de or fr.
    """
    rounds = -(-n // len(sentences(language)))
    return sentences(language, rounds)[:n]


def tiny_trees(n: int) -> list[tuple[str, str]]:
    """Sentences and their trees, linearised: ("dogs bark", "(S (NP XX NP) (VP XX VP) S)").

    All sentences are different.
    """
    found = []
    for i in range(n):
        noun, verb = _NOUNS[i % 5], _VERBS[i // 5 % 5]
        number, place = i // 25, _PLACES[i % 3]
        subject, tree = noun, "(S (NP XX NP) (VP XX VP) S)"
        if number:
            subject, tree = f"{number} {noun}", "(S (NP XX XX NP) (VP XX VP) S)"
        if i % 2:
            tree = tree.replace("VP)", "(ADVP XX ADVP) VP)")
        found.append((f"{subject} {verb}{' ' + place if i % 2 else ''}", tree))
    return found


def tiny_images(
    n: int, height: int = 8, width: int = 8, channels: int = 3
) -> list[tuple[np.ndarray, int]]:
    """Pictures of a bright square, and its place as a class from 0 to 3; all are different.

    Returns:
        (uint8 [height, width, channels], class) of each.
    """
    draws, found = np.random.default_rng(n), []
    for i in range(n):
        place = i % 4
        pixels = draws.integers(0, 90, (height, width, channels), np.uint8)
        rows = slice(height // 2, None) if place // 2 else slice(0, height // 2)
        columns = slice(width // 2, None) if place % 2 else slice(0, width // 2)
        pixels[rows, columns] += 150
        found.append((pixels, place))
    return found


def tiny_sounds(n: int) -> list[tuple[tuple[np.ndarray, int], str]]:
    """Sounds in which each letter is a tone, and the words behind them; all are different.

    Returns:
        ((int16 [samples], rate), words) of each, under two seconds long.
    """
    words = [f"{_NOUNS[i % 5]} {_VERBS[i // 5 % 5]} {i}" for i in range(n)]
    return [((voice(text), RATE), text) for text in words]


def as_png(pixels: np.ndarray) -> bytes:
    """The PNG file of uint8 [height, width, channels], with 1 or 3 channels."""
    from t2t_multimodel.features.pictures import png

    return png(pixels)


def as_wav(sound: tuple[np.ndarray, int]) -> bytes:
    """The WAV file of int16 samples, or of floats from -1 to 1, and their rate."""
    samples, rate = sound
    if samples.dtype == np.int16:
        samples = samples / np.float32(32768)
    return showing_sound.sound(samples, rate).data
