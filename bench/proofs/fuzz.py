"""Requests that nobody would send, to every route of the page and of Gradio, from a seed.

Paths are those of all routes, their variables filled with odd values. Bodies are good ones in which
something was exchanged, left out or wrapped, or no bodies at all.
"""

import copy
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import gradio as gr
import httpx
from gradio.routes import App as GradioApp

from bench.proofs.served import GROWTH, TOLD, App, Proof, question
from resnet import samples
from resnet.surgery import INTACT

HANG = 3.0  # seconds
AT_ONCE = 4
WARM = 0.2  # of the requests, after which all is loaded that is ever loaded
METHODS = ("GET",) * 5 + ("POST",) * 10 + ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
TEXTS = (
    "", "x", "0", "-1", "..", "../../etc/passwd", "%00", "\0", "\ud800", "é", "x" * 3000, "null",
    "/etc/hostname", "http://127.0.0.1:9/x", "file:///etc/hostname", "<script>", "{{7*7}}", "a b",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 7, 2**31, 2**63, -(2**70), 1.5, 1e308, float("nan"), float("inf"),
    [], {}, [[]], [[[]]], [None], {"a": 1}, {"path": "/etc/hostname"}, {"_type": "gradio.FileData"},
)  # fmt: skip
KINDS = (
    "application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=b",
    "application/x-www-form-urlencoded", "application/json; charset=utf-16", "", "\xff",
)  # fmt: skip
HEADERS: tuple[dict[str, str], ...] = (
    {}, {}, {}, {"Accept-Encoding": "br"}, {"Accept-Encoding": "gzip"}, {"Range": "bytes=9-1"},
    {"Origin": "http://["}, {"Origin": "https://evil.example"}, {"Cookie": "access-token=x"},
    {"X-Forwarded-For": "x"}, {"X-Forwarded-Host": "a,b"}, {"If-Modified-Since": "x"},
    {"X-Gradio-User": "app"}, {"Referer": "http://["}, {"Authorization": "Bearer x"},
)  # fmt: skip
NAMED = b"--b\r\nContent-Disposition: form-data; name="
FORM = (
    NAMED + b'"files"; filename="x.png"\r\n\r\nx\r\n--b--\r\n',
    NAMED + b'"x"\r\n\r\nx\r\n--b--\r\n',
    NAMED + b'"files"; filename="../../x\0.png"\r\n\r\n', b"--b\r\n\r\n", b"--b--", b"",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path[:120]!r} {self.headers} {self.body[:200]!r}"


def prove(app: App, count: int, seed: int = 0, hang: float = HANG, is_first: bool = False) -> Proof:
    """is_first: nobody has asked for anything yet, and who does waits for what is made once."""
    proof = Proof("Fuzz", f"{count:,} requests, seed {seed}")
    if not is_first:
        for path in ("/nets/list.json", "/deeper/list.json"):
            app.http.get(path)
        for path, good in bodies(app).items():
            for body in good:
                app.http.post(path, json=body)
    requests = [*generated(app, count, random.Random(seed))]
    warm = int(WARM * count)
    met: Counter[int] = Counter()
    slowest = 0.0
    before = 0.0
    with ThreadPoolExecutor(AT_ONCE) as visitors:
        for start, end in ((0, warm), (warm, count)):
            before = app.memory_at_rest(patience=3)
            for status, seconds, fault in visitors.map(
                lambda one: sent(app, one, hang), requests[start:end]
            ):
                met[status] += 1
                slowest = max(slowest, seconds)
                proof.lost += [fault] if fault else []
    after = app.memory_at_rest(before + GROWTH)
    if after - before > GROWTH:
        proof.lost.append(f"memory: {before:.0f} -> {after:.0f} MB")
    if app.tracebacks():
        proof.lost.append(f"{app.tracebacks()} tracebacks in the log")
    statuses = ", ".join(f"{status}: {n}" for status, n in sorted(met.items()))
    proof.figures = [
        f"statuses {statuses}",
        f"slowest answer {slowest:.2f} s; memory {before:.0f} -> {after:.0f} MB",
    ]
    return proof


def sent(app: App, one: Asked, hang: float) -> tuple[int, float, str]:
    """Status, seconds, and the fault if it is one."""
    began = time.monotonic()
    try:
        headers = [(of.encode(), value.encode("latin-1")) for of, value in one.headers.items()]
        request = app.http.build_request(one.method, "/", headers=headers, content=one.body or None)
        request.url = request.url.copy_with(raw_path=one.path.encode("ascii"))
        reply = app.http.send(request)
    except httpx.HTTPError as error:
        return 0, time.monotonic() - began, f"{type(error).__name__} on {one}"
    seconds = time.monotonic() - began
    text = reply.text if len(reply.content) < 100_000 else ""  # the rest are pages and files
    if reply.status_code >= 500:
        return reply.status_code, seconds, f"{reply.status_code} on {one}: {text[:100]}"
    if TOLD.search(text):
        return reply.status_code, seconds, f"told too much on {one}: {text[:100]}"
    if seconds > hang:
        return reply.status_code, seconds, f"{seconds:.1f} s on {one}"
    return reply.status_code, seconds, ""


# --- what is sent --------------------------------------------------------------------------------


def generated(app: App, count: int, random: random.Random) -> Iterator[Asked]:
    good = bodies(app)
    every, answering = routes(), [*good]
    for _ in range(count):
        path = random.choice(every if random.random() < 0.5 else answering)
        method = random.choice(METHODS)
        headers = dict(random.choice(HEADERS))
        body = b""
        if method not in ("GET", "HEAD"):
            kind = KINDS[0] if path in good and random.random() < 0.8 else random.choice(KINDS)
            headers["Content-Type"] = kind
            body = raw(good.get(path), kind, random)
        filled = re.sub(r"\{[^}]*\}", lambda _: escaped(random.choice(TEXTS)), path)
        if random.random() < 0.3:
            names = ("page", "session_hash", "deep_link", "upload_id", "__theme", "serialize")
            filled += f"?{random.choice(names)}={escaped(random.choice(TEXTS))}"
        yield Asked(method, filled, headers, body)


def routes() -> list[str]:
    """Every path that Gradio and the page have, with {variables}."""
    gradios = paths_of(GradioApp.create_app(gr.Blocks()).routes)
    own = ["/ui/{x}", "/nets/{x}", "/nets/list.json", "/deeper/{x}", "/health", "/zh.html", "/{x}"]
    return [path for path in {*gradios, *own, "/preview.png", "/language/zh.json"} if path]


def paths_of(routes: Iterable[Any]) -> Iterator[str]:
    """With those of routers within."""
    for route in routes:
        yield getattr(route, "path", "")
        within = getattr(route, "original_router", None)
        yield from paths_of(within.routes) if within else ()


def escaped(text: str) -> str:
    """As a path or a query may hold it."""
    raw = text.encode("utf-8", "surrogatepass").decode("latin-1")
    return "".join(
        one if one.isascii() and (one.isalnum() or one in "./-_%=:") else f"%{ord(one):02X}"
        for one in raw
    )


def bodies(app: App) -> dict[str, list[Any]]:
    """Good bodies, by path."""
    parts = app.parts()
    seven = samples.sample(7)
    board = {"units": [vars(unit) for unit in INTACT], "lens": "maps"}
    race = {"depth": 18, "has_norm": True, "rate": 0.02}
    shake = {"picture": "AAAA", "label": 7, "layers": 34, "seed": 1, "nudge": 0.002}
    asked = [
        ("pad", "read", {"strokes": seven}),
        ("pad", "read", {"strokes": seven, "board": board, "lab": {"on": ["crop"], "pen": 52}}),
        ("pad", "read", {"image": "aGVsbG8="}),
        ("pad", "read", {"digit": 7, "board": board}),
        ("paths", "every_way", {"strokes": seven, "net": "plain"}),
        ("deeper", "answers", "AAAA"),
        ("race", "course", race),
        ("race", "look", {"ticket": "x", "since": 0}),
        ("race", "stop", {"ticket": "x"}),
        ("depth", "measured", None),
        ("depth", "send", {"depth": 19, "has_norm": True}),
        ("shake", "shaken", shake),
        ("experiment", "check", {"weights": "fresh", "flaws": ["x"], "picture": None}),
        ("training", "courses", None),
        ("mistakes", "digits", None),
    ]
    questions = [question(parts.get(part, 0), name, data) for part, name, data in asked]
    called = {"data": [seven], "fn_index": 1, "session_hash": "proof"}
    return {
        "/gradio_api/component_server/": questions,
        "/gradio_api/component_server": questions,
        "/gradio_api/call/predict_strokes": [called],
        "/gradio_api/call/predict": [{"data": [{"path": "x", "meta": {"_type": "x"}}]}],
        "/gradio_api/queue/join": [called, {**called, "fn_index": 0}],
        "/gradio_api/cancel": [{"session_hash": "proof", "fn_index": 0, "event_id": "x"}],
        "/gradio_api/upload": [],
    }


def raw(good: list[Any] | None, kind: str, random: random.Random) -> bytes:
    if "boundary" in kind:
        return random.choice(FORM)
    if random.random() < 0.1:
        garbage = (b"", b"{", b"\xff\xfe", b"[" * 5000, b"null", random.randbytes(200), b"9" * 6000)
        return random.choice(garbage)
    body = copy.deepcopy(random.choice(good)) if good else {"data": random.choice(VALUES)}
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        body = mutated(body, random)
    return json.dumps(body).encode()


def mutated(value: Any, random: random.Random) -> Any:
    """The same with something exchanged, left out or wrapped, somewhere in it."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        key = random.choice([*value])
        if random.random() < 0.15:
            return {of: it for of, it in value.items() if of != key}
        return {**value, key: mutated(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.6:
        at = random.randrange(len(value))
        return [*value[:at], mutated(value[at], random), *value[at + 1 :]]
    match random.randrange(8):
        case 0:
            return [value]
        case 1:
            return {"path": value, "meta": {"_type": "gradio.FileData"}}
        case 2:
            return [value] * 40
        case 3:
            for _ in range(random.choice((5, 40, 400))):
                value = [value]
            return value
        case 4 | 5:
            return random.choice(TEXTS)
        case _:
            return random.choice(VALUES)
