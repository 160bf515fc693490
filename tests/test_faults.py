"""The proofs that the app holds, with small numbers: they pass, and they can fail."""

import argparse
import json
import math
import random
from pathlib import Path

import pytest

from bench import faults
from bench.proofs import damage, fuzz
from bench.proofs.served import GROWTH, Proof, serving
from resnet import checkpoint

# The app, but that every request leaves something behind, and some break off.
PLANTED = """
import sys, app
from ui.front_door import FrontDoor
kept, understood = [], FrontDoor.understood
async def planted(self, scope, receive):
    kept.append(b"x" * 1_000_000)
    if len(kept) % 20 == 0:
        raise RuntimeError("planted")
    return await understood(self, scope, receive)
FrontDoor.understood = planted
sys.exit(app.main(app.get_args_parser().parse_args()))
"""


def test_odd_requests_are_refused() -> None:
    with serving() as app:
        proof = fuzz.prove(app, 300, seed=1, hang=math.inf, is_first=True)
        assert [one for one in proof.lost if not one.startswith("memory")] == []
        assert "404" in proof.figures[0]
        assert app.http.get("/health").json()["status"] == "ok"


def test_a_leak_and_a_break_that_were_planted_are_found() -> None:
    with serving(program=("-c", PLANTED)) as app:
        lost = fuzz.prove(app, 150, seed=1, hang=math.inf, is_first=True).lost
    assert any(one.startswith("500 on ") for one in lost)
    assert any(one.endswith("tracebacks in the log") for one in lost)
    (memory,) = (one for one in lost if one.startswith("memory"))
    before, after = (int(word) for word in memory.split() if word.isdecimal())
    assert after - before > GROWTH


def test_requests_are_those_of_the_seed() -> None:
    def first(seed: int) -> list[str]:
        generator = random.Random(seed)
        return [json.dumps(fuzz.mutated({"a": [1, 2], "b": {"c": None}}, generator), default=str)
                for _ in range(50)]  # fmt: skip

    assert first(1) == first(1) != first(2)
    assert len({*first(1)}) > 20


def test_every_route_of_gradio_is_tried() -> None:
    found = fuzz.routes()
    assert {"/config", "/gradio_api/queue/join", "/gradio_api/vibe-edit", "/nets/{x}"} <= {*found}
    assert len(found) > 60


def test_damage_is_found_and_a_loader_that_takes_anything_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert damage.prove(3).lost == []
    monkeypatch.setattr(checkpoint, "load", lambda path, variant: None)
    assert len(damage.prove(3).lost) == 3 + len(damage.KINDS)


@pytest.mark.parametrize(("lost", "code"), [([], 0), (["a thing"], 1)])
def test_the_command_ends_with_what_was_lost(
    lost: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(faults.PROOFS, "fuzz", lambda args: Proof("Fuzz", "a few", lost))
    assert faults.main(argparse.Namespace(only=["fuzz"])) == code
    printed = capsys.readouterr().out
    assert printed.startswith("Fuzz: a few; " + ("1 lost." if lost else "nothing lost."))
    assert ("LOST a thing" in printed) == bool(lost)
    assert Path(faults.__file__).stem in faults.get_args_parser().prog
