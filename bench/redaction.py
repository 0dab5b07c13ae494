"""How long does it take to hide what is personal, at worst? 20 kB of each text that is hard on the rules."""

import re
import time
from collections.abc import Iterator

from app.redaction.masking import redact
from bench.table import Row

SIZE = 20_000
WORST = (
    "1", "1 ", "1\n", "9.", "a.", "@", "l3", "I ", "A b ", "yao ", "要", "一", "138****", "138杠", "3-2-301 ", "王",
    "联系人：", "人民路", "地址：东", "买·", "王小明、", "张伟说", "(", "《", "&#49;", "%31", "-----  ", "0571-",
)  # fmt: skip
"""Repeated to `SIZE` bytes of UTF-8."""
LIMIT_MS = 200.0
PLAIN = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|\d{17}[\dXx]")
"""What a rule of two patterns does in the same time: it finds what is written plainly, and nothing else."""


def measure(folder: object = None) -> Iterator[Row]:
    """The slowest of `WORST` in milliseconds of processor time, beside the two patterns on the same text."""
    redact("请打13800138000，王小明，人民路12号。")  # the dictionary and the weights are read once
    timed = [(_milliseconds(redact, text), text) for text in (piece * _times(piece) for piece in WORST)]
    slowest, text = max(timed)
    yield Row(f"脱敏 worst 20 kB ({text[:6]!r}…; limit {LIMIT_MS:.0f} ms)", slowest, "two plain patterns",
              _milliseconds(PLAIN.findall, text), "ms")  # fmt: skip
    letter = "我住人民路12号，路灯坏了，请打138 0013 8000找王小明。" * 8
    yield Row("脱敏 a letter of 270 characters", _milliseconds(redact, letter), "two plain patterns",
              _milliseconds(PLAIN.findall, letter), "ms")  # fmt: skip


def _times(piece: str) -> int:
    return SIZE // len(piece.encode())


def _milliseconds(work: object, text: str) -> float:
    """The best of three runs, in processor time: the machine may be doing something else."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        work(text)  # type: ignore[operator]
        best = min(best, (time.process_time() - began) * 1000)
    return best
