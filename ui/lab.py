"""The ink lab: the way from a drawing to the picture the nets see, step by step."""

from resnet import ink, lab
from resnet.language import N_, t
from ui.markup import Markup
from ui.part import Part, template

TITLES = {"crop": N_("Crop"), "box": N_("Box"), "line": N_("Line"), "centre": N_("Centre")}
CAPTIONS = {
    "crop": N_("To the ink alone"),
    "box": N_("To {box} of {side} pixels"),
    "line": N_("{line} pixels, any pen"),
    "centre": N_("By centre of mass"),
}
STEP = Markup(
    '<li><canvas width="$side" height="$side" role="img" aria-label="After $name"></canvas>'
    '<label><input type="checkbox" name="$step" checked>$title</label><p>$caption</p></li>'
)


class InkLab(Part):
    """A disclosure with a picture of each step, a switch for each, and the pen's thickness."""

    def __init__(self) -> None:
        steps = "".join(
            STEP.substitute(
                step=step,
                name=t(TITLES[step]).lower(),
                title=t(TITLES[step]),
                caption=t(CAPTIONS[step], box=ink.BOX, side=ink.SIDE, line=f"{ink.LINE:.3g}"),
                side=ink.SIDE,
            )
            for step in lab.STEPS
        )
        html = template("lab.html").substitute(
            side=ink.SIDE,
            steps=steps,
            pen=lab.PEN,
            thinnest=lab.THINNEST,
            thickest=lab.THICKEST,
        )
        super().__init__("lab", html, shared=("button",))
