"""What a shortcut is, in a line and a picture; and one tap to where it shows most."""

from resnet.surgery import UNITS
from ui.deeper import DeeperFiles, DeeperNets
from ui.part import Part, template


class Surprise(Part):
    """Takes each unit out, cuts each shortcut, asks the deeper nets, and shows where it tells."""

    def __init__(self, deeper: DeeperNets) -> None:
        super().__init__(
            "surprise",
            template("surprise.html").substitute(),
            units=UNITS,
            deeper={"files": DeeperFiles.list, "depths": deeper.depths} if deeper.depths else None,
        )
