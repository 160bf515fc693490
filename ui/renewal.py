"""Nets renewed while the page is served: train.py writes a new pair, and the page goes over to it.

Nothing is served that has not passed the checks of the start. Both nets change in one moment: who
asked before is answered by the old pair, who asks after it by the new one. What was fitted to the
nets (read-backs, nearest digits) names their hash; where it is of other weights, it is missing.
"""

import gc
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import gradio as gr
from gradio.blocks import BlockContext

from resnet import checkpoint, nearest, readback
from resnet.checkpoint import CheckpointError
from resnet.classifier import Classifier
from resnet.language import LANGUAGES
from resnet.studies import proof
from ui.pad import Sketchpad
from ui.part import parts_of

EVERY = 2.0  # seconds between two looks

Nets = Mapping[str, Classifier]  # by variant
Stamps = dict[Path, tuple[int, int, int] | None]


class Renewal:
    """Looks at a folder of checkpoints now and then, for the page that serves them.

    build makes the page of other nets; of it the parts are taken.
    """

    def __init__(
        self, page: gr.Blocks, nets: Nets, folder: Path, build: Callable[[Nets], gr.Blocks]
    ) -> None:
        self.page = page
        self.hashes = hashes_of(nets)
        self.folder = folder
        self.build = build
        self.seen = stamps(folder)
        self.is_closed = threading.Event()
        self.thread: threading.Thread | None = None

    def look(self) -> bool:
        """Whether there was a new pair; what is wrong with one that cannot be used goes to stderr,
        once."""
        found = stamps(self.folder)
        if found == self.seen:
            return False
        self.seen = found
        try:
            nets = {v: Classifier.load(v, self.folder) for v in checkpoint.VARIANTS}
        except CheckpointError as error:
            print(f"{error}. The nets that were loaded go on.", file=sys.stderr)
            return False
        hashes = hashes_of(nets)
        old = [variant for variant, one in self.hashes.items() if hashes[variant] == one]
        if old and hashes != self.hashes and len(self.hashes) > 1:
            print(
                f"Of the new pair, {', '.join(old)} is still the old one. ", end="", file=sys.stderr
            )
            print("The nets that were loaded go on until both are new.", file=sys.stderr)
            return False
        proof.prover_of.cache_clear()  # it holds a net of the folder, too
        adopt(self.page, self.build(nets))
        self.hashes = hashes
        if gc.get_freeze_count():  # app.py spares what stays from being looked through
            gc.unfreeze()
            gc.collect()  # and so the old nets go
            gc.freeze()
        return True

    def open(self) -> Self:
        self.thread = threading.Thread(target=self.tend, name="renewal", daemon=True)
        self.thread.start()
        return self

    def tend(self) -> None:
        while not self.is_closed.wait(EVERY):
            self.look()

    def close(self) -> None:
        self.is_closed.set()
        if self.thread is not None:
            self.thread.join(2 * EVERY)


def stamps(folder: Path) -> Stamps:
    """What tells a replaced file, of every file that a Classifier is loaded from."""
    paths = (
        of.path_of(variant, folder)
        for of in (checkpoint, readback, nearest)
        for variant in checkpoint.VARIANTS
    )
    return {path: stamp(path) for path in paths}


def stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def hashes_of(nets: Nets) -> dict[str, str]:
    return {variant: net.about["weights_sha256"] for variant, net in nets.items()}


def adopt(page: gr.Blocks, fresh: gr.Blocks) -> None:
    """Let a page that is served go over to the parts of another one, built alike of other nets.

    They take the places and numbers of the old ones: a page that is open in a browser goes on.
    """
    pairs = [
        pair
        for language in LANGUAGES
        for pair in zip(parts_of(page, language), parts_of(fresh, language), strict=True)
    ]
    files = {}
    for old, new in pairs:
        assert old.elem_id == new.elem_id
        assert old.parent is not None
        new._id, new.page, siblings = old._id, old.page, old.parent.children
        siblings[siblings.index(old)] = new
        new.parent = old.parent
        if isinstance(old, Sketchpad) and isinstance(new, Sketchpad):
            files[old.for_worker] = new.for_worker
            new.for_worker = old.for_worker
    functions = {one.api_name: one.fn for one in fresh.fns.values()}
    # From here on it is one moment: Gradio looks a part up among the blocks, at every question.
    page.blocks = {**page.blocks, **{new._id: new for _, new in pairs}}
    page.state_holder.session_data.clear()  # which keeps the blocks, too
    for function in page.fns.values():
        function.fn = functions[function.api_name]
    for served, other in files.items():
        served.renew(other)
    page.config = page.get_config_file()
    empty(fresh)


def empty(page: gr.Blocks) -> None:
    """Some cache of Gradio's keeps every page: at least no nets with it."""
    for block in [page, *page.blocks.values()]:
        if isinstance(block, BlockContext):
            block.children = []
    page.clear()
    vars(page).pop("config")
