"""What do Douyin's error codes mean, and what may be done after each?

Source: developer.open-douyin.com, refresh-access-token, comment-list (error tables of the single pages).
"""

from connectors.calls import Code

PERMIT = "抖音授权已失效，请本账号的管理者重新授权，并更新刷新凭证。"

# fmt: off
CODES: dict[str, Code] = {
    "2190008":  Code("refresh",  "抖音访问凭证已过期，系统会更新凭证后重试一次。"),
    "10008":    Code("refresh",  "抖音访问凭证已过期，系统会更新凭证后重试一次。"),
    "2190002":  Code("refresh",  "抖音访问凭证无效，系统会更新凭证后重试一次。"),
    "28001003": Code("refresh",  "抖音访问凭证无效，系统会更新凭证后重试一次。"),
    "10010":    Code("stop",     PERMIT),
    "10003":    Code("stop",     "抖音应用的 Client Key 不正确，请管理员核对账号设置。"),
    "10013":    Code("stop",     "抖音应用的 Client Key 或 Client Secret 不正确，请管理员核对账号设置。"),
    "2190003":  Code("stop",     "本账号没有授权应用使用评论接口，请重新授权。"),
    "2190004":  Code("stop",     "抖音应用没有评论接口的能力，请管理员到抖音开放平台申请。"),
    "28001018": Code("stop",     "抖音应用没有评论接口的能力，请管理员到抖音开放平台申请。"),
    "2100005":  Code("final",    "抖音认为调用的参数有误，留言或视频可能已被删除。"),
    "10002":    Code("final",    "抖音认为调用的参数有误，请联系系统管理员。"),
    # ours, found before the call
    "empty":    Code("final",    "答复内容为空。"),
    "too_long": Code("final",    "答复超过抖音允许的长度（100 字），请缩短。"),
    "no_place": Code("final",    "不知道答复应放在哪条评论下，请到抖音人工答复。"),
    "no_token": Code("refresh",  "没有访问凭证，系统会更新凭证后重试一次。"),
}
"""Codes of a call that reads or writes comments. Others go to a person."""

TOKEN_CODES: dict[str, Code] = {
    **CODES, **{code: Code("stop", PERMIT) for code, row in CODES.items() if row.kind == "refresh"},
}
"""Codes of the call for the token: asked again it would say the same."""
# fmt: on
