"""Which ways out of the house are there? One row each; screens and documents take it from here."""

from collections.abc import Mapping
from typing import NamedTuple

from connectors.robots.mail import ADDRESS, Mail
from connectors.robots.messengers import HANDLE, DingTalk, Feishu, Messenger, WeCom


class Way(NamedTuple):
    """``handle`` is the form of a person's name there, ``handle_label`` what it is called."""

    label: str
    sender: type[Messenger]
    handle: str
    handle_label: str
    to_one: bool
    """Whether it goes to one person (mail) and not to a group, where people are named."""


WAYS: Mapping[str, Way] = {
    "wecom": Way("企业微信群机器人", WeCom, HANDLE, "成员 userid", False),
    "dingtalk": Way("钉钉群机器人", DingTalk, HANDLE, "成员 userId", False),
    "feishu": Way("飞书群机器人", Feishu, HANDLE, "成员 open_id", False),
    "mail": Way("邮件", Mail, ADDRESS, "收件地址", True),
}
