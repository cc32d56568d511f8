"""Answers remembered by what an image holds, so that references are looked at once."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from degrade.files import sha256_array
from degrade.image import Image


class Memory:
    """The last `limit` answers, by (question, content of the image)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._answers: OrderedDict[tuple[str, str], Any] = OrderedDict()

    def recall(self, question: str, image: Image, compute: Callable[[Image], Any]) -> Any:
        """compute(image), or its earlier answer for an image with the same pixels."""
        key = (question, sha256_array(image))
        if key not in self._answers:
            self._answers[key] = compute(image)
        self._answers.move_to_end(key)
        if len(self._answers) > self._limit:
            self._answers.popitem(last=False)
        return self._answers[key]
