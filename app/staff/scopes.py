"""What may a program do with a token? One row per scope of `/api/v1`."""

from collections.abc import Iterable

SCOPES = {
    "messages.write": "送来网站来信",
    "answers.read": "检索问答库、取得建议",
    "cases.read": "查看令牌所属人员能看的办件",
    "cases.act": "以令牌所属人员的身份办理",
}


def problem(scopes: Iterable[str]) -> str | None:
    """Why these scopes cannot be given, as a sentence; None when they can."""
    wanted = list(scopes)
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        return f"没有 {unknown[0]} 这个权限。可以用的是：{'、'.join(SCOPES)}"
    return None if wanted else f"请至少给一个权限：{'、'.join(SCOPES)}"
