"""`huiying answers|import answers|reindex|suggest|search|evaluate` as a shell sees them."""

import csv
import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook
from sqlmodel import select

from app.answers import queries
from app.base import clock
from app.base.config import Settings
from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.commands import answers as commands
from app.commands import cases as case_commands
from app.commands import evaluation
from app.commands.shell import Shell
from app.log.models import Event
from tests.app.answers.acting import LOST_CARD, PERMIT, REVIEWERS, approve, published
from tests.conftest import NOW, SECRET, TheOffice


class Huiying:
    """The command line over one database, at `NOW`."""

    def __init__(self, db: Database, data_dir: Path) -> None:
        settings = Settings(db.url, data_dir, ("127.0.0.1:0",), "https://yunze.example", SECRET)
        self.shell = Shell(settings, db)
        every = (*commands.COMMANDS, *evaluation.COMMANDS, case_commands.import_)
        self.group = click.Group(commands={one.name or "": one for one in every})

    def run(self, *words: str) -> Result:
        with clock.at(NOW):
            result = CliRunner().invoke(self.group, words, obj=self.shell)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def lines(self, *words: str) -> list[str]:
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.output.splitlines()

    def json(self, *words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines(*words, "--json")]


@pytest.fixture
def huiying(sqlite_office: TheOffice, tmp_path: Path) -> Huiying:
    return Huiying(sqlite_office.db, tmp_path)


def publish(office: TheOffice, content: dict = LOST_CARD) -> str:
    with office.db.writing() as session:
        return published(session, office, content)[0].key


# ------------------------------------------------------------------ finding


def test_suggest_and_search_find_what_is_published(huiying: Huiying, sqlite_office: TheOffice) -> None:
    key = publish(sqlite_office)
    publish(sqlite_office, PERMIT)
    (suggested, *_) = huiying.json("suggest", "社保卡不见了怎么办")
    assert (suggested["key"], suggested["level"], suggested["version"]) == (key, "高", 1)
    assert suggested["valid_until"] == "2027-06-30"
    assert huiying.json("search", "社保卡丢了怎么补办")[0]["key"] == key


def test_suggest_says_when_there_is_nothing(huiying: Huiying) -> None:
    assert huiying.lines("suggest", "隔壁夜里施工") == ["没有把握的建议，请自行起草"]
    assert huiying.json("suggest", "隔壁夜里施工") == []


def test_reindex_counts(huiying: Huiying, sqlite_office: TheOffice) -> None:
    publish(sqlite_office)
    assert huiying.json("reindex") == [{"answers": 1}]


# ------------------------------------------------------------------ the library


def test_list_shows_what_is_in_each_view(huiying: Huiying, sqlite_office: TheOffice) -> None:
    key = publish(sqlite_office)
    assert [row["key"] for row in huiying.json("answers", "list", "--view", "published")] == [key]
    assert huiying.json("answers", "list", "--view", "draft") == []
    with pytest.raises(Invalid):
        huiying.run("answers", "list", "--view", "nothing")


@pytest.mark.clause("B13")
def test_an_answer_proposed_here_is_published_only_after_three_reviews(
    huiying: Huiying, sqlite_office: TheOffice
) -> None:
    author, issuer = (str(sqlite_office.people[name].id) for name in ("编辑小叶", "周局长"))
    (row,) = huiying.json(
        "answers", "propose", "--question", "社保卡怎么激活", "--text", "带身份证到网点激活。", "--author", author,
        "--basis-title", "云泽市社会保障卡管理办法", "--verified-by", "刘洋",
        "--department", "人力资源和社会保障局", "--submit",
    )  # fmt: skip
    with pytest.raises(Conflict):
        huiying.run("answers", "publish", row["key"], "--by", issuer)
    with sqlite_office.db.writing() as session:
        version = queries.listed(session, queries.LibraryFilters(), NOW.date()).rows[0].version
        for step, name in REVIEWERS:
            approve(session, sqlite_office, version, step, name)
    with pytest.raises(NotAllowed):
        huiying.run("answers", "publish", row["key"], "--by", author)
    (done,) = huiying.json("answers", "publish", row["key"], "--by", issuer)
    assert done["state"] == "published"


def test_submitting_without_a_source_is_refused_and_nothing_is_kept(
    huiying: Huiying, sqlite_office: TheOffice
) -> None:
    with pytest.raises(Invalid, match="依据"):
        huiying.run("answers", "propose", "--question", "问", "--text", "答", "--submit")
    assert huiying.json("answers", "list") == []


@pytest.mark.parametrize(
    "words",
    [
        ("answers", "publish", "nothere"),
        ("answers", "propose", "--question", "问", "--text", "答", "--author", "999"),
    ],
)
def test_what_is_not_there_is_said(huiying: Huiying, words: tuple[str, ...]) -> None:
    with pytest.raises(NotFound):
        huiying.run(*words)


# ------------------------------------------------------------------ importing


def _jsonl(path: Path, rows: list[dict]) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False, default=str) for row in rows), "utf-8")
    return path


def test_a_library_travels_whole_and_nothing_comes_twice(
    huiying: Huiying, sqlite_office: TheOffice, tmp_path: Path
) -> None:
    publish(sqlite_office)
    out = tmp_path / "answers.jsonl"
    huiying.lines("answers", "export", "-o", str(out))
    told = json.loads(out.read_text("utf-8"))
    assert told["format"] == "huiying-answer/1"
    assert [row["outcome"] for row in huiying.json("import", "answers", str(out))] == ["known"]


@pytest.mark.clause("E15")
def test_where_an_entry_came_from_is_kept_and_a_changed_one_refused(
    huiying: Huiying, sqlite_office: TheOffice, tmp_path: Path
) -> None:
    publish(sqlite_office)
    told = json.loads("\n".join(huiying.lines("answers", "export")))
    with sqlite_office.db.writing() as session:
        from app.answers import service

        entry = session.exec(select(service.AnswerEntry)).one()
        service.retire(session, NOW, None, entry.id, reason="重新导入")
    changed = _jsonl(tmp_path / "changed.jsonl", [told | {"text": "被人改过的口径"}])
    assert huiying.json("import", "answers", str(changed))[0]["outcome"] == "refused"
    whole = _jsonl(tmp_path / "whole.jsonl", [told])
    assert huiying.json("import", "answers", str(whole))[0]["outcome"] == "added"
    with sqlite_office.db.reading() as session:
        logged = session.exec(select(Event).where(Event.action == "answer_proposed")).all()[-1]
    assert logged.data["origin"] == {name: told[name] for name in ("key", "version", "owner", "digest")}


HEADER = ["问题", "答复口径", "依据", "文号", "核实人", "责任单位", "有效期至"]
ROWS = [
    ["社保卡怎么激活", "带身份证到网点激活。", "社会保障卡管理办法", "云人社规〔2025〕6 号", "刘洋",
     "人力资源和社会保障局", "2027-06-30"],
    ["", "没有问题的一行", "", "", "", "", ""],
    ["社保卡怎么激活？", "同一个问题再来一次。", "", "", "", "", ""],
]  # fmt: skip


def _workbook(path: Path) -> Path:
    book = Workbook()
    sheet = book.active
    sheet.append(["问答库汇总表（示例）"])
    for row in (HEADER, *ROWS):
        sheet.append(row)
    book.save(path)
    return path


def _csv(path: Path, encoding: str) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *ROWS])
    return path


@pytest.mark.parametrize("kind", ["xlsx", "utf-8", "utf-8-sig", "gb18030"])
def test_tables_as_offices_have_them_are_read_row_by_row(huiying: Huiying, tmp_path: Path, kind: str) -> None:
    file = _workbook(tmp_path / "答.xlsx") if kind == "xlsx" else _csv(tmp_path / "答.csv", kind)
    first = 3 if kind == "xlsx" else 2
    report = huiying.json("import", "answers", str(file))
    assert [(row["row"], row["outcome"]) for row in report] == [
        (first, "added"),
        (first + 1, "refused"),
        (first + 2, "known"),
    ]
    (listed,) = huiying.json("answers", "list", "--view", "draft")
    assert (listed["owner"], listed["valid_until"]) == ("人力资源和社会保障局", "2027-06-30")
    again = huiying.json("import", "answers", str(file))
    assert [row["outcome"] for row in again] == ["known", "refused", "known"]


def test_a_formula_is_not_taken_for_words(huiying: Huiying, tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["问题", "答复口径"])
    book.active.append(["社保卡怎么激活", '=HYPERLINK("http://example.com")'])
    book.save(tmp_path / "f.xlsx")
    (row,) = huiying.json("import", "answers", str(tmp_path / "f.xlsx"))
    assert row["outcome"] == "refused"
    assert "公式" in row["words"]


def test_a_file_without_known_headings_is_refused_in_a_sentence(huiying: Huiying, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("甲,乙\n1,2\n", "utf-8")
    with pytest.raises(Invalid, match="表头"):
        huiying.run("import", "answers", str(tmp_path / "x.csv"))


# ------------------------------------------------------------------ evaluating


def test_evaluate_answers_names_counts_and_measures(huiying: Huiying, tmp_path: Path) -> None:
    base = _jsonl(
        tmp_path / "base.jsonl",
        [
            {"id": "a", "question": LOST_CARD["question"], "answer": LOST_CARD["text"]},
            {"id": "b", "question": PERMIT["question"], "answer": PERMIT["text"]},
            {"id": "c", "question": "公积金怎么提取", "answer": ""},
        ],
    )
    asked = _jsonl(
        tmp_path / "queries.jsonl",
        [
            {"text": "社保卡丢了怎么补办", "relevant": ["a"]},
            {"text": "公积金怎么提取", "relevant": ["b"], "self": "c"},
            {"text": "社保卡丢了怎么补办", "not_relevant": ["a"]},
            {"text": "zzz", "relevant": []},
        ],
    )
    (told,) = huiying.json("evaluate", "answers", str(base), str(asked))
    assert (told["documents"], told["count"], told["answerable"], told["unanswerable"]) == (3, 4, 2, 2)
    assert told["recall@1"] >= 0.5
    assert told["precision_when_answered"] == 1
    assert told["false_answer_rate"] == 0.5
    assert set(told["ms_per_item"]) == {"p50", "p95"}


def test_evaluate_redaction_measures_what_was_hidden(huiying: Huiying, tmp_path: Path) -> None:
    file = _jsonl(tmp_path / "r.jsonl", [{"text": "请打13800138000", "spans": [[2, 13, "phone"]]}])
    (told,) = huiying.json("evaluate", "redaction", str(file))
    assert told["recall"] == {"phone": 1.0}


def test_evaluate_names_the_line_it_cannot_read(huiying: Huiying, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "好"}\n[]\n', "utf-8")
    with pytest.raises(Invalid, match="第 2 行"):
        huiying.run("evaluate", "redaction", str(tmp_path / "bad.jsonl"))
