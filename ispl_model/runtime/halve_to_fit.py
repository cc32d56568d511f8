"""Less at a time where there is too little memory for what was asked, mostly a graphics card's."""

from collections.abc import Callable
from typing import TypeVar

from degrade.core.errors import out_of_memory
from degrade.core.storage.paths import say_once

Result = TypeVar("Result")


def halved_to_fit(run: Callable[[int], Result], amount: int, least: int, unit: str) -> Result:
    """`run(amount)`, or of half of it, and so on down to `least`, where the device has too little memory for more.

    unit: of the amount, for the word on stderr. Raises InputError where even the least is too much.
    """
    while True:
        try:
            return run(amount)
        except RuntimeError as error:
            if (sentence := out_of_memory(error)) is None:
                raise
            if amount <= least:
                raise sentence from error
        # Only here, as the error holds what the pass had made so far.
        import torch

        torch.cuda.empty_cache()
        half = max(least, amount // 2)
        say_once(f"{str(sentence).partition(';')[0]} for {amount} {unit}; going on with {half}")
        amount = half
