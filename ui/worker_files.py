"""What the page's worker reads drawings with, as files to hand out: nets, read-backs, digits.

They are made when first asked for, and kept compressed; see resnet/export.py for what they are. A
list names them, with the hash of each in its name: the list is asked for anew at every visit, a
file of it may be kept for good.
"""

import functools
import gzip
import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import gradio as gr
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from resnet import export
from resnet.checkpoint import CheckpointError
from resnet.classifier import Classifier
from resnet.export import File
from ui.reading import Reader

FOLDER = "nets"  # their addresses begin so
LIST = f"{FOLDER}/list.json"
FOR_GOOD = "public, max-age=31536000, immutable"


class Listed(TypedDict):
    """The names of the files, as the list has them."""

    nets: list[str | None]
    readbacks: dict[str, str]  # by variant
    digits: str | None  # for testing
    nearest: dict[str, str]  # by variant
    nearestDigits: str | None


class WorkerFiles:
    """The files of a reader's nets, made once, however many visitors ask at the same time.

    What is missing or damaged here is left out, and said on stderr: the worker then says what it
    lacks it for.
    """

    folder = FOLDER

    def __init__(self, reader: Reader, checkpoints: Path) -> None:
        self.reader = reader
        self.checkpoints = checkpoints
        self.making = threading.Lock()

    @functools.cached_property
    def made(self) -> tuple[Mapping[str, Any], dict[str, bytes]]:
        """What the list says, and every file by its name, compressed."""
        found: list[File] = []

        def name(make: Callable[[], File]) -> str | None:
            try:
                file = make()
            except CheckpointError as error:
                print(error, file=sys.stderr)
                return None
            except gr.Error:  # the reader has said it
                return None
            found.append(file)
            return file.name

        classifiers = self.reader.classifiers

        def beside(of: Callable[[str, Path, Classifier], File]) -> dict[str, str]:
            names = {
                variant: name(functools.partial(of, variant, self.checkpoints, net))
                for variant, net in classifiers.items()
            }
            return {variant: one for variant, one in names.items() if one}

        nearest = beside(export.nearest_of)
        listed: Listed = {
            "nets": [
                name(functools.partial(export.weights_of, net)) for net in classifiers.values()
            ],
            "readbacks": beside(export.readback_of),
            "digits": name(lambda: export.digits_of(self.reader.test_digits())),
            "nearest": nearest,
            "nearestDigits": name(self.nearest_digits) if nearest else None,
        }
        return listed, compressed(found)

    def nearest_digits(self) -> File:
        return export.nearest_digits_of(self.reader.nearest_digits())

    def listed(self) -> Mapping[str, Any]:
        with self.making:
            return self.made[0]

    def packed(self) -> dict[str, bytes]:
        with self.making:
            return self.made[1]

    def renew(self, other: "WorkerFiles") -> None:
        """From now on be of the other's nets."""
        with self.making:
            self.reader = other.reader
            self.__dict__.pop("made", None)

    def write(self, folder: Path) -> None:
        """For a plain host, which may not say of a file that it is compressed: its name does."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, packed in self.packed().items():
            (folder / f"{name}.gz").write_bytes(packed)
        text = json.dumps(self.listed()).replace(".safetensors", ".safetensors.gz")
        (folder / "list.json").write_text(text)

    def routes(self) -> list[BaseRoute]:
        def listed(_: Request) -> Response:
            return JSONResponse(self.listed(), headers={"Cache-Control": "no-cache"})

        def file(request: Request) -> Response:
            name = request.path_params["name"]
            packed = self.packed().get(name)
            if packed is None:  # of weights that were here once, maybe
                return PlainTextResponse(f"{name} is not here.", 404)
            headers = {"Cache-Control": FOR_GOOD, "Vary": "Accept-Encoding"}
            if "gzip" not in request.headers.get("accept-encoding", ""):
                packed = gzip.decompress(packed)
            else:
                headers["Content-Encoding"] = "gzip"
            return Response(packed, 200, headers, "application/octet-stream")

        return [Route(f"/{self.folder}/list.json", listed), Route(f"/{self.folder}/{{name}}", file)]


def compressed(files: Sequence[File]) -> dict[str, bytes]:
    """By name, compressed. Weights hardly shrink any further at higher levels."""
    return {file.name: gzip.compress(file.raw, 6, mtime=0) for file in files}
