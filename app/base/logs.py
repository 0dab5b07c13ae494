"""What does a log line look like? One JSON object, control characters escaped, nobody's words in it."""

import json
import logging
import sys
from datetime import UTC, datetime

_ENCODED = json.JSONEncoder(ensure_ascii=False).encode


class JsonLines(logging.Formatter):
    """A line per record. Only the fields handed over as ``extra={"fields": {...}}`` are added."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            # The class and the place, never the text: it may quote a citizen or a token.
            line["error"] = record.exc_info[0].__name__
            line["where"] = _places(record)
        return _ENCODED(line)


def _places(record: logging.LogRecord) -> list[str]:
    trace = record.exc_info[2] if record.exc_info else None
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return places[-8:]


def configure(level: int = logging.INFO) -> None:
    """Send everything to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # What no line of ours shows need not be found out for each (docs.python.org/3/howto/logging: Optimization).
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    # These write whole addresses, and addresses of platforms carry tokens; or a line for every look.
    for name in ("httpx", "httpcore", "apscheduler", "alembic", "waitress.queue", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
