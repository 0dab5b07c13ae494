"""What do Weibo's error codes mean, and what may be done after each?

Source: open.weibo.com/wiki/Error_code, Rate-limiting. Codes come as numbers or as strings.
"""

from connectors.calls import Code

EXPIRED = "微博授权已失效，请管理员到“账号”页面重新授权。"

# fmt: off
CODES: dict[str, Code] = {
    # there is no refresh: a person must authorise again
    "21314": Code("stop",     EXPIRED),
    "21315": Code("stop",     EXPIRED),
    "21316": Code("stop",     EXPIRED),
    "21317": Code("stop",     EXPIRED),
    "21319": Code("stop",     EXPIRED),
    "21327": Code("stop",     EXPIRED),
    "21332": Code("stop",     EXPIRED),
    "10006": Code("stop",     EXPIRED),
    # what the application may do
    "10014": Code("stop",     "微博应用没有这个接口的权限，请管理员到微博开放平台申请。"),
    "10005": Code("stop",     "微博应用没有这个接口的权限，请管理员到微博开放平台申请。"),
    "10004": Code("stop",     "服务器 IP 受微博限制，请管理员到微博开放平台核对。"),
    "21337": Code("stop",     "微博应用没有得到授权，请管理员重新授权。"),
    "10016": Code("stop",     "调用缺少参数，请管理员核对账号设置（经办人 IP 是否填写）。"),
    # later
    "10001": Code("back_off", "微博系统错误，稍后自动再试。"),
    "10002": Code("back_off", "微博服务暂停，稍后自动再试。"),
    "10003": Code("back_off", "微博远程服务出错，稍后自动再试。"),
    "10009": Code("back_off", "微博系统繁忙，稍后自动再试。"),
    "10010": Code("back_off", "微博处理超时，稍后自动再试。"),
    "10011": Code("back_off", "微博系统繁忙，稍后自动再试。"),
    "10022": Code("back_off", "服务器调用次数已达微博上限，稍后自动再试。"),
    "10023": Code("back_off", "账号调用次数已达微博上限，稍后自动再试。"),
    "10024": Code("back_off", "接口调用次数已达微博上限，稍后自动再试。"),
    "20016": Code("back_off", "发布太频繁，稍后自动再试。"),
    # this reply
    "20012": Code("final",    "答复超过微博允许的长度（140 字），请缩短。"),
    "20013": Code("final",    "答复超过微博允许的长度（140 字），请缩短。"),
    "20008": Code("final",    "答复内容为空。"),
    "20015": Code("final",    "账号、IP 或应用被微博限制发布，请到微博查看。"),
    "20017": Code("final",    "微博认为与刚发布的内容相似，请修改文字后再发。"),
    "20018": Code("final",    "答复含有微博不允许的链接，请修改。"),
    "20019": Code("final",    "微博认为与已发布的内容重复，请修改文字后再发。"),
    "20020": Code("final",    "微博认为答复含广告信息，请修改。"),
    "20021": Code("final",    "微博认为答复含不允许的内容，请修改。"),
    "20022": Code("final",    "服务器 IP 被微博限制发布，请到微博查看。"),
    "20101": Code("final",    "原微博已不存在，无法答复。"),
    "20111": Code("final",    "微博认为与已发布的内容重复，请修改文字后再发。"),
    "20201": Code("final",    "这条评论已不存在，无法答复。"),
    "20202": Code("final",    "这条评论不允许答复。"),
    "20203": Code("final",    "不能答复这条评论。"),
    "20204": Code("final",    "评论功能暂不可用于这条微博。"),
    "20031": Code("human",    "微博要求输入验证码，请用微博客户端人工答复。"),
    # a success in disguise
    "20032": Code("accepted", "微博已收下，一两分钟后可见。"),
}
# fmt: on

REPEATED = frozenset({"20017", "20019", "20111"})
"""The same words, or nearly, as were said before, whomever they were for."""
