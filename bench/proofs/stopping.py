"""A server told to stop, or killed, while many ask: what was under way is answered, and a new one
takes over.
"""

import signal
import threading
import time
from pathlib import Path

import httpx

from bench.proofs.served import App, Proof, free_port, question, serving
from resnet import checkpoint, samples

SOON = 10.0  # seconds until it is gone
ASKING = 5  # visitors, each with one request under way


class Visitor:
    """Asks without a pause until the server is gone."""

    def __init__(self, app: App, pad: int) -> None:
        self.app = app
        self.body = question(pad, "read", {"strokes": samples.sample(7)})
        self.told = 0.0  # when the server was told to stop
        self.answered = 0
        self.refused = 0
        self.lost: list[str] = []
        self.thread = threading.Thread(target=self.ask)

    def ask(self) -> None:
        with httpx.Client(base_url=self.app.address, timeout=30, trust_env=False) as http:
            while True:
                began = time.monotonic()
                try:
                    reply = http.post("/gradio_api/component_server/", json=self.body)
                except httpx.HTTPError as error:
                    # Whoever asks a server that is gone is no loss; who had asked before is.
                    if not self.told or began < self.told:
                        self.lost.append(type(error).__name__)
                    return
                if reply.status_code == 503 and reply.text.endswith("."):
                    self.refused += 1
                    time.sleep(0.05)
                elif reply.status_code == 200 and "answers" in reply.json():
                    self.answered += 1
                else:
                    self.lost.append(f"{reply.status_code} {reply.text[:80]}")


def prove(rounds: int = 10, checkpoints: Path = checkpoint.FOLDER) -> Proof:
    proof = Proof(
        "Stop",
        f"{rounds} servers told to stop while {ASKING} ask without a pause, and one killed",
    )
    slowest, answered, refused = 0.0, 0, 0
    for number in range(rounds):
        told = (signal.SIGTERM, signal.SIGINT)[number % 2]
        with serving(checkpoints) as app:
            visitors = [Visitor(app, app.parts()["pad"]) for _ in range(ASKING)]
            for one in visitors:
                one.thread.start()
            time.sleep(1 + number / rounds)
            for one in visitors:
                one.told = time.monotonic()
            app.process.send_signal(told)
            began = time.monotonic()
            code = app.process.wait(60)
            took = time.monotonic() - began
            for one in visitors:
                one.thread.join()
                proof.lost += [f"{told.name}: {fault}" for fault in one.lost]
            answered += sum(one.answered for one in visitors)
            refused += sum(one.refused for one in visitors)
            slowest = max(slowest, took)
            if code != 0 or took > SOON:
                proof.lost.append(f"{told.name}: exit {code} after {took:.1f} s")
            if said := app.log.read_text():
                proof.lost.append(f"{told.name}: said {said[:200]}")
    proof.lost += killed(checkpoints)
    proof.figures = [
        f"{answered} answered, {refused} refused with a sentence; "
        f"the slowest exit took {slowest:.1f} s",
    ]
    return proof


def killed(checkpoints: Path) -> list[str]:
    """A server killed while it answers: the next one on its port is as good as new."""
    port = free_port()
    with serving(checkpoints, port=port) as app:
        visitors = [Visitor(app, app.parts()["pad"]) for _ in range(ASKING)]
        for one in visitors:
            one.thread.start()
        time.sleep(1)
        app.process.kill()
        for one in visitors:
            one.thread.join()
    with serving(checkpoints, port=port) as app:
        said = app.http.post("/gradio_api/component_server/", json=visitors[0].body).json()
        return [] if said["answers"]["plain"]["digit"] == 7 else ["killed: the next one misreads"]
