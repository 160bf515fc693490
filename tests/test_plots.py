import json
import re
import xml.etree.ElementTree as ET

from matplotlib.axes import Axes

from ui import plots


def draw(panels: list[Axes], is_phone: bool) -> None:
    for panel in panels:
        panel.plot([0, 10], [0, 100], label="residual", **plots.LINES["residual"])
        panel.fill_between([0, 10], [0, 90], [10, 100], color=plots.COLOURS["plain"])
        panel.set(xlim=(0, 10), ylim=(0, 100), xlabel="steps <80>")
        panel.set_title("phone" if is_phone else "wide")


def drawn(title: str = "Rises & shines", *, is_phone: bool = False) -> str:
    return plots.svg(title, draw, (1, 2), (600, 300), is_phone=is_phone)


def test_a_picture_is_sound_and_says_its_title() -> None:
    root = ET.fromstring(drawn())
    assert root.attrib["aria-label"] == "Rises & shines"
    assert root.attrib["viewBox"] == "0 0 600 300"
    texts = {"".join(text.itertext()) for text in root.iter("text")}
    assert {"wide", "steps <80>"} <= texts


def test_all_colours_are_the_pages() -> None:
    text = drawn()
    assert "var(--residual)" in text
    assert "var(--plain)" in text
    assert re.findall(r"(?:fill|stroke): ?#\w+", text) == []
    assert "DejaVu" not in text


def test_no_two_pictures_share_an_id_and_every_reference_is_met() -> None:
    pictures = [drawn(), drawn("Falls"), drawn(is_phone=True)]
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in pictures]
    assert all(ids)
    assert sum(map(len, ids)) == len(set.union(*ids))
    for text, own in zip(pictures, ids, strict=True):
        references = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', text)
        assert references
        assert {a or b for a, b in references} <= own


def test_the_panels_are_where_it_says() -> None:
    root = ET.fromstring(drawn())
    places = json.loads(root.attrib["data-axes"])
    assert [place["xlim"] for place in places] == [[0, 10], [0, 10]]
    assert places[0]["right"] < places[1]["left"]
    # The line goes from corner to corner of its panel.
    line = next(
        path.attrib["d"]
        for path in root.iter("path")
        if "var(--residual)" in path.attrib.get("style", "")
    )
    numbers = [float(number) for number in re.findall(r"[\d.]+", line)]
    left, bottom, right, top = (numbers[0], numbers[1], numbers[-2], numbers[-1])
    first = places[0]
    for found, said in zip(
        (left, bottom, right, top),
        (first["left"], first["bottom"], first["right"], first["top"]),
        strict=True,
    ):
        assert abs(found - said) < 0.1


def test_a_plot_has_both_widths_and_its_table() -> None:
    html = plots.plot("Title", draw, ["step", "right"], [["1", "<b>"]], panels=2, note="a < b")
    assert html.count("<svg") == 2
    assert "&lt;b&gt;" in html
    assert "a &lt; b" in html
    assert 'viewBox="0 0 340 640"' in html  # below each other
