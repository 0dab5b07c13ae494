"""Which settings are there, what does each mean, and where does its value come from?"""

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.base.errors import Invalid

PREFIX = "HUIYING_"
_KNOWN_SECRETS = {"", "secret", "changeme", "dev", "test", "huiying", "password"}
_SECRET_LENGTH = 32


@dataclass(frozen=True)
class Setting:
    """One row of `SETTINGS`: an environment variable without its prefix."""

    name: str
    default: str
    meaning: str

    @property
    def variable(self) -> str:
        return PREFIX + self.name


SETTINGS = (
    Setting(
        "DATABASE_URL",
        "sqlite:///var/huiying.db",
        "数据库；不填则是数据文件夹里的 huiying.db；也可以是 postgresql+psycopg://…",
    ),
    Setting("DATA_DIR", "var", "数据文件夹：数据库、索引、附件、导出文件"),
    Setting("LISTEN", "127.0.0.1:8000", "监听地址，多个用逗号分开；[::1]:8000 也可以"),
    Setting("PUBLIC_URL", "http://127.0.0.1:8000", "对外网址，用在订阅源和查询链接里"),
    Setting("SECRET_KEY", "", "签名和加密用；不填则第一次启动时生成，存在数据文件夹，权限 0600"),
    Setting(
        "TRUSTED_PROXIES", "", "可信反向代理的地址或网段，多个用逗号分开；只有它们给的 X-Forwarded-For 才算数"
    ),
    Setting("METRICS_TOKEN", "", "从外机读取 /metrics 时要出示的令牌；不填则只许本机读取"),
    Setting("FOOTER", "", "公开页面页脚的备案信息（ICP 备案号、公安备案号、网站标识码）"),
    Setting("ENV_FILE", "", "另一个写着以上各项的文件，每行 名称=值"),
)


@dataclass(frozen=True)
class Settings:
    """The values in force. `repr` shows no secret."""

    database_url: str
    data_dir: Path
    listen: tuple[str, ...]
    public_url: str
    secret_key: str = field(repr=False)
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: str = field(default="", repr=False)
    footer: str = ""


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``environment`` (default: the process's) and the file it may name.

    Makes the data folder (0700) and, where no secret is given, a secret of its own there (0600).
    Raises `Invalid` for a secret that is known or too short.
    """
    environment = os.environ if environment is None else environment
    env_file = environment.get(PREFIX + "ENV_FILE", "")
    given = _from_file(Path(env_file)) if env_file else {}
    given |= {row.name: environment[row.variable] for row in SETTINGS if row.variable in environment}
    values = {row.name: row.default for row in SETTINGS} | given
    data_dir = Path(values["DATA_DIR"])
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Settings(
        # The database is with its keys: another folder alone must not leave it behind.
        database_url=given.get("DATABASE_URL") or f"sqlite:///{data_dir / 'huiying.db'}",
        data_dir=data_dir,
        listen=_listed(values["LISTEN"]),
        public_url=values["PUBLIC_URL"].rstrip("/"),
        secret_key=_secret(values["SECRET_KEY"], data_dir, given=PREFIX + "SECRET_KEY" in environment),
        trusted_proxies=_networks(values["TRUSTED_PROXIES"]),
        metrics_token=values["METRICS_TOKEN"],
        footer=values["FOOTER"],
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _networks(text: str) -> tuple[str, ...]:
    for part in _listed(text):
        try:
            ipaddress.ip_network(part, strict=False)
        except ValueError:
            raise Invalid(
                f"HUIYING_TRUSTED_PROXIES 里的 {part} 不是地址，也不是 10.0.0.0/8 这样的网段"
            ) from None
    return _listed(text)


def _from_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise Invalid(f"找不到设置文件 {path}。请检查 {PREFIX}ENV_FILE")
    names = {row.variable: row.name for row in SETTINGS}
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        name, equals, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not equals or name.strip() not in names:
            raise Invalid(f"设置文件 {path} 第 {number} 行看不懂：应当是 {PREFIX}名称=值")
        found[names[name.strip()]] = value.strip().strip('"')
    return found


def _secret(value: str, data_dir: Path, *, given: bool) -> str:
    if value:
        if value.lower() in _KNOWN_SECRETS or len(value) < _SECRET_LENGTH:
            raise Invalid(f"HUIYING_SECRET_KEY 太短或太常见。请换成至少 {_SECRET_LENGTH} 个随机字符")
        return value
    if given:
        raise Invalid("HUIYING_SECRET_KEY 是空的。请填至少 32 个随机字符，或者不设这一项，由系统生成")
    path = data_dir / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_text("ascii").strip()
        if len(kept) < _SECRET_LENGTH:
            raise Invalid(f"{path} 是空的或不完整。请从备份恢复这个文件") from None
        return kept
    made = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    return made
