"""What do programs send and get? marshmallow shapes; everything unknown or too long is refused by name."""

from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, pre_load, validate

from app.base.clock import SHANGHAI
from app.cases.deadlines import MessageType
from app.cases.transitions import Action, Status
from connectors.registry import PLATFORMS

LONGEST_LETTER = 20_000
MOST_RESULTS = 50


class Strict(Schema):
    """Unknown fields are an error, control characters too: nothing is silently dropped."""

    class Meta:
        unknown = RAISE

    @pre_load
    def _no_nul(self, data: Any, **_: Any) -> Any:
        if isinstance(data, dict):
            for name, value in data.items():
                if isinstance(value, str) and ("\x00" in value or _has_surrogate(value)):
                    raise ValidationError("含有不能保存的字符", field_name=str(name))
        return data


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


class Query(Strict):
    """Query parameters: unknown ones are passed over, as browsers and proxies add their own."""

    class Meta:
        unknown = EXCLUDE


class InstantField(fields.DateTime):
    """ISO 8601; shown with +08:00."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value.astimezone(SHANGHAI).isoformat(timespec="seconds") if value else None


def _text(longest: int, *, least: int = 0, **kwargs: Any) -> fields.String:
    return fields.String(validate=validate.Length(min=least, max=longest), **kwargs)


class Letter(Strict):
    """A letter from the government site."""

    text = _text(LONGEST_LETTER, least=2, required=True, metadata={"description": "来信内容"})
    title = _text(200, metadata={"description": "标题"})
    name = _text(60, metadata={"description": "来信人姓名，加密保存，不公开"})
    contact = _text(120, metadata={"description": "联系方式，加密保存，不公开"})
    category = _text(40, metadata={"description": "类别"})
    page_url = _text(2000, metadata={"description": "相关网页"})
    public = fields.Boolean(load_default=True, metadata={"description": "是否同意公开来信的话"})
    sent_at = fields.AwareDateTime(
        default_timezone=SHANGHAI, metadata={"description": "在网站提交的时刻，ISO 8601"}
    )


class Receipt(Schema):
    """What the site tells the citizen."""

    number = fields.String(required=True)
    lookup_code = fields.String(required=True)
    status = fields.String(required=True)
    due_at = InstantField(required=True)
    due_on = fields.Date(required=True)
    provisional = fields.Boolean(required=True, attribute="due_provisional")


class AnswerQuery(Query):
    q = _text(200, load_default="", metadata={"description": "用自己的话问"})
    limit = fields.Integer(load_default=10, validate=validate.Range(min=1, max=MOST_RESULTS))


class Answer(Schema):
    id = fields.String(required=True, attribute="key")
    question = fields.String(required=True)
    text = fields.String(required=True)
    version = fields.Integer(required=True)
    owner = fields.String()
    valid_until = fields.Date(allow_none=True)
    level = fields.String(metadata={"description": "把握：高、中、低"})
    reasons = fields.List(fields.String())


class Answers(Schema):
    items = fields.List(fields.Nested(Answer), required=True)


class SuggestionQuestion(Strict):
    text = _text(LONGEST_LETTER, least=1, required=True)
    platform = fields.String(validate=validate.OneOf(tuple(PLATFORMS)), load_default="website")
    limit = fields.Integer(load_default=3, strict=True, validate=validate.Range(min=1, max=10))


class CaseQuery(Query):
    status = fields.String(validate=validate.OneOf([status.value for status in Status]), load_default="")
    type = fields.String(validate=validate.OneOf([kind.value for kind in MessageType]), load_default="")
    platform = fields.String(validate=validate.OneOf(tuple(PLATFORMS)), load_default="")
    q = _text(100, load_default="")
    after = _text(60, load_default="", metadata={"description": "上一页的 next"})
    limit = fields.Integer(load_default=25, validate=validate.Range(min=1, max=200))


class CaseRow(Schema):
    number = fields.String(required=True)
    status = fields.String(required=True)
    platform = fields.String(required=True)
    message_type = fields.String(required=True)
    category = fields.String()
    place = fields.String()
    department = fields.String()
    title = fields.String(required=True)
    text = fields.String(metadata={"description": "来信原文（只给有权看的人）"})
    received_at = InstantField(required=True)
    due_at = InstantField(required=True)
    provisional = fields.Boolean(attribute="due_provisional")
    outcome = fields.String()
    version = fields.Integer(required=True, metadata={"description": "办理时带上，防止覆盖别人的改动"})


class CaseDetail(CaseRow):
    actions = fields.List(fields.String(), metadata={"description": "令牌所属人员现在能做的"})
    due_days = fields.List(fields.Dict(), metadata={"description": "时限逐日怎样算的"})


class Cases(Schema):
    items = fields.List(fields.Nested(CaseRow), required=True)
    total = fields.Integer(required=True)
    next = fields.String(allow_none=True, required=True)


class ActionBody(Schema):
    """The details differ by action (see the manual); all are short values."""

    class Meta:
        unknown = RAISE

    version = fields.Integer(strict=True, validate=validate.Range(min=1, max=2**31 - 1))
    message_type = _text(40)
    category = _text(40)
    place = _text(40)
    sensitivity = _text(20)
    complex = fields.Boolean()
    reason = _text(500)
    master = _text(20)
    department_id = fields.Integer(strict=True, validate=validate.Range(min=1, max=2**31 - 1))
    handler_id = fields.Integer(strict=True, validate=validate.Range(min=1, max=2**31 - 1))
    note = _text(500)
    question = _text(500)
    answer = _text(500)
    done_on = fields.String(validate=validate.Length(max=10))
    what = _text(500)
    outcome = _text(20)
    working_days = fields.Integer(strict=True, validate=validate.Range(min=1, max=15))

    _no_nul = pre_load(Strict._no_nul)


class Problem(Schema):
    """RFC 9457."""

    type = fields.String(required=True)
    status = fields.Integer(required=True)
    title = fields.String(required=True)
    detail = fields.String()
    code = fields.String()
    field = fields.String()


ACTIONS = tuple(action.value for action in Action)
