"""The queue: who races, who waits, who is gone; and that no process outlives its race."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from resnet.checkpoint import VARIANTS
from resnet.studies import race_queue
from resnet.studies.race import Fault, Point, Wish
from resnet.studies.race_queue import ABSENT, TOO_LONG, WAITING, Look, Process, RaceError, RaceQueue
from tests.studies.fake_race import Fake, wait_for

WISH = Wish(18, True, 0.02, 7)
POINT: Point = {"net": "plain", "step": 5, "right": 30, "total": 200, "loss": 2.0}


class Stage:
    """A queue with fake races, on which the time is what a test says."""

    def __init__(self) -> None:
        self.now = 100.0
        self.fakes: list[Fake] = []
        self.queue = RaceQueue(self.start, lambda: self.now)

    def start(self, wish: Wish) -> Fake:
        self.fakes.append(Fake(wish))
        return self.fakes[-1]

    def enter(self, seed: int = 7) -> str:
        ticket = self.queue.enter(Wish(18, True, 0.02, seed))
        self.queue.tick()
        return ticket

    def state(self, ticket: str) -> str:
        return self.queue.look(ticket).state

    def pass_time(self, seconds: float, *looking: str) -> None:
        """Second by second, while these look."""
        for _ in range(round(seconds)):
            self.now += 1
            for ticket in looking:
                self.queue.look(ticket)
            self.queue.tick()


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_points_come_as_they_are_printed(stage: Stage) -> None:
    ticket = stage.enter()
    points: list[Point] = [{**POINT, "step": step} for step in (5, 10, 15)]
    stage.fakes[0].printed = points[:2]
    stage.queue.tick()
    assert list(stage.queue.look(ticket).points) == points[:2]
    stage.fakes[0].printed = points[2:]
    stage.fakes[0].code = 0
    stage.queue.tick()
    found = stage.queue.look(ticket)
    assert (found.state, list(found.points)) == ("finished", points)
    assert stage.fakes[0].is_released


def test_seconds_are_those_of_the_race(stage: Stage) -> None:
    first, second = stage.enter(), stage.enter()
    stage.pass_time(3, first, second)
    assert stage.queue.look(first).seconds == 3
    assert stage.queue.look(second).seconds == 0  # it has not begun
    stage.fakes[0].code = 0
    stage.pass_time(4, first, second)
    assert stage.queue.look(first).seconds == 4  # seen to have ended at the first of these
    assert stage.queue.look(second).seconds == 3


def test_one_at_a_time_in_the_order_they_came(stage: Stage) -> None:
    tickets = [stage.enter(seed) for seed in range(3)]
    assert [stage.queue.look(ticket).ahead for ticket in tickets] == [0, 1, 2]
    assert [stage.state(ticket) for ticket in tickets] == ["running", "waiting", "waiting"]
    for number, ticket in enumerate(tickets):
        assert [fake.wish.seed for fake in stage.fakes] == list(range(number + 1))
        assert stage.state(ticket) == "running"
        stage.fakes[number].code = 0
        stage.queue.tick()
        assert stage.state(ticket) == "finished"


def test_a_ticket_sees_its_own_points_only(stage: Stage) -> None:
    first, second = stage.enter(), stage.enter()
    stage.fakes[0].printed = [POINT]
    stage.fakes[0].code = 0
    stage.queue.tick()
    stage.fakes[1].printed = [{**POINT, "right": 99}]
    stage.queue.tick()
    assert stage.queue.look(first).points == (POINT,)
    assert [point["right"] for point in stage.queue.look(second).points] == [99]
    assert first != second
    assert len(first) > 20


def test_more_than_a_few_do_not_wait(stage: Stage) -> None:
    tickets = [stage.enter() for _ in range(1 + WAITING)]
    with pytest.raises(RaceError, match=r"^Several visitors are waiting .*\.$"):
        stage.enter()
    stage.queue.leave(tickets[2])
    tickets.append(stage.enter())
    assert stage.queue.look(tickets[-1]).ahead == WAITING
    assert len(stage.fakes) == 1


def test_as_many_wait_before_the_first_race_began(stage: Stage) -> None:
    for _ in range(1 + WAITING):
        stage.queue.enter(WISH)
    with pytest.raises(RaceError):
        stage.queue.enter(WISH)


def test_who_leaves_makes_room(stage: Stage) -> None:
    first, second, third = (stage.enter() for _ in range(3))
    stage.queue.leave(second)
    assert stage.queue.look(third).ahead == 1
    stage.queue.leave(first)
    assert stage.state(first) == stage.state(second) == "stopped"
    stage.queue.tick()
    assert stage.fakes[0].code == -signal.SIGKILL
    assert len(stage.fakes) == 1  # the process is not gone before it has a status
    stage.queue.tick()
    assert stage.state(third) == "running"
    for nonsense in (first, "", "x"):
        stage.queue.leave(nonsense)
    assert stage.state(third) == "running"


def test_who_does_not_look_is_gone(stage: Stage) -> None:
    gone, waits, looks = (stage.enter() for _ in range(3))
    stage.pass_time(ABSENT, looks)
    assert stage.fakes[0].code is None
    stage.pass_time(2, looks)
    assert stage.fakes[0].code is not None
    assert stage.state(looks) == "running"  # and the one before it was passed over
    assert stage.state(gone) == stage.state(waits) == "stopped"
    assert len(stage.fakes) == 2


def test_who_looks_stays(stage: Stage) -> None:
    first, second = stage.enter(), stage.enter()
    stage.pass_time(5 * ABSENT, first, second)
    assert (stage.state(first), stage.state(second)) == ("running", "waiting")


def test_nothing_is_kept_of_races_that_nobody_looks_at(stage: Stage) -> None:
    ticket = stage.enter()
    stage.fakes[0].code = 0
    stage.pass_time(1, ticket)
    assert stage.state(ticket) == "finished"
    stage.pass_time(ABSENT + 1)
    assert stage.state(ticket) == "stopped"
    assert stage.queue.entries == {}


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [([], race_queue.BROKEN), ([{"fault": "There is no race."}], "There is no race.")],
)
def test_a_race_that_dies_is_one_sentence(
    stage: Stage, printed: list[Point | Fault], sentence: str
) -> None:
    first, second = stage.enter(), stage.enter()
    stage.fakes[0].printed, stage.fakes[0].code = [POINT, *printed], 1
    stage.queue.tick()
    found = stage.queue.look(first)
    assert (found.state, found.fault, found.points) == ("failed", sentence, (POINT,))
    assert stage.state(second) == "running"


def test_a_race_that_does_not_end_is_ended(stage: Stage) -> None:
    first, second = stage.enter(), stage.enter()
    stage.pass_time(TOO_LONG, first, second)
    assert stage.state(first) == "running"
    stage.pass_time(2, first, second)
    found = stage.queue.look(first)
    assert (found.state, found.fault) == ("failed", race_queue.SLOW)
    assert stage.state(second) == "running"


def test_a_process_that_cannot_start_is_one_sentence(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(wish: Wish) -> Fake:
        raise OSError("no more processes")

    stage.queue.start = refuse
    ticket = stage.enter()
    found = stage.queue.look(ticket)
    assert (found.state, found.fault) == ("failed", race_queue.BROKEN)
    assert "no more processes" in capsys.readouterr().err
    stage.queue.start = stage.start
    assert stage.state(stage.enter()) == "running"


def test_closing_does_not_wait_for_a_thread_that_was_about_to_sleep() -> None:
    """The thread has seen that the queue is open, and is not waiting yet when it is closed."""

    class Slow(RaceQueue):
        @property
        def is_closed(self) -> bool:
            was_closed = self.was_closed
            if not was_closed and threading.current_thread().name == "race queue":
                looked.set()
                time.sleep(0.2)
            return was_closed

        @is_closed.setter
        def is_closed(self, value: bool) -> None:
            self.was_closed = value

    looked = threading.Event()
    queue = Slow(Fake).open()
    assert looked.wait(10)
    closing = threading.Thread(target=queue.close, daemon=True)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()


def test_closed_it_ends_the_race_and_begins_no_other(stage: Stage) -> None:
    first, second = stage.enter(), stage.enter()
    stage.queue.close()
    assert stage.fakes[0].code == -signal.SIGKILL
    assert len(stage.fakes) == 1
    assert stage.state(first) == stage.state(second) == "stopped"
    with pytest.raises(RaceError):
        stage.queue.enter(WISH)


# --- with real processes -------------------------------------------------------------------------


class Quick(Process):
    def __init__(self, wish: Wish) -> None:
        super().__init__(wish, "--quick")


@pytest.fixture
def opened() -> Iterator[RaceQueue]:
    opened = RaceQueue(Quick).open()
    yield opened
    opened.close()


def until(opened: RaceQueue, ticket: str, state: str) -> Look:
    def found() -> Look | None:
        seen = opened.look(ticket)
        return seen if seen.state == state else None

    seen: Look = wait_for(found)
    return seen


def pid_of(opened: RaceQueue) -> int:
    def found() -> Any:
        with opened.changed:
            return opened.running and opened.running[1]

    return int(wait_for(found).process.pid)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_races_in_processes(opened: RaceQueue) -> None:
    """One is killed, and then the next has its race; one is left, and its process is gone."""
    killed, races = opened.enter(WISH), opened.enter(WISH)
    os.kill(pid_of(opened), signal.SIGKILL)
    assert until(opened, killed, "failed").fault == race_queue.BROKEN
    found = until(opened, races, "finished")
    assert [(p["step"], p["net"]) for p in found.points] == [
        (step, variant) for step in (3, 4) for variant in VARIANTS
    ]
    left = opened.enter(WISH)
    pid = pid_of(opened)
    opened.leave(left)
    wait_for(lambda: not is_there(pid))
    assert os.getpriority(os.PRIO_PROCESS, 0) < 19  # the process steps back, not the server
    last = opened.enter(WISH)
    pid = pid_of(opened)
    assert is_there(pid)
    opened.close()
    assert not is_there(pid)
    assert opened.look(last).state == "stopped"


def test_a_race_ends_with_its_server() -> None:
    """However the server ends: a race that prints to nobody dies."""
    process = Process(WISH, "--quick")
    process.release()
    assert process.process.wait(timeout=120) == -signal.SIGPIPE
