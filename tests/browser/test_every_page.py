"""Every page fits its window, on a wide screen, a narrow one and at 200 %, and breaks no rule of WCAG."""

from typing import Any, Final

from inspector.access import SIGNED
from tests.browser.conftest import SignIn
from tests.browser.fits import cut_off
from tests.browser.tour import NO_PAGES, STOPS, tour
from tests.browser.wcag import violations
from tests.inspector.test_access import ROWS

# 200 % of a window of 1280 is as many of the page's pixels as a window of 640. Each width has one scheme; a page's
# further states are judged in the hardest look alone.
SCHEMES: Final = {1440: "light", 720: None, 640: None, 360: "dark"}
OTHER_STATES: Final = {360}


def test_every_page_fits_its_window_and_breaks_no_rule(sign_in: SignIn, meant: set[int]) -> None:
    meant |= {stop.status for stop in STOPS}
    found: dict[str, Any] = {}
    known: set[str] = set()
    for stop, page in tour(sign_in):
        for width, scheme in SCHEMES.items():
            page.set_viewport_size({"width": width, "height": 900})
            wrong = cut_off(page)
            if scheme and (stop.route not in known or width in OTHER_STATES):
                wrong += violations(page, scheme)
            if wrong:
                found[f"{stop.name}, {width}"] = wrong
        known.add(stop.route)
    assert found == {}


def test_every_page_is_on_the_tour() -> None:
    pages = {name for name, row in ROWS.items() if "get" in row.answers and row.need != SIGNED}
    assert pages - NO_PAGES - {stop.route for stop in STOPS} == set()
