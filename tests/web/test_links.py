"""Nobody is led to a closed door: every link that a page of the desk shows opens to whoever is shown it."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.conftest import TheOffice
from tests.people import CAST
from tests.web.stages import at_every_stage

_LINK = re.compile(r'<a[^>]*? href="(/[^"#]*)')
_ALIKE = 2
"""So many pages of one kind are looked at: the tenth case shows no other links than the second."""


@pytest.mark.parametrize("name", [player.name for player in CAST])
def test_every_link_that_is_shown_opens(
    sqlite_office: TheOffice, signed_in: Callable[[str], FlaskClient], name: str
) -> None:
    at_every_stage(sqlite_office)
    browser = signed_in(name)
    seen, to_see, closed = {"/desk/"}, [("/desk/", "")], []
    kinds: dict[str, int] = {}
    while to_see:
        address, shown_on = to_see.pop()
        answer = browser.get(address, buffered=True)
        if answer.status_code >= 400:
            closed.append(f"{shown_on} shows {address}: {answer.status_code}")
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        for found in {unescape(link) for link in _LINK.findall(answer.text)} - seen:
            kind = re.sub(r"[0-9]+[-0-9A-Z]*", "#", re.sub(r"=[^&]*", "=", found))
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] <= _ALIKE:
                seen.add(found)
                to_see.append((found, address))
    assert closed == []
    assert len(seen) > 10
