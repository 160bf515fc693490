"""The drawing pad: pen, samples, upload, and what the nets see."""

import base64
import binascii
from pathlib import Path
from typing import Any

import gradio as gr

from resnet import ink, lab, samples
from ui.reading import Reader

HERE = Path(__file__).parent
FIRST = 7  # the sample that is drawn and answered on arrival


class Sketchpad(gr.HTML):
    """A canvas that asks the server while the pen moves and tells the page what it answered.

    pad.js dispatches "answers" on the document, with the answers of every net as detail, or null
    when the pad is empty, and takes a test digit from whoever dispatches "put-digit". One request
    is under way at a time, and the newest drawing goes next. While the lab is open it asks as the
    lab's "lab" events say, and "steps" brings the pictures.
    """

    def __init__(self, reader: Reader) -> None:
        def read_strokes(strokes: Any) -> dict[str, Any]:
            return reply(lambda: reader.strokes(strokes))

        def read_image(encoded: Any) -> dict[str, Any]:
            return reply(lambda: reader.image(decoded(encoded)))

        def read_in_lab(drawing: Any) -> dict[str, Any]:
            """{"strokes": ...} or {"image": ...}, with the lab's "on" and "pen"."""
            if not isinstance(drawing, dict):
                return {"error": "The drawing did not arrive whole."}
            image, on = drawing.get("image"), drawing.get("on")
            if image is not None:
                return reply(lambda: reader.image_in_lab(decoded(image), on))
            strokes, pen = drawing.get("strokes"), drawing.get("pen")
            return reply(lambda: reader.strokes_in_lab(strokes, on, pen))

        def read_digit(index: Any) -> dict[str, Any]:
            return reply(lambda: reader.digit(index))

        digits = "".join(
            f'<button type="button" data-sample="{digit}" title="Draw a sample {digit}">'
            f"{digit}</button>"
            for digit in range(10)
        )
        super().__init__(
            html_template=(HERE / "pad.html").read_text().replace("<!-- samples -->", digits),
            css_template=(HERE / "pad.css").read_text(),
            js_on_load=(HERE / "pad.js").read_text(),
            apply_default_css=False,
            server_functions=[read_strokes, read_image, read_in_lab, read_digit],
            elem_id="pad",
            side=ink.SIDE,
            sheet=lab.SHEET,
            pen=lab.PEN,
            first=FIRST,
            samples=[samples.sample(digit) for digit in range(10)],
        )


def reply(read: Any) -> dict[str, Any]:
    """What pad.js gets: answers and picture, or the one sentence of what is wrong.

    In the lab there is more than one picture: then all of them as steps.
    """
    try:
        answers, pictures = read()
    except gr.Error as error:
        return {"error": error.message}
    steps = {"steps": pictures} if len(pictures) > 1 else {}
    return {"answers": answers, "picture": pictures[-1], **steps}


def decoded(encoded: Any) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise gr.Error("The image did not arrive whole.", print_exception=False) from error
