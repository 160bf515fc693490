"""/predict and /predict_strokes: the same answers for programs."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from gradio.utils import get_upload_folder

from ui.reading import Answers, Reader

NO_STROKES = "The strokes are not a list of lists of points."


class Upload(gr.File):
    """An uploaded file as its bytes; no other path and no address is ever opened."""

    is_template = True  # to the browser this is a gr.File

    async def async_move_resource_to_block_cache(self, url_or_file_path: Any) -> str:
        # Gradio would fetch an address and copy a file. An upload is where it belongs already.
        return str(uploaded(url_or_file_path))

    def preprocess(self, payload: Any) -> bytes:
        if not isinstance(payload, FileData):
            raise gr.Error("Send one image file.", print_exception=False)
        return uploaded(payload.path).read_bytes()


class Strokes(gr.JSON):
    """Any JSON value; one that claims to be a file is refused before Gradio goes and gets it."""

    is_template = True  # to the browser this is a gr.JSON

    async def async_move_resource_to_block_cache(self, url_or_file_path: Any) -> str:
        raise gr.Error(NO_STROKES, print_exception=False)


def checked(component: gr.blocks.Block, value: Any) -> Any:
    """What of an input goes on to Gradio; gr.Error for anything that it would fail on."""
    match component:
        case Upload():
            path = value.get("path") if isinstance(value, dict) else None
            return {"path": str(uploaded(path)), "meta": {"_type": "gradio.FileData"}}
        case Strokes() if holds_object(value):
            raise gr.Error(NO_STROKES, print_exception=False)
    return value


def holds_object(value: Any) -> bool:
    """Whether there is one in lists of lists: Gradio would take it for a file."""
    return isinstance(value, dict) or (isinstance(value, list) and any(map(holds_object, value)))


def uploaded(path: Any) -> Path:
    """The path of a file that was uploaded to this server; gr.Error for any other."""
    folder = Path(get_upload_folder()).resolve()
    try:
        file = Path(str(path)).resolve()
        if file.is_relative_to(folder) and file.is_file():
            return file
    except (OSError, ValueError):  # too long a name, a null byte
        pass
    raise gr.Error("The image was not uploaded to this server.", print_exception=False)


def add_endpoints(reader: Reader) -> None:
    """Add the two endpoints to the gr.Blocks under construction."""

    def predict(image: bytes) -> Answers:
        """Read a PNG, JPEG or WEBP image of a digit."""
        return reader.image(image)

    def predict_strokes(strokes: Any) -> Answers:
        """Read pen strokes [[[x, y], ...], ...], any units, y down."""
        return reader.strokes(strokes)

    answers = gr.JSON(visible=False)
    image = Upload(type="binary", visible=False)
    strokes = Strokes(visible=False)
    for component, endpoint in ((image, predict), (strokes, predict_strokes)):
        gr.Button(visible=False).click(
            endpoint, component, answers, api_name=endpoint.__name__, show_progress="hidden"
        )
