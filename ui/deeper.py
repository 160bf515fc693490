"""Deeper nets on the visitor's drawing: narrow ones of 18, 34 and 66 layers, both kinds."""

import base64
import binascii
import functools
import sys
import threading
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import torch
from torch import Tensor

from resnet import checkpoint, export, ink, narrow
from resnet.checkpoint import About, CheckpointError
from resnet.classifier import Classifier
from resnet.language import N_, in_a_row, listed, t, tn
from resnet.narrow import Net
from resnet.studies.depth_verdict import ONLY_ONES
from ui.cards import LOOKS, accuracy
from ui.markup import Markup
from ui.part import Ahead, Part, template
from ui.question import fault
from ui.reading import Reader
from ui.worker_files import WorkerFiles, compressed

ALONE = N_("The deeper nets could not be loaded. Reload the page to try again.")
HEAD = Markup(
    '<label><input type="radio" name="deeper" value="$depth"$checked><b>$depth</b> layers</label>'
)
CHIP = Template(
    '<p class="small" data-deep="$name" data-depth="$depth"><b class="digit">&ndash;</b>'
    '<span class="certainty"></span></p>'
)


class DeeperNets:
    """The narrow nets of a folder: told of at once, made ready when first asked to read.

    Depths that lack one of the two kinds are left out. Where there are any nets, the fault of each
    that cannot be used goes to stderr.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.making = threading.Lock()
        sound: dict[Net, About] = {}
        for variant, depth in narrow.NETS if folder.exists() else ():
            try:
                sound[variant, depth] = narrow.read(variant, depth, folder)[1]
            except CheckpointError as error:
                print(error, file=sys.stderr)
        self.depths = [
            depth
            for depth in narrow.DEPTHS
            if all((variant, depth) in sound for variant in checkpoint.VARIANTS)
        ]
        self.abouts = {net: about for net, about in sound.items() if net[1] in self.depths}

    @functools.cached_property
    def made(self) -> dict[str, Classifier]:
        try:
            return {
                name_of(net): Classifier(*narrow.load(*net, self.folder)) for net in self.abouts
            }
        except CheckpointError as error:  # they were sound when the page was built
            print(error, file=sys.stderr)
            return {}

    def classifiers(self) -> dict[str, Classifier]:
        """By name_of; none where they cannot be used any more."""
        with self.making:
            return self.made


class DeeperFiles(WorkerFiles):
    """The narrow nets, in a list of their own: most visitors never come as far as these."""

    folder = "deeper"
    list = f"{folder}/list.json"

    def __init__(self, nets: DeeperNets) -> None:
        self.nets = nets
        self.making = threading.Lock()

    @functools.cached_property
    def made(self) -> tuple[Mapping[str, Any], dict[str, bytes]]:
        files = [export.weights_of(net) for net in self.nets.classifiers().values()]
        return {"nets": [file.name for file in files]}, compressed(files)


class Deeper(Part):
    """All depths at a glance, and the one that is chosen in full."""

    def __init__(self, reader: Reader, nets: DeeperNets) -> None:
        def answers(picture: Any) -> dict[str, Any]:
            """What each net says to the picture that the pad's nets saw."""
            pictures, classifiers = picture_of(picture), nets.classifiers()
            if not classifiers:
                raise fault(t("The deeper nets are missing or damaged on this server."))
            with reader.turn():
                said = {name: net.answer(pictures)[0] for name, net in classifiers.items()}
            return {"answers": {name: answer.as_json() for name, answer in said.items()}}

        self.for_worker = DeeperFiles(nets)
        super().__init__(
            "deeper",
            template("deeper.html").substitute(
                finding=escape(finding(nets.abouts)),
                how=escape(how(nets.abouts)),
                heads="".join(
                    HEAD.substitute(depth=depth, checked=" checked" * (depth == nets.depths[-1]))
                    for depth in nets.depths
                ),
                **{f"{variant}_row": row(variant, nets.depths) for variant in LOOKS},
                **{f"{variant}_card": card(variant) for variant in LOOKS},
            ),
            [answers],
            shared=("panel",),
            routes=self.for_worker.routes(),
            ahead={"answers": Ahead((), t(ALONE))},
            files=DeeperFiles.list,
            nets=[
                {
                    "name": name_of((variant, depth)),
                    "variant": variant,
                    "depth": depth,
                    "title": LOOKS[variant]["title"],
                    "about": t("{share} of MNIST", share=accuracy(about["test"])),
                }
                for (variant, depth), about in nets.abouts.items()
            ],
        )


def name_of(net: Net) -> str:
    variant, depth = net
    return f"{variant}-{depth}"


def row(variant: str, depths: Sequence[int]) -> str:
    return "".join(CHIP.substitute(name=name_of((variant, d)), depth=d) for d in depths)


def card(variant: str) -> str:
    bars = "".join(f"<li><span><i></i></span><b>{digit}</b></li>" for digit in range(10))
    return template("deeper_card.html").substitute(LOOKS[variant], variant=variant, bars=bars)


def picture_of(levels: Any) -> Tensor:
    """(1, 1, 32, 32) ink in [0, 1] of base64 of grey levels; gr.Error for anything else."""
    try:
        raw = base64.b64decode(levels, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raw = b""
    if len(raw) != ink.SIDE**2:
        raise fault(t("The picture is incomplete."))
    return torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(1, 1, ink.SIDE, ink.SIDE) / 255


# --- in words --------------------------------------------------------------------------------


GUESSES_WITH = N_("{depth} layers with shortcuts")
GUESSES_WITHOUT = N_("{depth} layers without shortcuts")


def deepest(abouts: Mapping[Net, About]) -> str:
    """A sentence with the test digits that the two deepest nets read; "" without nets."""
    if not abouts:
        return ""
    depth = max(depth for _, depth in abouts)
    return t(
        "Nets of {depth} layers read {residual} of 100 test digits with shortcuts, {plain} "
        "without.",
        depth=depth,
        **read_at(depth, abouts),
    )


def read_at(depth: int, abouts: Mapping[Net, About]) -> dict[str, str]:
    return {variant: f"{percent(abouts[variant, depth]):.1f}" for variant in checkpoint.VARIANTS}


def finding(abouts: Mapping[Net, About]) -> str:
    """The test digits that the nets of each depth read, the deepest first, and which only guess."""
    depths = sorted({depth for _, depth in abouts})
    guess = [
        t(kind, depth=depth)
        for variant, kind in (("residual", GUESSES_WITH), ("plain", GUESSES_WITHOUT))
        for depth in depths
        if percent(abouts[variant, depth]) <= ONLY_ONES
    ]
    nets = listed(guess, N_("{some} or {last}")) if guess else ""
    others = [
        t("At {depth} layers: {residual} and {plain}.", depth=depth, **read_at(depth, abouts))
        for depth in depths[:-1]
    ]
    said = [deepest(abouts), t("The net of {nets} only guesses.", nets=nets) if guess else ""]
    return in_a_row([*said, *others])


def how(abouts: Mapping[Net, About]) -> str:
    """How they were trained, and what that leaves open."""
    about = next(iter(abouts.values()))
    epochs, seeds = about.get("recipe", {}).get("epochs"), about.get("seeds")
    text = t(
        "Small nets, {width} channels wide in the first stage, all trained alike",
        width=narrow.WIDTH,
    )
    if epochs:
        text = tn("{text} for {n} epoch", "{text} for {n} epochs", epochs, text=text)
    if seeds and seeds > 1:
        text = t(
            "{text}, the best of {seeds} seeds each, chosen on validation digits",
            text=text,
            seeds=seeds,
        )
    return t("{text}. Trained longer, or in another way, they might read otherwise.", text=text)


def percent(about: About) -> float:
    return 100 * about["test"]["right"] / about["test"]["total"]
