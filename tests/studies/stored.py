"""Stored runs and races that no net made, for tests."""

import itertools
from typing import Any

from resnet.checkpoint import VARIANTS
from resnet.studies.depth import DepthProvenance, DepthRun, DepthTable
from resnet.studies.race import Point
from resnet.studies.runs import Provenance
from resnet.studies.shattered import ShatteredRun, ShatteredTable

PROVENANCE: Provenance = {
    "command": "python -m resnet study --seeds 3", "rates": [], "recipe": {}, "data_sha256": "",
    "torch": "2.0", "date": "2026-01-01", "machine": "cpu",
}  # fmt: skip


def run(net: str, seed: int, right: list[int], **more: Any) -> DepthRun:
    """A run of 18 layers that reads so many of 200 validation digits after every fifth step."""
    steps = [5 * i for i in range(1, len(right) + 1)]
    of: DepthRun = {
        "net": net, "seed": seed, "depth": 18, "has_norm": True, "is_live": False, "width": 16,
        "rate": 0.02, "loss": [1.0], "share": [0.5] * 8 if net == "residual" else [],
        "validation": {"step": steps, "right": right, "total": 200, "loss": [1.0] * len(steps)},
        "test_all": {"right": 0, "total": 1, "loss": None}, "seconds": 1.0,
        "gradient": {"start": [1.0] * 10, "live": [1.0] * 10, "end": [1.0] * 10},
    }  # fmt: skip
    of.update(more)  # type: ignore[typeddict-item]
    return of


def table(rates: list[float], runs: list[DepthRun]) -> DepthTable:
    about: DepthProvenance = {
        **PROVENANCE, "rates": rates, "depths": [18], "recipe": {"epochs": 1},
    }  # fmt: skip
    return {"about": about, "runs": runs}


STORED = [
    run("residual", 1, [20, 90]),
    run("residual", 2, [30, 110]),
    run("residual", 3, [25, 160]),
    run("plain", 1, [21, 80]),
    run("plain", 2, [22, 81]),
    run("plain", 3, [10, 60]),
]


def points(steps: list[int], rights: dict[str, list[int]]) -> list[Point]:
    """The output of a race: after each of the steps, how many of 200 each net reads right."""
    return [
        {"net": net, "step": step, "right": rights[net][i], "total": 200, "loss": 1.5}
        for i, step in enumerate(steps)
        for net in VARIANTS
    ]


# By net and depth: of three seeds the cosines of three digits, at the larger of two nudges.
COSINES = {
    ("residual", 18): [[0.9, 0.5, 0.6], [0.7, 0.7, 0.7], [0.1, 0.8, 0.9]],
    ("plain", 18): [[0.3, 0.3, 0.3], [0.2, 0.4, 0.9], [0.1, 0.1, 0.2]],
    ("residual", 34): [[0.1, 0.1, 0.1], [0.12, 0.1, 0.2], [0.0, 0.0, 0.1]],
    ("plain", 34): [[0.0, -0.1, 0.1], [-0.03, 0.0, -0.05], [0.01, 0.02, 0.0]],
}


def shattered_run(seed: int, depth: int) -> ShatteredRun:
    cosines = {
        variant: [[0.9, 0.9, 0.9], COSINES[variant, depth][seed - 1]] for variant in VARIANTS
    }
    return {"seed": seed, "depth": depth, "cosines": cosines, "seconds": 1.0}


def shattered_table(*missing: tuple[int, int]) -> ShatteredTable:
    """Three seeds, two depths; without the runs of these seeds and depths."""
    keys = itertools.product((1, 2, 3), (18, 34))
    return {
        "about": {
            **PROVENANCE,
            "recipe": {"digits": 3, "batch": 64},
            "depths": [18, 34],
            "width": 16,
            "nudges": [0.002, 0.02],
        },
        "runs": [shattered_run(*key) for key in keys if key not in missing],
    }
