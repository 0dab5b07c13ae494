"""Hand out what came beside a message, to whoever may see its case, as harmlessly as can be."""

from urllib.parse import quote

from flask import Response

from app.base.errors import NotFound
from app.cases import queries as cases
from app.messages import attachments, media, queries
from app.messages.models import Attachment
from app.web.context import current_person, reading, services
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
    words = found.reason if found.state in ("gone", "refused") and found.reason else media.STATES[found.state]
    return {
        "label": f"{label} {found.id}",
        "href": f"/desk/cases/{number}/attachments/{found.id}" if found.state == "stored" else "",
        "words": f"{max(found.size // 1024, 1)} KB" if found.state == "stored" else words,
    }
