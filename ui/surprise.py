"""The definition of a shortcut, and the button "Surprise me"."""

from html import escape

from resnet.surgery import UNITS
from ui.deeper import DeeperFiles, DeeperNets, deepest
from ui.part import Part, template


class Surprise(Part):
    """Tries every unit out, every shortcut cut and the deeper nets on the visitor's drawing, and
    shows the change that parts the two nets most."""

    def __init__(self, deeper: DeeperNets) -> None:
        super().__init__(
            "surprise",
            template("surprise.html").substitute(purpose=escape(deepest(deeper.abouts))),
            shared=("button",),
            units=UNITS,
            deeper={"files": DeeperFiles.list, "depths": deeper.depths} if deeper.depths else None,
        )
