"""`huiying` as a shell sees it: what it prints, what it says on standard error, how it ends."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from app.base import clock
from app.cli import main
from tests.conftest import NOW, SECRET


@dataclass(frozen=True)
class Ended:
    """One run."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Huiying:
    """The whole command over one installation, which it knows from the environment alone, on the day of the tests."""

    url: str
    data_dir: Path
    secret: str = SECRET
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """What the environment says of this installation."""
        return {
            "HUIYING_DATABASE_URL": self.url,
            "HUIYING_DATA_DIR": str(self.data_dir),
            "HUIYING_SECRET_KEY": self.secret,
            **self.more,
        }

    def __call__(self, *words: str | Path) -> Ended:
        others = {name: None for name in os.environ if name.startswith("HUIYING_")}
        settings: dict[str, str | None] = {**others, **self.settings}
        with clock.at(NOW):
            done = CliRunner().invoke(main, [str(word) for word in words], env=settings)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception  # a traceback is no way to end
        return Ended(done.exit_code, done.stdout, done.stderr)

    def refused(self, *words: str | Path) -> str:
        """The one line in which it says why it could not."""
        ended = self(*words)
        assert (ended.status, ended.out) == (1, ""), ended
        (line,) = ended.err.splitlines()
        return line
