"""Records of a list that are read one by one, so that an odd one does not end all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from t2t_multimodel import BadValue, foreign

T = TypeVar("T")


class Records:
    """Reads the records of a list one by one; those that are not as they should be are kept apart.

    Args:
        noun: what a record is called.
    """

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._faults: list[tuple[int, str]] = []

    def each(self, records: Iterable[Any], read: Callable[[Any], T]) -> Iterator[T]:
        """What `read` makes of each sound record.

        Raises:
            BadValue: no record is sound, so that the whole file is something else.
        """
        number = -1
        for number, record in enumerate(records):
            try:
                with foreign(BadValue):
                    found = read(record)
            except BadValue as error:
                self._faults.append((number, str(error)))
                continue
            yield found
        if self._faults and len(self._faults) == number + 1:
            raise BadValue(self._faults[0][1])

    def left_out(self) -> Iterator[tuple[str, BadValue]]:
        """The noun and number, counted from 0, of each other record, and what is wrong with it."""
        for number, why in self._faults:
            yield f"{self._noun} {number}", BadValue(why)
