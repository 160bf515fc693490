"""The replay: a drawing as it grew, and what both nets said meanwhile."""

from collections.abc import Mapping
from string import Template

from resnet.classifier import Classifier
from ui.cards import LOOKS
from ui.part import Part, template

COURSE = Template(
    '<div class="net $variant" data-course="$variant"><h3>$title</h3>'
    '<p class="now"><b class="digit">&ndash;</b><span class="certainty"></span></p>'
    '<div class="spans" aria-hidden="true"></div></div>'
)


class Replay(Part):
    """It asks for nothing: the answers are those that came while the pen drew."""

    def __init__(self, classifiers: Mapping[str, Classifier]) -> None:
        courses = "".join(
            COURSE.substitute(LOOKS[variant], variant=variant) for variant in classifiers
        )
        super().__init__(
            "replay",
            template("replay.html").substitute(courses=courses),
            shared=("button", "panel"),
            nets=[{"variant": v, "title": LOOKS[v]["title"]} for v in classifiers],
        )
