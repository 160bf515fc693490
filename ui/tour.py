"""The tour: three things to try, each a guess first and then a look."""

from collections.abc import Mapping
from string import Template

from resnet import lab
from resnet.classifier import Classifier
from resnet.surgery import UNITS
from ui.cards import LOOKS
from ui.part import Part, template

GUESS = Template(
    '<fieldset class="guess $variant"><legend>$title</legend>'
    '<label><input type="radio" name="guess-$variant" value="reads">still reads it</label>'
    '<label><input type="radio" name="guess-$variant" value="loses">loses it</label></fieldset>'
)


class Tour(Part):
    """A line above the board that grows into three steps."""

    def __init__(self, classifiers: Mapping[str, Classifier]) -> None:
        guesses = "".join(
            GUESS.substitute(LOOKS[variant], variant=variant) for variant in classifiers
        )
        super().__init__(
            "tour",
            template("tour.html").substitute(guesses=guesses),
            nets=[{"variant": v, "title": LOOKS[v]["title"]} for v in classifiers],
            units=UNITS,
            # A drawing stays in the corner only where nothing crops, boxes or centres it.
            corner={"on": ["line"], "pen": lab.PEN},
        )
