"""The drawing pad: pen, samples, upload, and what the nets see."""

from pathlib import Path
from typing import Any

import gradio as gr

from resnet import ink, lab, samples
from ui import script
from ui.reading import Reader, Reply

HERE = Path(__file__).parent
FIRST = 7  # the sample that is drawn and answered on arrival


class Sketchpad(gr.HTML):
    """A canvas that asks the server while the pen moves and tells the page what it answered.

    pad.js dispatches "answers" on the document, with the answers of every net as detail, or null
    when the pad is empty, and "read" with the whole reply and what was asked. It takes a test digit
    from whoever dispatches "put-digit", and with "corner" makes the drawing small for a while. One
    request is under way at a time, and the newest drawing goes next. It asks as the "lab" and
    "board" events say, and "steps" brings the lab's pictures. link.js, the first part of the same
    script, keeps drawing and board in the page's address.
    """

    def __init__(self, reader: Reader) -> None:
        def read(drawing: Any) -> Reply | dict[str, str]:
            """Answers and picture, or the one sentence of what is wrong."""
            try:
                return reader.read(drawing)
            except gr.Error as error:
                return {"error": error.message}

        digits = "".join(
            f'<button type="button" data-sample="{digit}" title="Draw a sample {digit}">'
            f"{digit}</button>"
            for digit in range(10)
        )
        super().__init__(
            html_template=(HERE / "pad.html").read_text().replace("<!-- samples -->", digits),
            css_template=(HERE / "pad.css").read_text(),
            js_on_load=script("link.js", "pad.js"),
            apply_default_css=False,
            server_functions=[read],
            elem_id="pad",
            side=ink.SIDE,
            sheet=lab.SHEET,
            pen=lab.PEN,
            first=FIRST,
            samples=[samples.sample(digit) for digit in range(10)],
        )
