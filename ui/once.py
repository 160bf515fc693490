"""Figures are drawn once, however many visitors ask at the same time."""

import functools
import threading
from collections.abc import Callable, Hashable
from typing import TypeVar

R = TypeVar("R")

DRAWING = threading.RLock()  # one for all: matplotlib is not made for several threads


def drawn_once(draw: Callable[..., R]) -> Callable[..., R]:
    """functools.cache calls `draw` again for everyone who comes before its first result; this
    lets them wait for it."""
    cached = functools.cache(draw)

    @functools.wraps(draw)
    def one_at_a_time(*args: Hashable) -> R:
        with DRAWING:
            return cached(*args)

    return one_at_a_time
