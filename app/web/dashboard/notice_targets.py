"""提醒外发: where notices go outside the house, whether they got there, and what nobody knows the end of."""

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from app.base.errors import AppError
from app.departments import queries as departments
from app.notices import queries, service
from app.notices.kinds import KINDS
from app.notices.models import NoticeTarget
from app.notices.outward import STATE_LABELS
from app.staff import queries as staff
from app.staff.roles import Role
from app.web import forms
from app.web.access import needs
from app.web.context import current_person, now, reading, render, services, settings, tell, writing
from app.web.dashboard import desk
from app.web.forms import number_of
from connectors.robots.registry import WAYS

_SEES = (Role.SYSTEM_ADMIN, Role.DUTY_LEADER)


@desk.get("/notice-targets")
@needs(*_SEES)
def notice_targets() -> str:
    """Every target with its state; what did not leave; a form for a new one."""
    return _page()


def _page(error: AppError | None = None) -> str:
    way = request.values.get("way", "wecom")
    way = way if way in WAYS else "wecom"
    with reading() as session:
        rows, counts = queries.targets(session), queries.out_counts(session)
        changed = next((row for row in rows if row.id == number_of(request.values.get("change"))), None)
        way = changed.way if changed else way
        people, units = staff.people(session), departments.all(session)
        names = {("staff_id", one.id): one.name for one in people}
        names |= {("department_id", one.id): one.name for one in units}
        by_id = {row.id: row for row in rows}
        return render(
            "desk/notice_targets.html",
            targets=[_target(row, names, by_id, counts.get(row.id, {})) for row in rows],
            stuck=[
                {
                    "row": out.sending,
                    "target": out.target.name,
                    "kind": KINDS.get(out.notice.kind, "其他"),
                    "state": STATE_LABELS[out.sending.state],
                    "href": out.notice.address,
                }
                for out in queries.not_out(session)
            ],
            stuck_total=queries.count_not_out(session),
            way=way,
            way_row=WAYS[way],
            ways=[
                {"href": f"/desk/notice-targets?way={key}", "label": row.label, "is_current": key == way}
                for key, row in WAYS.items()
            ],
            lenders=[
                ("", "自己填设置"),
                *((str(row.id), row.name) for row in rows if row.way == way and row.via_id is None),
            ],
            people=[("", "不限"), *((str(one.id), one.name) for one in people)],
            departments=[("", "不限"), *((str(one.id), one.name) for one in units)],
            kinds=list(KINDS.items()),
            changed=changed,
            chosen=request.form.getlist("kinds") or (changed.kinds if changed else []),
            may_change=current_person().may(Role.SYSTEM_ADMIN),
            error=error,
            typed=request.form or (changed.settings if changed else request.form),
        )


def _target(
    row: NoticeTarget,
    names: dict[tuple[str, int], str],
    by_id: dict[int, NoticeTarget],
    counts: dict[str, int],
) -> dict[str, Any]:
    to = names.get(("staff_id", row.staff_id or 0)) or names.get(("department_id", row.department_id or 0))
    what = "、".join(KINDS.get(kind, kind) for kind in row.kinds) or "全部提醒"
    via = f" · 借“{by_id[row.via_id].name}”发" if row.via_id in by_id else ""
    return {
        "row": row,
        "way": WAYS[row.way].label,
        "note": f"{to or '所有人'}的{what}{via}",
        "counts": "，".join(f"{STATE_LABELS[state]} {count}" for state, count in sorted(counts.items())),
    }


@desk.post("/notice-targets")
@needs(Role.SYSTEM_ADMIN)
def add_notice_target() -> Response:
    """Add a group, a mailbox or a person in a group."""

    def add() -> None:
        form = request.form
        with writing() as session:
            service.add_target(
                session, now(), current_person(), way=form.get("way", ""), name=form.get("name", ""),
                settings=form, handle=form.get("handle", ""), staff_id=number_of(form.get("staff_id")),
                department_id=number_of(form.get("department_id")), via_id=number_of(form.get("via_id")),
                kinds=form.getlist("kinds"), link_base=settings().public_url,
            )  # fmt: skip

    return forms.done_or_again(
        add, _page, forms.telling(url_for("desk.notice_targets"), "已加上", "先点“试发一条”看看收不收得到")
    )


@desk.post("/notice-targets/<int:target_id>/change")
@needs(Role.SYSTEM_ADMIN)
def change_notice_target(target_id: int) -> Response:
    """Its settings and kinds anew; a secret left empty stays."""

    def change() -> None:
        with writing() as session:
            service.change_target(
                session, now(), current_person(), target_id, settings=request.form, kinds=request.form.getlist("kinds")
            )  # fmt: skip

    return forms.done_or_again(
        change, _page, forms.telling(url_for("desk.notice_targets"), "已改好", "先点“试发一条”看看收不收得到")
    )


@desk.post("/notice-targets/<int:target_id>/try")
@needs(Role.SYSTEM_ADMIN)
def try_notice_target(target_id: int) -> Response:
    """One trial message."""
    wrong = service.try_target(services().db, now(), current_person(), target_id)
    if wrong:
        tell("over", "没有发出", wrong)
    else:
        tell("good", "已发出一条试发的提醒", "请到群里或邮箱看一下")
    return redirect(url_for("desk.notice_targets"), 303)


@desk.post("/notice-targets/<int:target_id>/close")
@needs(Role.SYSTEM_ADMIN)
def close_notice_target(target_id: int) -> Response:
    """Nothing more goes there."""

    def close() -> None:
        with writing() as session:
            service.close_target(session, now(), current_person(), target_id)

    return forms.done_or_again(close, _page, forms.telling(url_for("desk.notice_targets"), "已停用"))


@desk.post("/notice-targets/sendings/<int:sending_id>")
@needs(*_SEES)
def settle_notice_sending(sending_id: int) -> Response:
    """A person looked at what did not leave, or nobody knows whether it did."""

    def settle() -> None:
        again = request.form.get("again") == "yes"
        with writing() as session:
            service.settle_sending(session, now(), current_person(), sending_id, again=again)

    return forms.done_or_again(settle, _page, forms.telling(url_for("desk.notice_targets"), "已记下"))
