"""Who may change whose rights? 三员分离: the system administrator adds people, the security one grants."""

from app.staff.roles import Person, Role, check_roles


def problem_with_granting(
    actor: Person | None,
    roles: frozenset[Role],
    *,
    to_id: int | None,
    contractor: bool,
    has_security_admin: bool,
) -> str | None:
    """Why ``actor`` (None: the system, or the shell) may not give ``roles`` to a person; None when allowed.

    ``to_id`` is None for somebody who is only being added. Until the office has a security
    administrator, the system administrator grants roles too: somebody has to begin.
    """
    if wrong := check_roles(roles, contractor=contractor):
        return wrong
    if actor is None:
        return None
    if not actor.may(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        return "人员和角色由系统管理员、安全管理员管理"
    if to_id is not None and actor.id == to_id:
        return "不能改自己的角色，请另一位管理员来改"
    if roles and has_security_admin and not actor.may(Role.SECURITY_ADMIN):
        return "角色由安全管理员授予。可以先不选角色添加人员，再请安全管理员授予"
    return None
