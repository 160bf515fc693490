"""Checkpoints replaced while visitors ask: every answer is by the old pair or by the new one.

Two pairs take turns: the shipped one, and one with other biases in its last layers, which answers
otherwise. Between them come files that are damaged, and pairs of which only one net is new.
"""

import json
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from bench.proofs.served import App, Proof, question, serving
from resnet import checkpoint, samples
from resnet.checkpoint import VARIANTS

PATIENCE = 60.0  # seconds until a pair is taken
ASKING = 4
BUSY = "The server is busy; please try again."
SETTLED = 4  # swaps after which memory grows by the pages only
OF_A_SWAP = 5.0  # MB: Gradio keeps every page that was built; nets, 45 MB a pair, must not stay


def prove(swaps: int = 30, seed: int = 0) -> Proof:
    proof = Proof("Renewal", f"{swaps} swaps while {ASKING} ask without a pause, seed {seed}")
    with tempfile.TemporaryDirectory() as name:
        folder, pairs = Path(name) / "served", made(Path(name))
        folder.mkdir()
        for path in pairs[0].iterdir():
            shutil.copy(path, folder)
        with serving(folder) as app:
            swap(app, folder, pairs, swaps, random.Random(seed), proof)
            if app.tracebacks():
                proof.lost.append(f"{app.tracebacks()} tracebacks in the log")
    return proof


def made(folder: Path) -> list[Path]:
    """Folders of two pairs."""
    pairs = []
    for shift in (0, 1):
        pairs.append(folder / f"pair-{shift}")
        for variant in VARIANTS:
            net, about = checkpoint.load(checkpoint.path_of(variant), variant)
            net.fc.bias.data += shift * 0.01 * (1 + net.fc.bias.data.argsort())
            checkpoint.save(checkpoint.path_of(variant, pairs[-1]), net, about)
    return pairs


def swap(
    app: App, folder: Path, pairs: list[Path], swaps: int, random: random.Random, proof: Proof
) -> None:
    body = question(app.parts()["pad"], "read", {"strokes": samples.sample(7)})
    known = [answers_of(app, body)]
    said: list[str] = []
    is_over = threading.Event()
    threads = [threading.Thread(target=ask, args=(app, body, said, is_over)) for _ in range(ASKING)]
    for thread in threads:
        thread.start()
    slowest = 0.0
    memory: list[float] = []
    for number in range(1, swaps + 1):
        pair = pairs[number % 2]
        before = app.http.get("/health").json()["nets"]
        first, second = random.sample(VARIANTS, 2)
        if number % 3 == 0:  # damaged at first
            replace(folder, first, (pair / f"{first}.safetensors").read_bytes()[:-9])
        replace(folder, first, (pair / f"{first}.safetensors").read_bytes())
        time.sleep(random.uniform(0, 5))  # half new for a while
        if app.http.get("/health").json()["nets"] != before:
            proof.lost.append(f"swap {number}: half of a pair was taken")
        replace(folder, second, (pair / f"{second}.safetensors").read_bytes())
        began = time.monotonic()
        while app.http.get("/health").json()["nets"] == before:
            if time.monotonic() - began > PATIENCE:
                proof.lost.append(f"swap {number}: not taken")
                break
            time.sleep(0.05)
        slowest = max(slowest, time.monotonic() - began)
        if number == 1:
            known.append(answers_of(app, body))
        memory.append(app.memory())
    is_over.set()
    for thread in threads:
        thread.join()
    if len({*known}) < 2:
        proof.lost.append("the pairs answer alike: nothing can be told")
    grown = memory[-1] - memory[min(SETTLED, len(memory) - 1)]
    if grown > OF_A_SWAP * max(0, len(memory) - 1 - SETTLED):
        proof.lost.append(f"memory: {memory[SETTLED]:.0f} -> {memory[-1]:.0f} MB")
    busy = [one for one in said if BUSY in one]  # refused, as at any time
    others = [one for one in said if one not in known and one not in busy]
    proof.lost += [f"mixed or failed: {one[:150]}" for one in others]
    by_pair = " and ".join(f"{said.count(one):,}" for one in known)
    proof.figures = [
        f"{len(said):,} answers, {by_pair} by the pairs, {len(busy)} refused, "
        f"{len(others)} others; "
        f"a pair was taken after {slowest:.1f} s at most; "
        f"memory {memory[0]:.0f} -> {memory[-1]:.0f} MB",
    ]


def replace(folder: Path, variant: str, raw: bytes) -> None:
    """As checkpoint.write does it."""
    draft = folder / ".draft"
    draft.write_bytes(raw)
    draft.replace(checkpoint.path_of(variant, folder))


def ask(app: App, body: dict[str, Any], said: list[str], is_over: threading.Event) -> None:
    with httpx.Client(base_url=app.address, timeout=60, trust_env=False) as http:
        while not is_over.is_set():
            try:
                reply = http.post("/gradio_api/component_server/", json=body)
                said.append(json.dumps(reply.json().get("answers") or reply.json()))
            except (httpx.HTTPError, ValueError) as error:
                said.append(f"{type(error).__name__} {error}")


def answers_of(app: App, body: dict[str, Any]) -> str:
    return json.dumps(app.http.post("/gradio_api/component_server/", json=body).json()["answers"])
