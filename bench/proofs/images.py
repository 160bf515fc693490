"""Images and drawings that are made to harm, by each road in: the page's and the two endpoints'.

Each is to be read or refused in one sentence, soon, and the server is to answer the next one.
"""

import base64
import io
import re
import struct
import time
import zlib
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from bench.proofs.served import GROWTH, TOLD, App, Proof, question
from resnet import samples

SOON = 3.0  # seconds, of a machine that is busy


def prove(app: App) -> Proof:
    files, strokes = hostile_files(), hostile_strokes()
    proof = Proof("Images", f"{len(files)} files by 2 roads, {len(strokes)} drawings by 2")
    pad = app.parts()["pad"]
    before = 0.0
    slowest = 0.0
    for again in range(2):  # what is loaded once is loaded in the first round
        before = before or (app.memory_at_rest(patience=3) if again else 0.0)
        asked = [("file", *one) for one in files.items()]
        asked += [("strokes", *one) for one in strokes.items()]
        for kind, name, value in asked:
            for road, ask in (("page", by_page), ("endpoint", by_endpoint)):
                began = time.monotonic()
                said = ask(app, pad, kind, value)
                took = time.monotonic() - began
                slowest = max(slowest, took)
                if fault := fault_of(said, took):
                    proof.lost.append(f"{name} by the {road}: {fault}")
        alive = app.http.post(
            "/gradio_api/component_server/",
            json=question(pad, "read", {"strokes": samples.sample(3)}),
        )
        if alive.json()["answers"]["residual"]["digit"] != 3:
            proof.lost.append("afterwards a three is read as something else")
    after = app.memory_at_rest(before + GROWTH)
    if after - before > GROWTH:
        proof.lost.append(f"memory: {before:.0f} -> {after:.0f} MB")
    if app.tracebacks():
        proof.lost.append(f"{app.tracebacks()} tracebacks in the log")
    proof.figures = [f"slowest {slowest:.2f} s; memory {before:.0f} -> {after:.0f} MB"]
    return proof


def by_page(app: App, pad: int, kind: str, value: Any) -> tuple[int, str]:
    data = {"strokes": value}
    if kind == "file":
        data = {"image": base64.b64encode(value).decode()}
    reply = app.http.post("/gradio_api/component_server/", json=question(pad, "read", data))
    return reply.status_code, reply.text


def by_endpoint(app: App, _: int, kind: str, value: Any) -> tuple[int, str]:
    name = "predict" if kind == "file" else "predict_strokes"
    if kind == "file":
        sent = app.http.post("/gradio_api/upload", files={"files": ("x.png", value)})
        if sent.status_code != 200:
            return sent.status_code, sent.text
        value = {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}
    started = app.http.post(f"/gradio_api/call/{name}", json={"data": [value]})
    if started.status_code != 200:
        return started.status_code, started.text
    event = started.json()["event_id"]
    reply = app.http.get(f"/gradio_api/call/{name}/{event}")
    return reply.status_code, reply.text


def fault_of(said: tuple[int, str], took: float) -> str:
    status, text = said
    if status >= 500 or TOLD.search(text):
        return f"{status} {text[:150]}"
    is_sentence = re.search(r'"error": ?"[^"]+\."', text) or re.fullmatch(r'[^"\n]+\.', text)
    if not ('"probabilities"' in text or is_sentence):
        return f"no sentence: {text[:150]}"
    return f"{took:.1f} s" if took > SOON else ""


# --- files ---------------------------------------------------------------------------------------


def hostile_files() -> dict[str, bytes]:
    seven = drawn((60, 60))
    whole = saved(seven)
    rgba = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    exif = {n: exif_of(n) for n in (2, 6, 8)}
    made = {
        "nothing": b"",
        "one byte": b"\x89",
        "text": b"this is no image",
        "HTML": b"<!doctype html><script>alert(1)</script>",
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/"/></svg>',
        "PDF": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj",
        "zip": b"PK\x03\x04" + bytes(200),
        "random": np.random.default_rng(0).bytes(5000),
        "PNG's magic alone": whole[:8],
        "cut header": whole[:30],
        "cut in half": whole[: len(whole) // 2],
        "without an end": whole[:-12],
        "more after the end": whole + bytes(100_000),
        "wrong checksum": whole[:40] + b"\xff" + whole[41:],
        "no width": png(0, 10, b""),
        "no height": png(10, 0, b""),
        "widest of all": png(2**31 - 1, 1, b""),
        "bomb of 177 megapixels": png(13_300, 13_300, zlib.compress(bytes(1_700_000), 9)),
        "bomb in grey": png(20_000, 8000, zlib.compress(bytes(20_001 * 8000), 9)),
        "header says 60,000 squared": png(60_000, 60_000, b""),
        "text chunk that unpacks": png(20, 20, zlib.compress(bytes(21 * 20)), text_bomb()),
        "profile that is none": png(20, 20, zlib.compress(bytes(21 * 20)), (b"iCCP", b"x\0\0junk")),
        "a pixel": saved(Image.new("L", (1, 1), 255)),
        "a line across": saved(Image.new("L", (4000, 1), 0)),
        "a line down": saved(drawn((1, 4000))),
        "all black": saved(Image.new("L", (60, 60), 0)),
        "all white": saved(Image.new("L", (60, 60), 255)),
        "transparent": saved(rgba),
        "16 bits": saved(Image.fromarray(np.full((40, 40), 40_000, np.uint16))),
        "palette": saved(seven.convert("P")),
        "one bit": saved(seven.convert("1")),
        "CMYK": saved(seven.convert("CMYK"), "JPEG"),
        "JPEG, cut": saved(seven, "JPEG")[:200],
        "JPEG, progressive": saved(seven, "JPEG", progressive=True),
        "WEBP, animated": saved(seven, "WEBP", save_all=True, append_images=[rgba] * 40),
        "WEBP, cut": saved(seven, "WEBP")[:60],
        "PNG, animated": saved(seven, "PNG", save_all=True, append_images=[seven] * 40),
        "GIF": saved(seven, "GIF"),
        "BMP": saved(seven, "BMP"),
        "TIFF": saved(seven, "TIFF"),
        "ICO": saved(seven, "ICO"),
        "2100 pixels squared": saved(Image.new("L", (2100, 2100), 255)),
    }
    return made | {f"EXIF, turned {n}": raw for n, raw in exif.items()}


def drawn(size: tuple[int, int]) -> Image.Image:
    image = Image.new("L", size, 255)
    width, height = size
    line = [(0.2 * width, 0.2 * height), (0.8 * width, 0.2 * height), (0.4 * width, 0.8 * height)]
    ImageDraw.Draw(image).line(line, 0, 5)
    return image


def saved(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    return saved(drawn((60, 60)), "JPEG", exif=exif)


def png(width: int, height: int, pixels: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A grey one of eight bits, whatever its pixels are."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    raw = b"\x89PNG\r\n\x1a\n"
    for kind, data in parts:
        raw += struct.pack(">I", len(data)) + kind + data
        raw += struct.pack(">I", zlib.crc32(kind + data))
    return raw


def text_bomb() -> tuple[bytes, bytes]:
    return b"zTXt", b"x\0\0" + zlib.compress(bytes(200_000_000), 9)


# --- drawings ------------------------------------------------------------------------------------


def hostile_strokes() -> dict[str, Any]:
    return {
        "nothing": None,
        "a number": 7,
        "a text": "x" * 100_000,
        "an object": {"path": "/etc/hostname"},
        "lists of nothing": [[]] * 10_000,
        "points of one number": [[[1]] * 100],
        "points of three": [[[1, 2, 3]] * 100],
        "texts for numbers": [[["1", "2"]]],
        "true and false": [[[True, False]]],
        "null for a number": [[[None, 1]]],
        "huge numbers": [[[1e308, -1e308], [-1e308, 1e308]]],
        "the smallest numbers": [[[5e-324, 0], [0, 5e-324]]],
        "whole numbers of 300 digits": [[[10**300, 0], [0, 1]]],
        "one point": [[[5, 5]]],
        "the same point 50,000 times": [[[5, 5]] * 50_000],
        "a million points": [[[n % 100, n % 99] for n in range(1_000_000)]],
        "20,000 strokes": [[[n % 100, n % 99], [n % 98, n % 97]] for n in range(20_000)],
        "lists in lists": [[[[[[[[[1]]]]]]]]],
    }
