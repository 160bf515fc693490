"""Digits, letters and symbols from handwriting fonts -> glyphs.png and fonts.csv, beside this file.

The fonts come as npm packages. Take those that the `package` and `version` columns of fonts.csv
name, unpack each into a folder of its own, and give the folder that holds them all:

    npm pack @fontsource/caveat@5.3.0
    mkdir -p packages/caveat
    tar xzf fontsource-caveat-5.3.0.tgz -C packages/caveat --strip-components=1
    PYTHONPATH=. python data/fonts/render.py packages

A package under any licence but OFL-1.1 is left out, with a line that says so. glyphs.png has a row
of cells for each font file and a column for each of CHARACTERS, every cell a picture as the nets
see it, 255 for ink; a character that the font does not have is a blank cell.
"""

import argparse
import csv
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from resnet import ink
from resnet.handwriting import CHARACTERS

WEIGHTS = (400, 700)
LICENCE = "OFL-1.1"
EM = 300  # pixels; a digit is then about 200 high
MARGIN = 60  # pixels of paper around a glyph
ABSENT = "\uffff"  # no font has it, so it shows what a font draws for what it has not
COLUMNS = ("row", "family", "package", "version", "weight", "licence", "copyright")


def glyph(font: ImageFont.FreeTypeFont, character: str) -> Image.Image | None:
    """The character, black on white and uncut; None if it leaves no ink."""
    left, top, right, bottom = (round(edge) for edge in font.getbbox(character))
    if right <= left or bottom <= top:
        return None
    size = (right - left + 2 * MARGIN, bottom - top + 2 * MARGIN)
    image = Image.new("L", size, 255)
    ImageDraw.Draw(image).text((MARGIN - left, MARGIN - top), character, 0, font)
    return image if image.getextrema()[0] == 0 else None


def cell(image: Image.Image) -> np.ndarray:
    """The glyph as the nets see it, (SIDE, SIDE) uint8."""
    png = io.BytesIO()
    image.save(png, "PNG")
    picture = ink.grey_levels(ink.from_image(png.getvalue()))
    return np.frombuffer(picture, np.uint8).reshape(ink.SIDE, ink.SIDE)


def strip(file: Path) -> np.ndarray:
    """All CHARACTERS of a font file side by side, (SIDE, SIDE * characters)."""
    # The basic layout substitutes no glyph for another: what is drawn is the character itself.
    font = ImageFont.truetype(file, EM, layout_engine=ImageFont.Layout.BASIC)
    absent = glyph(font, ABSENT)
    cells = []
    for character in CHARACTERS:
        image = glyph(font, character)
        if image is None or image == absent:
            cells.append(np.zeros((ink.SIDE, ink.SIDE), np.uint8))
        else:
            cells.append(cell(image))
    return np.concatenate(cells, 1)


def rendered(packages: Path) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """The sheet of all fonts and their rows of fonts.csv, families in alphabetical order."""
    strips: list[np.ndarray] = []
    rows: list[tuple[str, ...]] = []
    for manifest in sorted(packages.glob("*/package.json")):
        folder = manifest.parent
        about = json.loads(manifest.read_text("utf-8"))
        if about["license"] != LICENCE:
            print(f"{about['name']} is left out: its licence is {about['license']}")
            continue
        family = json.loads((folder / "metadata.json").read_text("utf-8"))["family"]
        licence = (folder / "LICENSE").read_text("utf-8").splitlines()
        holder = next(line.strip() for line in licence if line.startswith("Copyright"))
        name = about["name"].rpartition("/")[2]
        for weight in WEIGHTS:
            file = folder / "files" / f"{name}-latin-{weight}-normal.woff2"
            if not file.exists():
                continue
            entry = (family, about["name"], about["version"], str(weight), LICENCE, holder)
            rows.append((str(len(rows)), *entry))
            strips.append(strip(file))
    return np.concatenate(strips), rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Render handwriting fonts as pictures.")
    parser.add_argument("packages", type=Path, help="folder of unpacked npm packages")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder for the outputs"
    )
    options = parser.parse_args()
    sheet, rows = rendered(options.packages)
    Image.fromarray(sheet).save(options.out / "glyphs.png", optimize=True)
    with (options.out / "fonts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
