"""The fair race as visitors meet it. The nets' part is played by the tests, but for one race."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from resnet.checkpoint import VARIANTS
from resnet.classifier import Classifier
from resnet.studies import race_queue, race_verdict
from resnet.studies.depth import DepthTable
from resnet.studies.race import Point, Wish
from resnet.studies.race_queue import ABSENT, Process, RaceQueue
from tests.browser.visitor import PHONE, OpenPage, answer_instead, open_tab
from tests.conftest import find_free_port
from tests.studies.fake_race import Fake, wait_for
from tests.studies.stored import points as validations
from tests.studies.stored import run, table

STEPS = list(range(5, 81, 5))
RATES = [0.005, 0.02]


def stored() -> DepthTable:
    """Two seeds a net; at 18 layers the higher rate is the better one, at 34 the lower."""

    def course(net: str, seed: int, depth: int, rate: float) -> list[int]:
        best = 0.02 if depth == 18 else 0.005
        end = (150 if net == "residual" else 100) + 10 * seed - 40 * (rate != best)
        return [round(20 + (end - 20) * step / 80) for step in STEPS]

    runs = [
        run(net, seed, course(net, seed, depth, rate), depth=depth, rate=rate)
        for net in VARIANTS
        for seed in (1, 2)
        for depth in (18, 34)
        for rate in RATES
    ]
    return table(RATES, runs)


def points(count: int, residual: int = 3, plain: int = 2) -> list[Point]:
    """Of so many validations, each net so many digits better a step."""
    slopes = {"residual": residual, "plain": plain}
    rights = {net: [slope * (step // 5) for step in STEPS] for net, slope in slopes.items()}
    return validations(STEPS[:count], rights)


@dataclass
class Course:
    """A page whose races do what a test says."""

    races: list[Fake] = field(default_factory=list)
    later: float = 0.0  # seconds that its clock is ahead
    address: str = ""

    def start(self, wish: Wish) -> Fake:
        self.races.append(Fake(wish))
        return self.races[-1]

    def race(self, number: int) -> Fake:
        """The race of this number, from 0, when it has begun."""
        found: Fake = wait_for(lambda: self.races[number : number + 1])[0]
        return found


@pytest.fixture(scope="module")
def serve(classifiers: dict[str, Classifier]) -> Iterator[Callable[..., str]]:
    import app

    opened = []

    def serve(own: RaceQueue, table: DepthTable | None) -> str:
        page = app.build(classifiers, deep=table, races=own.open())
        opened.append((page, own))
        return app.launch(page, "127.0.0.1", find_free_port())

    yield serve
    for page, own in opened:
        page.close()
        own.close()


@pytest.fixture(scope="module")
def served(serve: Callable[..., str]) -> Course:
    course = Course()
    own = RaceQueue(course.start, lambda: time.monotonic() + course.later)
    course.address = serve(own, stored())
    return course


@pytest.fixture
def course(served: Course) -> Iterator[Course]:
    served.races.clear()
    yield served

    def are_over() -> bool:
        served.later += ABSENT + 1  # whoever was there is gone, though their pages still ask
        return all(race.code is not None for race in served.races)

    wait_for(are_over)


def visit(open_page: OpenPage, course: Course, **options: Any) -> Page:
    page = open_page(course.address, **options)
    open_tab(page, "Fair race")
    expect(page.locator("#race svg[data-axes]")).to_have_count(2)
    return page


def start(page: Page) -> None:
    page.get_by_role("button", name="Start the race").click()


def state(page: Page) -> Locator:
    return page.get_by_test_id("race-state")


def curve(page: Page, net: str) -> Locator:
    return page.locator(f"#race svg:visible polyline.{net}")


def expect_points(page: Page, count: int) -> None:
    for net in VARIANTS:
        expect(curve(page, net)).to_have_js_property("points.length", count)


def drawn_points(page: Page, net: str) -> list[tuple[float, float]]:
    text = curve(page, net).get_attribute("points") or ""
    return [tuple(map(float, place.split(","))) for place in text.split()]  # type: ignore[misc]


def test_a_race_grows_over_the_stored_runs_to_its_end(open_page: OpenPage, course: Course) -> None:
    page = visit(open_page, course)
    heading = "Medians of 2 stored seeds end at 165 with shortcuts, 115 without"
    expect(page.locator("#race figcaption")).to_have_text(heading)
    below = page.locator("#race .stored").bounding_box()
    start(page)
    race = course.race(0)
    assert (race.wish.depth, race.wish.has_norm, race.wish.rate) == (34, True, 0.005)
    expect(state(page)).to_contain_text(f"Seed {race.wish.seed}")
    race.printed = points(2)
    expect(state(page)).to_have_text(f"Seed {race.wish.seed}: step 10 of 80.")
    assert len(drawn_points(page, "plain")) == 2
    race.printed = points(16)[4:]
    expect(page.get_by_test_id("race-residual")).to_contain_text("48of 200")
    expect(page.get_by_test_id("race-plain")).to_contain_text("32of 200")
    axes = page.locator("#race .plot svg:visible").evaluate(
        "svg => JSON.parse(svg.dataset.axes)[0]"
    )
    for net, right in (("residual", 48), ("plain", 32)):
        places = drawn_points(page, net)
        assert len(places) == 16
        across = axes["left"] + (axes["right"] - axes["left"]) * 5 / 80
        up = axes["bottom"] - (axes["bottom"] - axes["top"]) * right / 200
        assert (places[0][0], places[-1][1]) == pytest.approx((across, up), abs=0.1)
        assert places[-1][0] == pytest.approx(axes["right"], abs=0.1)
    expect(page.get_by_test_id("race-finding")).to_be_empty()
    race.code = 0
    found = race_verdict.finding(points(16), race_verdict.bands(stored()["runs"], 34, True, 0.005))
    expect(page.get_by_test_id("race-finding")).to_have_text(found)
    expect(state(page)).to_contain_text("80 steps of both in")
    expect(page.get_by_role("button", name="Start the race")).to_be_enabled()
    page.get_by_text("Your race as a table").click()
    expect(page.locator("#race .own-twin tbody tr")).to_have_count(16)
    expect(page.locator("#race .own-twin tbody tr").last.locator("td")).to_have_text(
        ["80", "48", "1.500", "32", "1.500"]
    )
    assert page.locator("#race .stored").bounding_box() == below  # nothing has moved


def test_stop_ends_it_and_the_next_race_has_another_seed(
    open_page: OpenPage, course: Course
) -> None:
    page = visit(open_page, course)
    start(page)
    course.race(0).printed = points(1)
    expect(state(page)).to_contain_text("step 5 of 80")
    page.get_by_role("button", name="Stop").click()
    expect(state(page)).to_have_text("Stopped after step 5 of 80.")
    wait_for(lambda: course.races[0].code is not None)
    expect_points(page, 1)  # what it came to stays
    start(page)
    assert course.race(1).wish.seed != course.race(0).wish.seed
    expect_points(page, 0)


def test_two_visitors_do_not_mix(open_page: OpenPage, course: Course) -> None:
    first, second = visit(open_page, course), visit(open_page, course)
    start(first)
    course.race(0).printed = points(3)
    expect(state(first)).to_contain_text("step 15 of 80")
    start(second)
    expect(state(second)).to_have_text("One race goes before yours. It starts by itself.")
    expect_points(first, 3)
    expect_points(second, 0)
    assert len(course.races) == 1
    course.race(0).code = 0
    course.race(1).printed = points(1, residual=9)
    expect(state(second)).to_have_text(f"Seed {course.race(1).wish.seed}: step 5 of 80.")
    expect(second.get_by_test_id("race-residual")).to_contain_text("9of 200")
    expect(first.get_by_test_id("race-residual")).to_contain_text("9of 200")  # 3 * 3
    expect_points(first, 3)
    expect_points(second, 1)


def test_a_reload_loses_the_race(open_page: OpenPage, course: Course) -> None:
    page = visit(open_page, course)
    start(page)
    race = course.race(0)
    page.reload()
    course.later += ABSENT + 1
    wait_for(lambda: race.code is not None)
    open_tab(page, "Fair race")
    expect(page.get_by_role("button", name="Start the race")).to_be_enabled()
    expect(state(page)).to_be_empty()


def test_a_race_that_dies_is_one_sentence(open_page: OpenPage, course: Course) -> None:
    page = visit(open_page, course)
    start(page)
    course.race(0).code = -9
    expect(state(page)).to_have_text(race_queue.BROKEN)
    start(page)
    course.race(1).printed = points(1)
    expect(state(page)).to_contain_text("step 5 of 80")


def test_the_rate_follows_the_choice_and_is_the_same_for_both(
    open_page: OpenPage, course: Course
) -> None:
    page = visit(open_page, course)
    fair = page.get_by_test_id("race-fair")
    expect(fair).to_contain_text("At 0.005 the stored runs of both together end best.")
    page.locator("#race").get_by_text("18", exact=True).click()
    expect(page.get_by_label("0.02")).to_be_checked()
    expect(fair).to_contain_text("At 0.02 the stored")
    page.get_by_label("0.005").check(force=True)
    expect(fair).to_contain_text("At 0.02, not at 0.005,")
    expect(page.locator("#race figcaption")).to_contain_text("at 125 with shortcuts, 75 without")
    page.get_by_role("radio", name="Off").check(force=True)
    expect(page.locator("#race .stored")).to_have_text("There are no stored runs of this choice.")
    start(page)
    wish = course.race(0).wish
    assert (wish.depth, wish.has_norm, wish.rate) == (18, False, 0.005)
    expect(page.locator("#race").get_by_label("66")).to_be_disabled()


def test_a_picture_that_fails_leaves_none_of_another_choice_and_is_asked_for_at_the_start(
    open_page: OpenPage, course: Course
) -> None:
    page = visit(open_page, course)
    expect(page.locator("#race .stored table")).to_have_count(1)
    answer_instead(page, "course", lambda route: route.fulfill(json={"error": "It is busy."}))
    page.locator("#race").get_by_text("18", exact=True).click()
    expect(state(page)).to_have_text("It is busy.")
    expect(page.get_by_test_id("race-picture")).to_be_empty()
    expect(page.locator("#race .stored")).to_be_empty()
    page.unroute("**/component_server/")
    start(page)
    course.race(0).printed = points(3)
    expect(state(page)).to_contain_text("step 15 of 80")
    heading = "Medians of 2 stored seeds end at 165 with shortcuts, 115 without"
    expect(page.locator("#race figcaption")).to_have_text(heading)
    expect_points(page, 3)


def test_keys_start_and_stop_it(open_page: OpenPage, course: Course) -> None:
    page = visit(open_page, course, reduced_motion="reduce")
    page.get_by_label("34", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("18", exact=True)).to_be_checked()
    page.get_by_role("button", name="Start the race").focus()
    page.keyboard.press("Enter")
    assert course.race(0).wish.depth == 18
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(state(page)).to_have_text("Stopped.")
    expect(page.get_by_role("button", name="Start the race")).to_be_focused()


def test_a_phone_shows_all_of_it(open_page: OpenPage, course: Course) -> None:
    page = visit(open_page, course, **PHONE)
    start(page)
    course.race(0).printed = points(16)
    expect_points(page, 16)
    course.race(0).code = 0
    expect(page.get_by_test_id("race-finding")).not_to_be_empty()
    right = "e => e.getBoundingClientRect().right"
    for part in page.locator("#race :is(button, .choice, .chip, svg, .finding):visible").all():
        assert 0 < part.evaluate(right) <= 390
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_stored_runs_two_real_nets_race(
    open_page: OpenPage, serve: Callable[..., str]
) -> None:
    class Quick(Process):
        def __init__(self, wish: Wish) -> None:
            super().__init__(wish, "--quick")

    page = open_page(serve(RaceQueue(Quick), None))
    open_tab(page, "Fair race")
    expect(page.locator("#race .stored")).to_have_text("There are no stored runs of this choice.")
    start(page)
    finding = page.get_by_test_id("race-finding")
    expect(finding).to_contain_text("One race can be luck.", timeout=60_000)
    expect(finding).not_to_contain_text("stored")
    expect_points(page, 2)
