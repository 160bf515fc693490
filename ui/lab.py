"""The ink lab: the way from a drawing to the picture the nets see, step by step."""

from string import Template

from resnet import ink, lab
from ui.part import Part, template

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


class InkLab(Part):
    """A disclosure with a picture of each step, a switch for each, and the pen's thickness."""

    def __init__(self) -> None:
        steps = "".join(
            STEP.substitute(step=step, title=step.title(), caption=CAPTIONS[step], side=ink.SIDE)
            for step in lab.STEPS
        )
        html = template("lab.html").substitute(
            side=ink.SIDE,
            steps=steps,
            pen=lab.PEN,
            thinnest=lab.THINNEST,
            thickest=lab.THICKEST,
        )
        super().__init__("lab", html)
