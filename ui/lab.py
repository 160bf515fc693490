"""The ink lab: the way from a drawing to the picture the nets see, step by step."""

from pathlib import Path
from string import Template

import gradio as gr

from resnet import ink, lab
from ui import script

HERE = Path(__file__).parent
CAPTIONS = {
    "crop": "To the ink alone",
    "box": f"To {ink.BOX} of {ink.SIDE} pixels",
    "line": f"{ink.LINE} pixels, any pen",
    "centre": "By centre of mass",
}
STEP = Template(
    '<li><canvas width="$side" height="$side" role="img" aria-label="After $step"></canvas>'
    '<label><input type="checkbox" name="$step" checked>$title</label><p>$caption</p></li>'
)


class InkLab(gr.HTML):
    """A disclosure with a picture a step, a switch each, and the pen's thickness.

    lab.js dispatches "lab" on the document: the steps that are on and the pen, or null when it
    closes. It shows the pictures of the "steps" that the pad dispatches in return. With "put-lab"
    others open it, {on: [step, ...]}, or close it, null.
    """

    def __init__(self) -> None:
        page = Template((HERE / "lab.html").read_text())
        steps = "".join(
            STEP.substitute(step=step, title=step.title(), caption=CAPTIONS[step], side=ink.SIDE)
            for step in lab.STEPS
        )
        super().__init__(
            html_template=page.substitute(
                side=ink.SIDE,
                steps=steps,
                pen=lab.PEN,
                thinnest=lab.THINNEST,
                thickest=lab.THICKEST,
            ),
            css_template=(HERE / "lab.css").read_text(),
            js_on_load=script("lab.js"),
            apply_default_css=False,
            elem_id="lab",
        )
