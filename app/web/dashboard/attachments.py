"""Hand out what came beside a message, to whoever may see its case, as harmlessly as can be; and take in the
photos of what was done."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.base.errors import Invalid, NotFound
from app.cases import queries as cases
from app.cases import service
from app.cases.models import Case
from app.messages import attachments, media, queries
from app.messages.models import Attachment
from app.staff.roles import Person
from app.web.context import current_person, now, reading, services, tell, writing
from app.web.dashboard import desk

HEADERS = {
    # Nothing in it may act, wherever it is opened; the sheet's own policy is for our pages.
    "Content-Security-Policy": "default-src 'none'; style-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


@desk.get("/cases/<number>/attachments/<int:attachment_id>")
def attachment(number: str, attachment_id: int) -> Response:
    """One file: pictures are shown, voice and video only handed out."""
    with reading() as session:
        case = cases.visible_case(session, current_person(), number)
        found = queries.attachment_of_case(session, case.id, attachment_id)
    if found is None or found.state != "stored":
        raise NotFound("没有这个附件，或者它还没有取回")
    content = attachments.read(services().db.folder, found.path)
    if content is None:
        raise NotFound("附件的文件不在了。请让技术保障人员从备份里找")
    response = Response(content, content_type=found.media_type)
    response.headers["Content-Disposition"] = _disposition(found)
    response.headers.update(HEADERS)
    return response


def _disposition(found: Attachment) -> str:
    kind = media.KEPT[found.media_type]
    name = quote(media.safe_name(found.file_name, kind, found.id), safe="")
    return f"{'inline' if kind.is_image else 'attachment'}; filename*=UTF-8''{name}"


def shown(number: str, found: Attachment) -> dict[str, object]:
    """A file as the case page names it: what it is, how large, where to open it, or why it is not here."""
    label = media.KINDS.get(found.kind, "附件")
    words = media.STATES[found.state]
    if found.reason and found.state in ("gone", "refused"):
        words = found.reason
    elif found.reason and found.state == "waiting":
        words = f"还没取回，系统会再试（上次：{found.reason.rstrip('。')}）"
    return {
        "label": f"{label} {found.id}",
        "href": f"/desk/cases/{number}/attachments/{found.id}" if found.state == "stored" else "",
        "words": f"{max(found.size // 1024, 1)} KB" if found.state == "stored" else words,
    }


def photos(person: Person, case: Case, found: Iterable[Attachment], names: dict[int, str]) -> dict[str, Any]:
    """处理前 and 处理后 as the case page shows them side by side. The former came with the letter."""
    shown_ones = [one for one in found if one.state == "stored" and media.KEPT[one.media_type].is_image]
    after = [
        {**_photo(case.number, one), "by": names.get(one.added_by or 0, ""), "at": one.stored_at}
        for one in shown_ones
        if one.added_by
    ]
    return {
        "before": [_photo(case.number, one) for one in shown_ones if not one.added_by],
        "after": after,
        "may_add": service.may_add_photo(person, case),
        "most": media.MOST_AFTER,
    }


def _photo(number: str, one: Attachment) -> dict[str, Any]:
    return {"id": one.id, "href": f"/desk/cases/{number}/attachments/{one.id}"}


@desk.post("/cases/<number>/photos")
def add_photos(number: str) -> BaseResponse:
    """Photos of what was done: sniffed, size-limited, drawn anew before anything is written."""
    given = [one for one in request.files.getlist("photos") if one.filename][: media.MOST_AFTER + 1]
    if not given:
        raise Invalid("没有选照片", field="photos")
    with reading() as session:  # nobody who may not add any makes the server unpack one
        case = cases.visible_case(session, current_person(), number)
        service.require_may_add_photo(current_person(), case)
    ready = []
    for place, one in enumerate(given, 1):
        try:
            ready.append((one.filename or "", attachments.picture_of(one.read())))
        except attachments.Refused as refused:
            words = media.REASONS[refused.reason]
            raise Invalid(f"第 {place} 张没有收：{words}。请换一张照片", field="photos") from None
    with writing() as session:
        for name, file in ready:
            service.add_photo(session, now(), current_person(), number, file, name)
    tell("good", f"已加 {len(ready)} 张处理后的照片", "只在单位内部看，不公开")
    return redirect(f"/desk/cases/{number}#photos", 303)


@desk.post("/cases/<number>/photos/<int:attachment_id>/remove")
def remove_photo(number: str, attachment_id: int) -> BaseResponse:
    """撤下 one of them."""
    with writing() as session:
        service.remove_photo(session, now(), current_person(), number, attachment_id)
    tell("good", "照片已撤下")
    return redirect(f"/desk/cases/{number}#photos", 303)
