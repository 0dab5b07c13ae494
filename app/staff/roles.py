"""Who is this person, and which roles may one person hold together?"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do. Reviewing and issuing are different permissions (B15, C7, E10)."""

    CLERK = "clerk"  # 受理员
    HANDLER = "handler"  # 经办人
    REVIEWER = "reviewer"  # 审核员
    ISSUER = "issuer"  # 签发人
    SUPERVISOR = "supervisor"  # 督办员
    EDITOR = "editor"  # 问答库编辑
    DISCLOSER = "discloser"  # 公开审核员
    DUTY_LEADER = "duty_leader"  # 值班长
    SYSTEM_ADMIN = "system_admin"  # 系统管理员
    SECURITY_ADMIN = "security_admin"  # 安全管理员
    AUDIT_ADMIN = "audit_admin"  # 审计管理员
    SYSTEM = "system"  # 系统自己：到点的任务


LABELS = {
    Role.CLERK: "受理员",
    Role.HANDLER: "经办人",
    Role.REVIEWER: "审核员",
    Role.ISSUER: "签发人",
    Role.SUPERVISOR: "督办员",
    Role.EDITOR: "问答库编辑",
    Role.DISCLOSER: "公开审核员",
    Role.DUTY_LEADER: "值班长",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDIT_ADMIN: "审计管理员",
    Role.SYSTEM: "系统",
}

ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
# 外包: content release and review cannot be outsourced (E27); nor may a contractor administer.
BARRED_TO_CONTRACTORS = (
    frozenset({Role.REVIEWER, Role.ISSUER, Role.DISCLOSER, Role.DUTY_LEADER}) | ADMINISTRATORS
)
# These see every case of the office; a handler sees those of the own department.
SEES_ALL_CASES = frozenset(
    {Role.CLERK, Role.REVIEWER, Role.ISSUER, Role.SUPERVISOR, Role.DISCLOSER, Role.DUTY_LEADER}
)
GRANTABLE = tuple(role for role in Role if role is not Role.SYSTEM)


@dataclass(frozen=True)
class Person:
    """Somebody signed in, as rules and services see them."""

    id: int
    name: str
    department_id: int | None
    roles: frozenset[Role]
    contractor: bool = False

    def may(self, *roles: Role) -> bool:
        """Whether the person holds at least one of ``roles``."""
        return not self.roles.isdisjoint(roles)


def role_named(words: str) -> Role | None:
    """The role with this key (clerk) or Chinese name (受理员); None when there is none to give."""
    return next((role for role in GRANTABLE if words.strip() in (role.value, LABELS[role])), None)


def check_roles(roles: frozenset[Role], *, contractor: bool) -> str | None:
    """Why these roles may not be one person's, as a sentence; None when they may.

    三员分离: the three administrators are never one person. Clause E27 bars contractors.
    """
    if Role.SYSTEM in roles:
        return "“系统”不是人的角色，不能授予"
    if len(roles & ADMINISTRATORS) > 1:
        return "系统管理员、安全管理员、审计管理员不能由同一人担任，请分给不同的人"
    barred = roles & BARRED_TO_CONTRACTORS
    if contractor and barred:
        words = "、".join(LABELS[role] for role in Role if role in barred)
        return f"外包人员不能担任{words}（审核和发布不可外包）"
    return None
