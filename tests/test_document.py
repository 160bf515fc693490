"""The page's document, as those meet it who follow a link or show a preview of it."""

import io
import re

import httpx
import pytest
from gradio.routes import templates
from PIL import Image

from app import SUMMARY, TITLE
from resnet.language import LANGUAGES
from ui.document import NAME, introduce


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


def test_who_serves_twice_has_one_loading_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates.env, "loader", templates.env.loader)
    for title in ("First", "Second"):
        introduce(title, "Two nets.")
    assert templates.env.loader is not None
    source, _, _ = templates.env.loader.get_source(templates.env, NAME)
    assert source.count('id="loading"') == len(LANGUAGES)
    assert "Second" in source
    assert "First" not in source
