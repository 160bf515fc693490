"""The page's document, as those meet it who follow a link or show a preview of it."""

import io
import re

import httpx
from PIL import Image

from app import SUMMARY, TITLE


def test_a_preview_shows_the_page_and_nothing_of_gradio(address: str) -> None:
    page = httpx.get(address).text
    metas = re.findall(r'<meta (?:property|name)="((?:og|twitter):\w+)" content="([^"]*)"', page)
    found = dict(metas)
    assert len(found) == len(metas) == len(re.findall(r'"(?:og|twitter):', page))
    assert found["og:title"] == TITLE
    assert found["og:description"] == SUMMARY
    assert f"<title>{TITLE}</title>" in page
    assert not any("gradio" in content.lower() for content in found.values())
    picture = httpx.get(found["og:image"])
    assert picture.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(picture.content)).width > 600


def test_the_page_travels_compressed(address: str) -> None:
    for encoding in ("gzip", "br, gzip"):
        reply = httpx.get(address, headers={"Accept-Encoding": encoding})
        assert reply.headers["content-encoding"] in ("gzip", "br")
        assert int(reply.headers["content-length"]) < len(reply.content) / 3
