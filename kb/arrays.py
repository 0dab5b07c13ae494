"""How do many arrays lie in one file that several processes share? One after another, mapped, never copied.

The file is derived: it is written beside, checked by its sum when it is opened, and made anew if anything is
wrong with it.
"""

import json
import os
import secrets
import weakref
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ALIGNED = 64
_CHUNK = 1 << 20
_TAIL = 16  # where the list of contents begins, and the sum of all before it: two numbers of eight bytes


class NotWhole(Exception):
    """The file is not what was written."""


def write(path: Path, arrays: Iterable[tuple[str, NDArray[Any]]], about: Any = None) -> None:
    """Write arrays as they come and put the file in its place when it is complete. Raises `OSError`."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("wb") as file:
            _write_all(file, arrays, about)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


class Mapped(Mapping[str, NDArray[Any]]):
    """The arrays of a file, and what was told ``about`` them. Raises `NotWhole` and `OSError`."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._as_read = _state(file.fileno())
            contents = _checked(file, os.fstat(file.fileno()).st_size, path.name)
            self._whole = np.memmap(file, dtype=np.uint8, mode="r")
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)
        self._places = contents["arrays"]
        self.about = contents["about"]

    @property
    def is_whole(self) -> bool:
        """Whether nobody wrote into the file since it was read: to look at what was cut off would be fatal."""
        return _state(self._file) == self._as_read

    def __getitem__(self, name: str) -> NDArray[Any]:
        dtype, count, at = self._places[name]
        kind = np.dtype(dtype)
        return np.asarray(self._whole[at : at + count * kind.itemsize]).view(kind)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _state(file: int) -> tuple[int, int]:
    found = os.fstat(file)
    return found.st_size, found.st_mtime_ns


def _checked(file: Any, size: int, name: str) -> Any:
    """Return the contents of a file whose sum is right. What is only summed up is read, not mapped."""
    checked, left = 0, size - 8
    while left > 0 and (chunk := file.read(min(_CHUNK, left))):
        checked, left = zlib.crc32(chunk, checked), left - len(chunk)
    if size < _TAIL or int.from_bytes(file.read(8), "little") != checked:
        raise NotWhole(name)
    file.seek(size - _TAIL)
    begin = int.from_bytes(file.read(8), "little")
    file.seek(begin)
    return json.loads(file.read(size - _TAIL - begin))


def _write_all(file: Any, arrays: Iterable[tuple[str, NDArray[Any]]], about: Any) -> None:
    contents: dict[str, tuple[str, int, int]] = {}
    summed = _Summed(file)
    for name, array in arrays:
        summed.add(b"\0" * (-summed.at % _ALIGNED))
        contents[name] = (array.dtype.str, len(array), summed.at)
        summed.add(np.ascontiguousarray(array).view(np.uint8).data if len(array) else b"")
    begin = summed.at
    summed.add(json.dumps({"about": about, "arrays": contents}).encode())
    summed.add(begin.to_bytes(8, "little"))
    file.write(summed.sum.to_bytes(8, "little"))


class _Summed:
    """Writes bytes and sums them up."""

    def __init__(self, file: Any) -> None:
        self._file, self.at, self.sum = file, 0, 0

    def add(self, data: Any) -> None:
        self._file.write(data)
        self.at, self.sum = self.at + len(data), zlib.crc32(data, self.sum)
