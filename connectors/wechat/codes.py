"""What do WeChat's error codes mean, and what may be done after each?

Source: developers.weixin.qq.com, "global return codes", custom/send, stable_token and comment pages.
"""

from connectors.calls import Code

# fmt: off
CODES: dict[str, Code] = {
    # the token
    "40001": Code("refresh",  "微信访问凭证无效，系统会更新凭证后重试一次。"),
    "40014": Code("refresh",  "微信访问凭证无效，系统会更新凭证后重试一次。"),
    "42001": Code("refresh",  "微信访问凭证已过期，系统会更新凭证后重试一次。"),
    # the account's set-up
    "40013": Code("stop",     "AppID 不正确，请管理员核对账号设置。"),
    "40125": Code("stop",     "AppSecret 不正确，请管理员核对账号设置。"),
    "40164": Code("stop",     "服务器 IP 不在微信后台的白名单中，请管理员添加。"),
    "40243": Code("stop",     "AppSecret 已被冻结，请管理员到微信后台解冻。"),
    "41001": Code("stop",     "调用缺少访问凭证，请联系系统管理员。"),
    "41002": Code("stop",     "调用缺少 AppID，请管理员核对账号设置。"),
    "41004": Code("stop",     "调用缺少 AppSecret，请管理员核对账号设置。"),
    "48001": Code("stop",     "公众号没有客服消息接口权限，请管理员到微信后台确认。"),
    "48004": Code("stop",     "公众号的接口权限已被封禁，请管理员登录微信后台查看。"),
    "48006": Code("stop",     "本月清零调用次数的机会已用完，请管理员处理。"),
    "50002": Code("stop",     "公众号功能受限，请管理员登录微信后台查看。"),
    "61004": Code("stop",     "服务器 IP 未登记，请管理员到微信后台添加。"),
    "89503": Code("stop",     "此服务器 IP 需要公众号管理员确认后才能调用。"),
    "89506": Code("stop",     "公众号管理员拒绝了此服务器 IP 的调用。"),
    "89507": Code("stop",     "公众号管理员暂时拒绝了此服务器 IP 的调用。"),
    # later
    "-1":    Code("back_off", "微信系统繁忙，稍后自动再试。"),
    "45009": Code("back_off", "当日接口调用次数已用完，稍后自动再试。"),
    "45011": Code("back_off", "接口调用太频繁，稍后自动再试。"),
    # the window
    "45015": Code("window",   "已超过 48 小时，或对方已取消关注，微信不能送达。请改用电话或公开答复。"),
    "45047": Code("window",   "对方最近一次留言后已发满 5 条，微信不能送达。请改用电话或公开答复。"),
    "43004": Code("window",   "对方已取消关注公众号，微信不能送达。请改用电话或公开答复。"),
    # this reply
    "40003": Code("final",    "微信不认得这位留言人，可能不是本账号的关注者。"),
    "40007": Code("final",    "附件在微信已失效（超过 3 天）。"),
    "45002": Code("final",    "答复超过微信允许的长度（2048 字节，约 680 个汉字），请缩短。"),
    "50005": Code("final",    "对方未关注公众号，微信不能送达。"),
    "70000": Code("final",    "因未成年人保护限制，微信不能送达。"),
    "40033": Code("final",    "答复含有微信不接受的字符，请修改后再发。"),
    "43002": Code("final",    "调用方式不对，请联系系统管理员。"),
    "44002": Code("final",    "发送内容为空，请联系系统管理员。"),
    "47001": Code("final",    "发送内容格式有误，请联系系统管理员。"),
    # comments on articles
    "88000": Code("stop",     "公众号没有开通留言功能。"),
    "88001": Code("final",    "找不到这篇文章。"),
    "88002": Code("final",    "这篇文章不允许留言。"),
    "88003": Code("final",    "精选留言已达上限。"),
    "88004": Code("final",    "留言已被用户删除。"),
    "88005": Code("final",    "这条留言已有答复，微信只允许答复一次。"),
    "88007": Code("final",    "答复太长或为空，请修改。"),
    "88008": Code("final",    "留言不存在，可能已被删除。"),
    "88010": Code("final",    "读取条数不对，请联系系统管理员。"),
}
"""Codes of a call that carries something to a citizen or reads comments."""

TOKEN_CODES: dict[str, Code] = {
    **CODES,
    # When the call for the token itself answers so, the secret is wrong: trying again burns the quota.
    "40001": Code("stop",     "AppSecret 不正确，请管理员核对账号设置。"),
    "40014": Code("stop",     "获取访问凭证被拒绝，请管理员核对账号设置。"),
    "42001": Code("stop",     "获取访问凭证被拒绝，请管理员核对账号设置。"),
}
"""Codes of the call for the token."""
# fmt: on
