"""What does each messenger mean by its code, and may we try again? HTTP is 200 whatever the code says.

Source: work.weixin.qq.com 91770 and 90313; open.dingtalk.com custom-bot-access and its error table;
open.feishu.cn custom bots. Codes that nobody listed go to a person (`calls.refused`).
"""

from collections.abc import Mapping

from connectors.calls import Code

# fmt: off
WECOM: Mapping[str, Code] = {
    "-1":     Code("back_off", "企业微信正忙，稍后自动再试。"),
    "40008":  Code("final",    "企业微信不认这种消息，没有发出。"),
    "40058":  Code("final",    "消息太长或格式不对，企业微信没有接收。"),
    "45009":  Code("back_off", "发得太快，企业微信一分钟只收 20 条，稍后自动再试。"),
    "45033":  Code("back_off", "企业微信限制了并发，稍后自动再试。"),
    "93000":  Code("stop",     "机器人地址无效，可能已从群里移除。请在群里重新添加机器人，再更新这里的 key。"),
    "93004":  Code("stop",     "机器人已停用。请在群里启用后再试。"),
    "93008":  Code("stop",     "机器人不在群里。请重新添加机器人，再更新这里的 key。"),
}
DINGTALK: Mapping[str, Code] = {
    "-1":     Code("back_off", "钉钉正忙，稍后自动再试。"),
    "130101": Code("back_off", "发得太快，钉钉十分钟内不再接收，之后自动再试。"),
    "300001": Code("stop",     "access_token 无效。请到群机器人设置里核对。"),
    "310000": Code("stop",     "钉钉的安全校验没有通过。请核对加签密钥、关键词、IP 名单和服务器时间。"),
    "400013": Code("stop",     "钉钉群已解散。"),
    "400101": Code("stop",     "access_token 不存在。请到群机器人设置里核对。"),
    "400102": Code("stop",     "机器人已停用。请在群里启用后再试。"),
    "400105": Code("final",    "钉钉不认这种消息，没有发出。"),
    "400106": Code("stop",     "机器人不存在。请在群里重新添加机器人。"),
    "410100": Code("back_off", "发得太快，钉钉已限流，之后自动再试。"),
    "430101": Code("final",    "钉钉认为消息里的链接不安全，没有接收。请核对对外网址。"),
    "430102": Code("final",    "钉钉认为消息里的文字不合适，没有接收。"),
    "430104": Code("final",    "钉钉认为消息的内容不合适，没有接收。"),
}
FEISHU: Mapping[str, Code] = {
    "9499":   Code("final",    "飞书不认这条消息的格式，没有接收。"),
    "11232":  Code("back_off", "发得太快，飞书已限流，稍后自动再试。"),
    "11233":  Code("back_off", "飞书限制了这个群的频率，稍后自动再试。"),
    "19001":  Code("stop",     "机器人地址无效。请到群机器人设置里核对。"),
    "19007":  Code("stop",     "机器人没有启用。请在群里启用后再试。"),
    "19021":  Code("stop",     "飞书的签名校验没有通过。请核对签名密钥和服务器时间。"),
    "19022":  Code("stop",     "服务器的 IP 不在飞书机器人的名单里。"),
    "19024":  Code("stop",     "消息里没有飞书机器人要求的关键词。"),
}
# fmt: on
