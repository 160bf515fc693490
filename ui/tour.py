"""The tour: three things to see, each a guess first and then a look."""

from collections.abc import Mapping, Sequence
from typing import Any

from resnet.surgery import UNITS
from ui.cards import LOOKS
from ui.part import Part, template


class Tour(Part):
    """A bar at the foot of the page that leads through its tabs, once a visitor wants it to.

    overfitting is what the study of depth says, see Depth; without it that step is left out.
    """

    def __init__(self, variants: Sequence[str], overfitting: Mapping[str, Any] | None) -> None:
        super().__init__(
            "tour",
            template("tour.html").substitute(),
            shared=("button",),
            nets=[
                {"variant": one, "title": LOOKS[one]["title"]} for one in LOOKS if one in variants
            ],
            units=UNITS,
            overfitting=overfitting,
        )
