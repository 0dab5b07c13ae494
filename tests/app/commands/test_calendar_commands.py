"""`huiying deadline` and `huiying calendar`: the due instant with every day's reason, for whoever doubts it."""

import json
from pathlib import Path

import pytest

from tests.app.commands.huiying import Huiying


@pytest.fixture
def huiying(sqlite_url: str, tmp_path: Path) -> Huiying:
    return Huiying(sqlite_url, tmp_path / "data")


# The weekday of each in the comment; 10 October 2026 is a make-up Saturday, 1 to 7 October the holiday.
@pytest.mark.clause("C1")
@pytest.mark.parametrize(
    ("received", "how", "due"),
    [
        ("2026-10-09T10:42+08:00", ("--working-days", "1"), "2026-10-11T00:00:00+08:00"),  # Friday: Saturday
        ("2026-10-09T10:42+08:00", ("--working-days", "5"), "2026-10-16T00:00:00+08:00"),  # Thursday
        ("2026-10-09T10:42+08:00", ("--working-days", "0"), "2026-10-10T00:00:00+08:00"),  # the day itself
        (
            "2026-09-30T23:59+08:00",
            ("--working-days", "1"),
            "2026-10-09T00:00:00+08:00",
        ),  # Wednesday: Thursday
        ("2026-10-07T20:31+08:00", ("--working-days", "1"), "2026-10-09T00:00:00+08:00"),  # holiday Wednesday
        ("2026-10-09T02:42Z", ("--working-days", "1"), "2026-10-11T00:00:00+08:00"),
        ("2026-10-09T10:42", ("--working-days", "1"), "2026-10-11T00:00:00+08:00"),  # Shanghai's wall clock
        (
            "2026-10-09T10:42+08:00",
            ("--profile", "default", "--type", "correction"),
            "2026-10-11T00:00:00+08:00",
        ),
        (
            "2026-10-09T10:42+08:00",
            ("--profile", "default", "--type", "complaint"),
            "2026-10-20T00:00:00+08:00",
        ),
        (
            "2026-10-09T10:42+08:00",
            ("--profile", "yueqing", "--type", "consultation"),
            "2026-10-13T00:00:00+08:00",
        ),
    ],
)
def test_the_due_instant_is_the_end_of_the_last_working_day(
    huiying: Huiying, received: str, how: tuple[str, ...], due: str
) -> None:
    done = huiying("deadline", "--received", received, *how, "--json")
    assert done.status == 0, done
    (row,) = done.rows
    assert row["due_at"] == due
    assert set(row) == {"due_at", "due_on", "provisional", "days", "steps"} and row["provisional"] is False
    assert len(row["steps"]) == (7 if "--profile" in how else 0)
    assert all(set(day) == {"on", "counts", "why"} and day["why"] for day in row["days"])


def test_a_year_nobody_has_announced_makes_it_provisional(huiying: Huiying) -> None:
    done = huiying("deadline", "--received", "2029-12-31T10:00+08:00", "--working-days", "3", "--json")
    assert done.rows[0]["provisional"] is True
    assert "暂定" in huiying("deadline", "--received", "2029-12-31T10:00+08:00", "--working-days", "3").out


def test_for_people_it_tells_each_day(huiying: Huiying) -> None:
    lines = huiying(
        "deadline", "--received", "2026-10-09T10:42+08:00", "--working-days", "2"
    ).out.splitlines()
    assert lines[0] == "2026-10-12 24:00 到期"
    assert [line.split()[:2] for line in lines[1:]] == [
        ["2026-10-09", "不计"], ["2026-10-10", "计"], ["2026-10-11", "不计"], ["2026-10-12", "计"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--received", "2026-10-09T10:42"), 2),
        (("--received", "yesterday", "--working-days", "1"), 2),
        (("--received", "2026-10-09T10:42", "--working-days", "-1"), 2),
        (("--received", "2026-10-09T10:42", "--working-days", "1", "--profile", "default"), 2),
        (("--received", "2026-10-09T10:42", "--profile", "mars", "--type", "help"), 1),
        (("--received", "2026-10-09T10:42", "--profile", "default"), 1),
        (("--received", "2026-10-09T10:42", "--profile", "default", "--type", "gossip"), 1),
    ],
)
def test_what_cannot_be_worked_out_is_refused(huiying: Huiying, words: tuple[str, ...], status: int) -> None:
    done = huiying("deadline", *words)
    assert (done.status, done.out) == (status, "")
    assert done.err


def test_the_years_known_and_missing_are_listed(huiying: Huiying) -> None:
    rows = huiying("calendar", "list", "--json").rows
    assert all(set(row) == {"year", "state", "version", "source"} for row in rows)
    assert {row["year"]: row["state"] for row in rows}[2026] == "known"


def test_a_notice_is_previewed_then_loaded(huiying: Huiying, tmp_path: Path) -> None:
    file = tmp_path / "2028.json"
    days = [{"name": "元旦", "date": "2028-01-03", "isOffDay": True}]
    file.write_text(json.dumps({"year": 2028, "papers": ["https://www.gov.cn/x"], "days": days}), "utf-8-sig")
    previewed = huiying("calendar", "load", file, "--preview", "--json")
    assert previewed.status == 0, previewed
    # A notice that is silent about the statutory days of a year makes working days of them: that is shown too.
    assert [row["on"] for row in previewed.rows][:2] == ["2028-01-03", "2028-05-01"]
    assert 2028 not in {row["year"] for row in huiying("calendar", "list", "--json").rows}
    assert "已装入 2028 年" in huiying("calendar", "load", file).out
    assert 2028 in {row["year"] for row in huiying("calendar", "list", "--json").rows}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"year": "x", "days": []}'])
def test_what_is_no_calendar_is_refused_in_one_line(huiying: Huiying, tmp_path: Path, content: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(content, "utf-8")
    assert huiying.refused("calendar", "load", file)
