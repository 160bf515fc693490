"""An app in a process of its own, looked at from outside: its answers, its memory, its log."""

import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from resnet import checkpoint

ROOT = Path(__file__).parents[2]
MB = 2**20
GROWTH = 50.0  # MB of memory that may stay behind
# What no answer may hold: where the server's files lie, and how its program broke off.
TOLD = re.compile(rf'Traceback|File "|site-packages|{re.escape(str(ROOT))}')


@dataclass
class Proof:
    """A proof: what it tries, and the faults that it finds."""

    name: str
    tried: str
    lost: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)

    def shown(self) -> str:
        found = f"{len(self.lost)} lost" if self.lost else "nothing lost"
        lines = [f"{self.name}: {self.tried}; {found}.", *self.figures]
        lines += [f"LOST {one}" for one in self.lost[:20]]
        return "\n  ".join(lines)


class App:
    def __init__(self, process: subprocess.Popen[str], address: str, log: Path) -> None:
        self.process = process
        self.address = address
        self.log = log
        self.http = httpx.Client(base_url=address, timeout=60, trust_env=False)

    def memory(self) -> float:
        """MB."""
        return float(psutil.Process(self.process.pid).memory_info().rss / MB)

    def memory_at_rest(self, below: float = 0.0, patience: float = 10.0) -> float:
        """The least in some seconds: what was freed is given back a little later."""
        end, least = time.monotonic() + patience, self.memory()
        while time.monotonic() < end and least > below:
            time.sleep(0.5)
            least = min(least, self.memory())
        return least

    def parts(self) -> dict[str, int]:
        """The number of each part of the English page."""
        config = self.http.get("/config", params={"page": ""}).json()
        return {
            one["props"]["elem_id"]: one["id"]
            for one in config["components"]
            if one["props"].get("elem_id")
        }

    def tracebacks(self) -> int:
        return self.log.read_text().count("Traceback")


@contextmanager
def serving(
    checkpoints: Path = checkpoint.FOLDER, program: Sequence[str] = ("app.py",), port: int = 0
) -> Iterator[App]:
    """program is what Python runs; a test of a proof plants its faults there."""
    port = port or free_port()
    command = [sys.executable, *program, "--port", str(port), "--checkpoints", str(checkpoints)]
    with (
        tempfile.NamedTemporaryFile("w+") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as one,
    ):
        assert one.stdout is not None
        try:
            if not one.stdout.readline():  # it prints its address once it serves
                sys.exit(f"The app did not start: {Path(log.name).read_text()}")
            yield App(one, f"http://127.0.0.1:{port}", Path(log.name))
        finally:
            if one.poll() is None:
                one.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def question(part: int, function: str, data: Any) -> dict[str, Any]:
    return {"component_id": part, "fn_name": function, "session_hash": "proof", "data": data}
