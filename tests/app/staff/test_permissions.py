"""Who may give which rights to whom? 三员分离."""

import pytest

from app.staff import scopes
from app.staff.permissions import problem_with_granting
from app.staff.roles import Person, Role, role_named

SYSTEM = Person(1, "系统管理员", 1, frozenset({Role.SYSTEM_ADMIN}))
SECURITY = Person(2, "安全管理员", 1, frozenset({Role.SECURITY_ADMIN}))
CLERK = Person(3, "小陈", 1, frozenset({Role.CLERK}))
NOBODY: frozenset[Role] = frozenset()


@pytest.mark.parametrize(
    ("actor", "roles", "to_id", "contractor", "has_security_admin", "refusal"),
    [
        (None, {Role.ISSUER}, None, False, True, None),
        (SYSTEM, {Role.ISSUER}, None, False, False, None),
        (SYSTEM, {Role.ISSUER}, None, False, True, "角色由安全管理员授予"),
        (SYSTEM, NOBODY, None, False, True, None),
        (SECURITY, {Role.ISSUER}, 3, False, True, None),
        (SECURITY, {Role.ISSUER, Role.SECURITY_ADMIN}, 2, False, True, "不能改自己的角色"),
        (CLERK, {Role.CLERK}, None, False, False, "由系统管理员、安全管理员管理"),
        (None, {Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN}, None, False, True, "不能由同一人担任"),
        (None, {Role.SYSTEM}, None, False, True, "不是人的角色"),
    ],
)
def test_the_system_administrator_adds_and_the_security_administrator_grants(
    actor: Person | None,
    roles: set[Role],
    to_id: int | None,
    contractor: bool,
    has_security_admin: bool,
    refusal: str | None,
) -> None:
    problem = problem_with_granting(
        actor,
        frozenset(roles),
        to_id=to_id,
        contractor=contractor,
        has_security_admin=has_security_admin,
    )
    assert (problem is None) if refusal is None else (problem is not None and refusal in problem)


@pytest.mark.clause("E27")
@pytest.mark.parametrize(
    "role",
    [Role.REVIEWER, Role.ISSUER, Role.DISCLOSER, Role.DUTY_LEADER, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN,
     Role.AUDIT_ADMIN],
)  # fmt: skip
def test_a_contractor_never_reviews_issues_publishes_or_administers(role: Role) -> None:
    problem = problem_with_granting(
        None, frozenset({role}), to_id=None, contractor=True, has_security_admin=True
    )
    assert problem is not None
    assert "外包人员不能担任" in problem


@pytest.mark.clause("E27")
def test_a_contractor_may_handle() -> None:
    may = frozenset({Role.HANDLER, Role.CLERK})
    assert problem_with_granting(None, may, to_id=None, contractor=True, has_security_admin=True) is None


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("clerk", Role.CLERK),
        ("受理员", Role.CLERK),
        (" issuer ", Role.ISSUER),
        ("system", None),
        ("boss", None),
    ],
)
def test_a_role_has_a_key_and_a_chinese_name(words: str, role: Role | None) -> None:
    assert role_named(words) is role


def test_a_token_has_scopes_that_exist() -> None:
    assert scopes.problem(["cases.read", "answers.read"]) is None
    assert "没有 cases.delete 这个权限" in (scopes.problem(["cases.delete"]) or "")
    assert "至少给一个" in (scopes.problem([]) or "")
