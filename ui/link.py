"""What a link to the page may contain; page_link.js reads links by these rules."""

from resnet import lab, lenses, narrow, several
from resnet.surgery import DIAL, UNITS
from ui.board import STEP

FIRST = 7  # the sample that is drawn and answered on arrival
# The tabs' names in links; app.py gives them to the tabs. The first is open on arrival.
TABS = ("draw", "race", "depth", "experiment", "training", "mistakes")
RULES = {
    "first": FIRST,
    "digits": several.MOST,
    "units": UNITS,
    "dial": {"most": DIAL[1], "step": STEP},
    "lenses": lenses.LENSES,
    "lab": {"steps": lab.STEPS, "thinnest": lab.THINNEST, "thickest": lab.THICKEST},
    "depths": narrow.DEPTHS,
    "tabs": TABS,
}
