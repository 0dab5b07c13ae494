"""How a sample and what it must become are compared: only what differs from a bare message is written."""

import json
from collections.abc import Iterator
from dataclasses import MISSING, asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import connectors
from connectors.contract import Importer, ImportRow, IncomingMessage, Reader
from connectors.errors import PayloadError, UnsupportedEvent
from connectors.registry import platform
from tests.connectors.accounts import SETTINGS

FOLDER = Path(connectors.__file__).parent


def samples() -> Iterator[Path]:
    """Every sample of every platform."""
    for path in sorted(FOLDER.glob("*/payloads/*")):
        if not path.name.endswith(".expected.json"):
            yield path


def expected_of(sample: Path) -> Path:
    """The file beside it."""
    return sample.with_name(f"{sample.stem}.expected.json")


def become(sample: Path) -> Any:
    """What the connector makes of a sample, in the form of the expected files."""
    row = platform(sample.parent.parent.name)
    connector = row.connector(**SETTINGS[row.key])
    is_table = sample.suffix in {".csv", ".xls", ".xlsx", ".jsonl"}
    try:
        if is_table:
            assert isinstance(connector, Importer)
            return [_row(entry) for entry in connector.rows(sample.name, sample.read_bytes())]
        assert isinstance(connector, Reader)
        return [plain(message) for message in connector.read(sample.read_bytes())]
    except UnsupportedEvent as problem:
        return {"unsupported": problem.name}
    except PayloadError as problem:
        return {"error": type(problem).__name__, "reason": problem.reason}


def plain(message: IncomingMessage) -> dict[str, Any]:
    """A message as JSON, without what it has in common with every other."""
    defaults = {
        f.name: f.default_factory() if f.default_factory is not MISSING else f.default
        for f in fields(message)
    }
    return {
        name: value.isoformat() if isinstance(value, datetime) else json.loads(json.dumps(value))
        for name, value in asdict(message).items()
        if value != defaults[name]
    }


def _row(entry: ImportRow) -> dict[str, Any]:
    result: dict[str, Any] = {"number": entry.number}
    if entry.message is not None:
        result["message"] = plain(entry.message)
    if entry.error is not None:
        result["error"] = entry.error
    return result | ({"notes": list(entry.notes)} if entry.notes else {})
