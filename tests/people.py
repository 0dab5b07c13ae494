"""The cast: who works at the office of 云泽市 in every test, and what each may do."""

from dataclasses import dataclass

from app.staff.roles import Role as R


@dataclass(frozen=True)
class Player:
    """One member of the cast."""

    name: str
    department: str
    roles: frozenset[R]
    contractor: bool = False


def _player(name: str, department: str, *roles: R, contractor: bool = False) -> Player:
    return Player(name, department, frozenset(roles), contractor)


DEPARTMENTS = ("政务服务办公室", "公安局户政科", "人力资源和社会保障局", "城市管理局")

CAST = (
    _player("小陈", "政务服务办公室", R.CLERK),
    _player("小林", "政务服务办公室", R.CLERK),
    _player("老李", "公安局户政科", R.HANDLER),
    _player("刘洋", "人力资源和社会保障局", R.HANDLER),
    _player("王科长", "政务服务办公室", R.REVIEWER),
    _player("赵敏", "政务服务办公室", R.REVIEWER),
    _player("孙主任", "政务服务办公室", R.REVIEWER),
    _player("周局长", "政务服务办公室", R.ISSUER),
    _player("郑书记", "政务服务办公室", R.ISSUER),
    _player("督办老何", "政务服务办公室", R.SUPERVISOR),
    _player("编辑小叶", "政务服务办公室", R.EDITOR),
    _player("公开员小方", "政务服务办公室", R.DISCLOSER),
    _player("值班长老徐", "政务服务办公室", R.DUTY_LEADER, R.CLERK),
    _player("外包小吴", "公安局户政科", R.HANDLER, contractor=True),
    _player("系统管理员", "政务服务办公室", R.SYSTEM_ADMIN),
    _player("安全管理员", "政务服务办公室", R.SECURITY_ADMIN),
    _player("审计管理员", "政务服务办公室", R.AUDIT_ADMIN),
)
