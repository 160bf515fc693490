"""Matplotlib's figures as pictures of the page: in its colours and letters, wide and for a phone.

An SVG that names the page's CSS variables is right in the light and in the dark; drawn twice, it
keeps its letters readable on a phone. Only what is seen is rendered: call this when a tab is first
opened, for matplotlib takes a while to load and a tenth of a second a figure.
"""

import functools
import hashlib
import io
import json
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import matplotlib
from fontTools.ttLib import TTFont
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from tabulate import tabulate

from resnet.language import t
from resnet.stats import Mean

# Stand-ins that no one else uses, each for a variable of page.css.
COLOURS = {
    "ink": "#010203", "muted": "#020304", "quiet": "#030405", "line": "#040506",
    "surface": "#050607", "residual": "#060708", "plain": "#070809",
}  # fmt: skip
INK, MUTED, QUIET, LINE, SURFACE = list(COLOURS.values())[:5]
# A net's line, wherever it is drawn: solid with shortcuts, dashed without.
LINES: dict[str, dict[str, Any]] = {
    "residual": {"color": COLOURS["residual"], "linestyle": "-", "linewidth": 2.0},
    "plain": {"color": COLOURS["plain"], "linestyle": (0, (4, 2.2)), "linewidth": 2.0},
    "LeNet-5": {"color": COLOURS["muted"], "linestyle": (0, (1, 1.6)), "linewidth": 2.0},
}
BAND = 0.16  # opacity of the area behind a line
PHONE = 340  # pixels wide, as the page is there
LETTERS = 0x2E80  # from here on matplotlib's font has none
WIDE = (1, 1.2)  # times the size of the type: a sign that can stand for one

matplotlib.rcParams.update(
    {
        "svg.fonttype": "none",  # letters stay letters, in the page's own font
        "font.size": 13, "axes.labelsize": 13, "xtick.labelsize": 12.5, "ytick.labelsize": 12.5,
        "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none",
        "text.color": INK, "axes.labelcolor": MUTED, "axes.edgecolor": LINE,
        "xtick.color": LINE, "ytick.color": LINE, "xtick.labelcolor": MUTED,
        "ytick.labelcolor": MUTED, "axes.spines.top": False, "axes.spines.right": False,
        "axes.grid": True, "axes.grid.axis": "y", "grid.color": LINE, "grid.linewidth": 0.7,
        "axes.axisbelow": True, "axes.titlesize": 13, "axes.titlelocation": "left",
        "axes.titlecolor": INK, "lines.solid_capstyle": "round", "legend.frameon": False,
    }
)  # fmt: skip

Draw = Callable[[list[Axes], bool], None]  # the panels from left to right; whether it is a phone's


def plot(
    title: str,
    draw: Draw,
    headers: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    panels: int = 1,
    size: tuple[int, int] = (560, 320),
    note: str = "",
) -> str:
    """A figure with its title, which says what it shows, and the same numbers as a table.

    On a phone the panels stand below each other, each as high as the size says.
    """
    wide = svg(title, draw, (1, panels), size, is_phone=False)
    phone = svg(title, draw, (panels, 1), (PHONE, size[1] * panels), is_phone=True)
    below = f'<p class="note">{escape(note)}</p>' if note else ""
    return (
        f'<figure class="plot"><figcaption>{escape(title)}</figcaption>'
        f'<div class="on-wide">{wide}</div><div class="on-phone">{phone}</div>{below}'
        f'<details class="twin"><summary>{t("As a table")}</summary>'
        f"{within_reach(table(headers, rows), title)}</details></figure>"
    )


def within_reach(table: str, name: str) -> str:
    """The table in a box that scrolls, by keys too, where it is too wide."""
    return (
        f'<div class="wide-table" role="group" tabindex="0" aria-label="{escape(name)}">'
        f"{table}</div>"
    )


def means(
    panel: Axes, places: Sequence[float], found: Sequence[Mean], net: str, label: str, **look: Any
) -> None:
    """A net's means over seeds as a line, their 95 % intervals as an area behind it.

    The look changes what it shares with the net's other lines: matplotlib's keywords of a line.
    """
    line = {"marker": "o" if net == "residual" else "D", "markersize": 5, **LINES[net], **look}
    lows, highs = [mean.low for mean in found], [mean.high for mean in found]
    panel.fill_between(places, lows, highs, color=line["color"], alpha=BAND, linewidth=0)
    panel.plot(places, [mean.mean for mean in found], label=label, **line)


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Figures in rows, the first column their name; the text of every cell is escaped."""
    html = tabulate(rows, headers, tablefmt="html", disable_numparse=True)
    return html.replace("<table>", '<table class="figures">', 1)


def svg(
    title: str, draw: Draw, grid: tuple[int, int], size: tuple[int, int], *, is_phone: bool
) -> str:
    """The figure alone, its pixels those of the page where it has the room.

    Its data-axes says where the panels lie, for a script that draws over them: a JSON list of
    {left, right, top, bottom} in the units of the viewBox and the {xlim, ylim} that lie there.
    """
    width, height = size
    figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
    panels = list(figure.subplots(*grid, squeeze=False).flat)
    draw(panels, is_phone)
    letters = stand_in(figure)
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue().translate(letters)
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    # Two figures of one page must not share an id: a clip path of a hidden one clips all away.
    name = hashlib.sha256(f"{title} {is_phone} {text}".encode()).hexdigest()[:10]
    text = re.sub(r'\bid="', f'id="{name}-', text).replace("#", f"#{name}-")
    for variable, colour in COLOURS.items():
        text = text.replace(f"#{name}-{colour[1:]}", f"var(--{variable})")
    text = re.sub(r"'DejaVu Sans'[^;\"]*", "var(--letters)", text)
    places = escape(json.dumps([place(panel, height) for panel in panels]))
    opening = (
        f'<svg viewBox="0 0 {width} {height}" style="max-width: {width}px" role="img" '
        f'aria-label="{escape(title)}" data-axes="{places}" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return re.sub(r"<svg.*?>", lambda _: opening, text, count=1, flags=re.DOTALL)


def stand_in(figure: Figure) -> dict[int, str]:
    """Gives signs the place of Chinese letters, and tells which: the page's font has the letters,
    matplotlib's, by which it finds the room for a text, has not."""
    said = {text: text.get_text() for text in figure.findobj() if isinstance(text, Text)}
    odd = sorted({letter for one in said.values() for letter in one if ord(letter) >= LETTERS})
    free = (sign for sign in wide_signs() if not any(sign in one for one in said.values()))
    signs = {ord(letter): sign for letter, sign in zip(odd, free, strict=False)}
    for text, one in said.items():
        if not one.isascii():
            text.set_text(one.translate(signs))
    return {ord(sign): chr(letter) for letter, sign in signs.items()}


def place(panel: Axes, height: int) -> dict[str, Any]:
    box = panel.get_window_extent()
    scale = 72 / panel.figure.dpi
    return {
        "left": round(box.x0 * scale, 2),
        "right": round(box.x1 * scale, 2),
        "top": round(height - box.y1 * scale, 2),
        "bottom": round(height - box.y0 * scale, 2),
        "xlim": list(panel.get_xlim()),
        "ylim": list(panel.get_ylim()),
    }


@functools.cache
def wide_signs() -> list[str]:
    """Signs of matplotlib's font that are at least as wide as a Chinese letter."""
    font = TTFont(font_manager.findfont("DejaVu Sans"))
    low, high = (font["head"].unitsPerEm * share for share in WIDE)
    widths = font["hmtx"]
    return [
        chr(code)
        for code, name in font.getBestCmap().items()
        if 0x250 < code < LETTERS and low <= widths[name][0] <= high
    ]
