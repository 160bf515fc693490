"""A race whose part a test plays."""

import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

from resnet.studies.race import Fault, Point, Wish


class Fake:
    """A race that does what a test says."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.printed: Sequence[Point | Fault] = []
        self.code: int | None = None
        self.is_released = False

    def status(self) -> int | None:
        return self.code

    def news(self) -> list[Point | Fault]:
        news, self.printed = list(self.printed), []
        return news

    def kill(self) -> None:
        self.code = -signal.SIGKILL

    def release(self) -> None:
        assert self.code is not None
        self.is_released = True


def wait_for(what: Callable[[], Any]) -> Any:
    for _ in range(6000):
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come")
