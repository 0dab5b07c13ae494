"""Local stand-ins that speak the platforms' real protocols: for tests, demonstration and training.

Never to be reached from outside: they listen on the loopback address and keep nothing secret.
"""

from connectors.sandbox.command import run
from connectors.sandbox.douyin import DouyinSandbox
from connectors.sandbox.ledger import Ledger
from connectors.sandbox.robots import RobotsSandbox
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.weibo import WeiboSandbox

__all__ = ["DouyinSandbox", "Ledger", "RobotsSandbox", "WeChatSandbox", "WeiboSandbox", "run"]
