"""The log of MNIST's test set: a line for every net that was scored on it.

A test set is worth less with every choice that is made after a look at it. So whoever trains or
evaluates a net leaves a line in the repository, written by the command itself.
"""

import datetime
import json
from pathlib import Path

from resnet import mnist
from resnet.checkpoint import About

FILE = Path(__file__).parent.parent / "results" / "test_readings.jsonl"


def log(about: About, right: int, total: int, data_sha256: str, command: str) -> None:
    """Add the score of a net, by the metadata of its checkpoint, unless its weights have one.

    Other data than MNIST's are nobody's choice here and leave no line.
    """
    weights = about["weights_sha256"]
    if data_sha256 != mnist.fingerprint() or is_logged(weights):
        return
    layers = {"layers": about["depth"]} if "depth" in about else {}  # of a narrow net
    reading = {
        "date": datetime.date.today().isoformat(),
        "variant": about["variant"],
        **layers,
        "weights_sha256": weights,
        "right": right,
        "total": total,
        "command": command,
    }
    with FILE.open("a") as file:
        file.write(json.dumps(reading) + "\n")


def is_logged(weights_sha256: str) -> bool:
    return FILE.exists() and weights_sha256 in FILE.read_text()
