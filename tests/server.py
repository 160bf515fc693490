"""The server, as tests start it and ask it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
UPLOADED = {"meta": {"_type": "gradio.FileData"}}


class Api:
    """Raw HTTP, as a stranger would write it: Gradio's own client cleans up what it sends."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(base_url=address, timeout=30)

    def call(self, endpoint: str, *data: Any) -> tuple[str, Any]:
        """("complete" or "error", what came with it)."""
        started = self.http.post(f"gradio_api/call/{endpoint}", json={"data": data})
        if started.status_code == 400:  # refused at the front door
            return "error", {"error": started.text}
        assert started.status_code == 200
        event = self.http.get(f"gradio_api/call/{endpoint}/{started.json()['event_id']}").text
        name, payload = (line.split(": ", 1)[1] for line in event.strip().splitlines()[:2])
        return name, json.loads(payload)

    def upload(self, content: bytes, name: str = "digit.png") -> dict[str, Any]:
        paths = self.http.post("gradio_api/upload", files={"files": (name, content)}).json()
        return {"path": paths[0], **UPLOADED}

    def server_function(self, name: str, data: Any, part: str = "pad") -> httpx.Response:
        config = self.http.get("config", params={"page": ""}).json()  # the one in English
        of = {one["props"].get("elem_id"): one["id"] for one in config["components"]}
        body = {"data": data, "component_id": of[part], "fn_name": name, "session_hash": "test"}
        return self.http.post("gradio_api/component_server/", json=body)


def app(*arguments: str | Path) -> subprocess.Popen[str]:
    """Where a proxy is set that nobody must ask: nothing answers at its port."""
    return subprocess.Popen(
        [sys.executable, "app.py", *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "http_proxy": "http://127.0.0.1:9", "no_proxy": "example.org"},
    )  # fmt: skip
