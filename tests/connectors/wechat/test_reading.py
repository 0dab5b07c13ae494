"""What does a push become? (The samples say most of it; here is what they cannot.)"""

from datetime import timedelta
from pathlib import Path

import pytest
from wechatpy import parse_message

from connectors.wechat.events import EVENTS
from connectors.wechat.reading import READERS
from tests.connectors.samples import FOLDER
from tests.connectors.stands import CITIZEN, NOW, a_wechat, our_wechat

SAMPLES = sorted((FOLDER / "wechat" / "payloads").glob("*.xml"))
READABLE = [
    path for path in SAMPLES if '"error"' not in path.with_suffix(".expected.json").read_text("utf-8")
]


@pytest.mark.parametrize("sample", READABLE, ids=lambda path: path.stem)
def test_wechatpy_reads_the_same_sender_time_and_words(sample: Path) -> None:
    theirs = parse_message(sample.read_text("utf-8"))
    (ours,) = our_wechat().read(sample.read_bytes())
    if not ours.kind.startswith("event:user_"):  # those are about the person named in OpenID
        assert ours.sender == theirs.source
    if ours.kind == "text":
        assert ours.text.strip() == (theirs.content or "").strip()
    if ours.external_id.isdigit():
        assert ours.external_id == str(theirs.id)
    assert ours.sent_at is not None
    if theirs.time < 10**11:
        assert int(ours.sent_at.timestamp()) == theirs.time


def test_every_kind_and_event_in_the_tables_has_a_sample() -> None:
    kinds = {path.stem.split("_")[0] for path in SAMPLES}
    assert set(READERS) <= kinds
    shown = {path.stem.removeprefix("event_") for path in SAMPLES if path.stem.startswith("event_")}
    assert set(EVENTS) <= shown


@pytest.mark.parametrize(
    ("first", "second", "are_one"),
    [
        ({"Event": "CLICK", "EventKey": "A"}, {"Event": "CLICK", "EventKey": "A"}, True),
        ({"Event": "CLICK", "EventKey": "A"}, {"Event": "click", "EventKey": "A"}, True),
        ({"Event": "CLICK", "EventKey": "A"}, {"Event": "CLICK", "EventKey": "B"}, False),
        ({"Event": "CLICK", "EventKey": "A"}, {"Event": "VIEW", "EventKey": "A"}, False),
        ({"Event": "subscribe"}, {"Event": "unsubscribe"}, False),
    ],
    ids=str,
)
def test_pitfall_8_two_events_in_one_second_are_one_only_if_they_are_the_same(
    first: dict[str, str], second: dict[str, str], are_one: bool
) -> None:
    stand, ours = a_wechat(), our_wechat()
    keys = {
        ours.read(stand.inner_xml("x", CITIZEN, fields).encode())[0].external_id for fields in (first, second)
    }
    assert len(keys) == (1 if are_one else 2)


def test_pitfall_8_the_same_event_a_second_later_is_another() -> None:
    stand, ours = a_wechat(), our_wechat()
    keys = {
        ours.read(stand.inner_xml("click", CITIZEN, created_at=NOW + timedelta(seconds=late)).encode())[
            0
        ].external_id
        for late in (0, 1)
    }
    assert len(keys) == 2


def test_only_what_a_citizen_writes_opens_the_window_and_a_case() -> None:
    stand, ours = a_wechat(), our_wechat()
    for kind, is_message in {
        "text": True,
        "image": True,
        "hologram": True,
        "subscribe": False,
        "view": False,
    }.items():
        (message,) = ours.read(stand.inner_xml(kind, CITIZEN).encode())
        assert (message.is_question, message.opens_window) == (is_message, is_message)


def test_a_message_as_an_error_never_says_what_it_contained() -> None:
    for sample in set(SAMPLES) - set(READABLE):
        with pytest.raises(Exception) as problem:
            our_wechat().read(sample.read_bytes())
        assert "oZ9xTEST" not in str(problem.value) and "路灯" not in str(problem.value)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"Event": "masssendjobfinish", "MsgID": "1"}, "event:masssendjobfinish"),
        ({"Event": "MASSSENDJOBFINISH", "MsgID": "1"}, "event:masssendjobfinish"),
        ({"Event": "Subscribe"}, "event:subscribe"),
        ({"Event": "never_heard_of"}, "event:never_heard_of"),
    ],
    ids=str,
)
def test_pitfall_11_names_are_read_in_any_case_and_what_is_unknown_is_kept(
    fields: dict[str, str], kind: str
) -> None:
    (message,) = our_wechat().read(a_wechat().inner_xml("x", CITIZEN, fields).encode())
    assert message.kind == kind
    assert message.extra.get("msg_id", "1") == "1"
    (unknown,) = our_wechat().read(a_wechat().inner_xml("hologram", CITIZEN).encode())
    assert (unknown.kind, unknown.is_question) == ("unknown:hologram", True)


@pytest.mark.parametrize("event", [name for name, row in EVENTS.items() if row.notice])
def test_what_must_be_honoured_is_said_in_a_word(event: str) -> None:
    samples = [path for path in SAMPLES if path.stem.startswith(f"event_{event}")]
    notices = {our_wechat().read(path.read_bytes())[0].notice for path in samples}
    assert EVENTS[event].notice in notices


def test_two_people_who_withdraw_in_one_second_are_two() -> None:
    stand, ours = a_wechat(), our_wechat()
    told = [
        ours.read(stand.inner_xml("x", "mp", {"Event": "user_authorization_revoke", "OpenID": who}).encode())[
            0
        ]
        for who in (CITIZEN, CITIZEN[:-1] + "2")
    ]
    assert told[0].external_id != told[1].external_id
    assert [message.sender for message in told] == [CITIZEN, CITIZEN[:-1] + "2"]
