"""Made sentences in three languages that say the same, for tiny twins of translation."""

from __future__ import annotations

from itertools import product

_WORDS = {
    "en": (
        ("house", "garden", "table", "clock"),
        ("small", "green", "old", "empty", "new"),
        ("today", "again"),
        "The {thing} is {quality} {time}.",
    ),
    "de": (
        ("Haus", "Gartentor", "Fenster", "Uhrwerk"),
        ("klein", "grün", "alt", "leer", "neu"),
        ("heute", "wieder"),
        "Das {thing} ist {time} {quality}.",
    ),
    "fr": (
        ("bâtiment", "jardin", "tableau", "réveil"),
        ("petit", "vert", "vieux", "vide", "neuf"),
        ("encore", "à nouveau"),
        "Le {thing} est {time} {quality}.",
    ),
}


def sentences(language: str, rounds: int = 1) -> list[str]:
    """Forty sentences a round, all different; number n says the same in every language."""
    things, qualities, times, pattern = _WORDS[language]
    return [
        pattern.format(
            thing=thing if round == 1 else f"{thing} {round}", quality=quality, time=time
        )
        for round in range(1, rounds + 1)
        for quality, time, thing in product(qualities, times, things)
    ]
