"""Steps that many tests take on the page, as a visitor would."""

import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Locator, Page, Request, Route, expect

from resnet import checkpoint, samples

OpenPage = Callable[..., Page]
Point = tuple[float, float]
ASKED: WeakKeyDictionary[Page, set[Request]] = WeakKeyDictionary()
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def card(page: Page, variant: str) -> Locator:
    return page.get_by_test_id(f"answer-{variant}")


def expect_digit(page: Page, digit: int | str) -> None:
    for variant in checkpoint.VARIANTS:
        expect(card(page, variant)).to_have_attribute("data-digit", str(digit))


def answer_id(page: Page) -> int:
    return int(card(page, "plain").get_attribute("data-answer-id") or 0)


def on_pad(page: Page, point: list[float] | Point) -> Point:
    box = page.get_by_test_id("pad").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * point[0] / 100, box["y"] + box["height"] * point[1] / 100


def draw(page: Page, digit: int) -> None:
    """By a quick hand: the mouse is told every eighth point, which each takes a frame."""
    for stroke in samples.sample(digit):
        page.mouse.move(*on_pad(page, stroke[0]))
        page.mouse.down()
        for point in stroke[1::8]:
            page.mouse.move(*on_pad(page, point))
        page.mouse.move(*on_pad(page, stroke[-1]))
        page.mouse.up()


def scribble(page: Page, lines: int) -> None:
    """Lines across the pad, of 90 points each, at once: a mouse takes a moment for every point."""
    page.get_by_test_id("pad").evaluate(
        """(pad, lines) => {
            const { left, top, width, height } = pad.getBoundingClientRect();
            const send = (type, x, y) =>
                pad.dispatchEvent(
                    new PointerEvent(type, {
                        pointerId: 1, // of the mouse
                        button: type === "pointermove" ? -1 : 0,
                        buttons: type === "pointerup" ? 0 : 1,
                        clientX: left + (x * width) / 100,
                        clientY: top + (y * height) / 100,
                        bubbles: true,
                    }),
                );
            for (let line = 0; line < lines; line++) {
                const y = 5 + 7 * line;
                send("pointerdown", 5, y);
                for (let i = 1; i <= 90; i++) send("pointermove", 5 + i, y + (7 * i) / 90);
                send("pointerup", 95, y + 7);
            }
        }""",
        lines,
    )


def pass_two_frames(page: Page) -> None:
    page.evaluate(
        "async () => { for (const _ of [1, 2]) await new Promise(requestAnimationFrame) }"
    )


def dark_share(page: Page) -> float:
    """How much of the pad is inked, once all that was drawn is painted."""
    pass_two_frames(page)
    return float(
        page.get_by_test_id("pad").evaluate(
            """canvas => {
                const {width, height} = canvas;
                const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
                let inked = 0;
                for (let i = 3; i < data.length; i += 4) inked += data[i] > 127;
                return 4 * inked / data.length;
            }"""
        )
    )


def wait_until(
    page: Page, is_so: Callable[[], bool], seconds: float = 60, wanted: str = "the end"
) -> None:
    """Ask again and again, while the page goes on. Fails when it is not so in time."""
    patience = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < patience, f"after {seconds} seconds not yet: {wanted}"
        page.wait_for_timeout(20)


def note_questions(page: Page) -> None:
    """Keep in mind which questions to the server have no reply yet."""
    asked = ASKED.setdefault(page, set())
    page.on("request", lambda it: asked.add(it) if "component_server" in it.url else None)
    for end in ("requestfinished", "requestfailed"):
        page.on(end, lambda it: asked.discard(it))


def settle(page: Page) -> None:
    """Wait until the newest drawing is answered: no older answer is still to come."""

    def is_settled() -> bool:
        # What comes into sight or is answered makes the page ask, if at all, by the frame after.
        pass_two_frames(page)
        is_busy = page.get_by_test_id("seen").get_attribute("aria-busy") != "false"
        return not ASKED[page] and not is_busy

    wait_until(page, is_settled)


def question(route: Route) -> dict[str, Any]:
    """The question to the server: the "fn_name", and the "data" for it."""
    return dict(route.request.post_data_json or {})


def answer_instead(page: Page, function: str, answer: Callable[[Route], Any]) -> None:
    """Have the test answer what is asked of one function of the server, until page.unroute."""

    def handle(route: Route) -> None:
        if question(route)["fn_name"] == function:
            answer(route)
        else:
            route.fallback()

    page.route("**/component_server/", handle)


def wait_for_questions(page: Page, routes: list[Route], count: int) -> None:
    wait_until(page, lambda: len(routes) >= count, 5, f"{count} questions")


# Keeps what the page asks from now on, whoever reads it.
KEEP_QUESTIONS = """async () => {
    const { page } = await import(new URL("ui/page.js", document.baseURI));
    const { reading } = page.state;
    const read = Object.getPrototypeOf(reading).read;
    window.questions = [];
    reading.read = (question) => {
        window.questions.push(question);
        return read.call(reading, question);
    };
}"""


def until(page: Page, condition: str) -> None:
    """Wait for it. Playwright's own wait evaluates a text on the page, which its policy forbids."""
    wait_until(page, lambda: bool(page.evaluate(condition)), 20, condition)


def sent(page: Page, act: Callable[[], Any]) -> dict[str, Any]:
    """The first question that the page asks of its nets when one does this, see ui/page.js."""
    page.evaluate(KEEP_QUESTIONS)
    act()
    until(page, "window.questions.length > 0")
    return dict(page.evaluate("window.questions[0]"))


def after(page: Page, act: Callable[[], Any]) -> None:
    """Do it, and wait until it has been answered."""
    settle(page)
    before = answer_id(page)
    act()
    expect(card(page, "plain")).not_to_have_attribute("data-answer-id", str(before))
    settle(page)


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
