"""What does a search look at? Segments of the index as arrays; many of them are joined into one and kept.

A hundred thousand entries are a dozen segments of Whoosh: searched one by one they cost a dozen times the
steps, so they are joined into one set of arrays in blocks, in a file beside the index that all processes map.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb import arrays
from kb.postings import Ints, Postings, Texts, joined_postings
from kb.ranking import FIRST_KINDS

_SAMPLE = 2_000
"""Texts by which it is estimated how common a character is."""

FIELDS = tuple((family, kind) for family, kinds in FIRST_KINDS.items() for kind in kinds)


@dataclass(frozen=True)
class SegmentData:
    """One segment of the index as arrays, or several joined.

    ``names``: Whoosh's segments. ``keys``: of its entries, bytes. ``tags``: for each entry which of
    ``tag_sets`` it carries. ``owners[family]``: for each unit the place of its entry, ascending;
    ``documents[family]``: the number Whoosh knows it by, in each of its segments ascending;
    ``begins[family]``: where the units of each segment begin, and their number. ``texts``: those of the
    units; ``raw``: of the question units ``raw_units``, which are written otherwise than searched.
    ``spread``: in which share of the texts each character stands. ``deleted``: by segment.
    """

    names: tuple[str, ...]
    keys: NDArray[np.bytes_]
    tags: NDArray[np.uint16]
    tag_sets: tuple[frozenset[str], ...]
    owners: Mapping[str, NDArray[np.int32]]
    documents: Mapping[str, NDArray[np.int32]]
    begins: Mapping[str, tuple[int, ...]]
    texts: Mapping[str, Texts]
    raw: Texts
    raw_units: NDArray[np.int32]
    fields: Mapping[tuple[str, str], Postings]
    spread: NDArray[np.float32]
    deleted: Mapping[str, frozenset[int]] = field(default_factory=dict)
    source: arrays.Mapped | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the file it is read from is as it was."""
        return self.source is None or self.source.is_whole

    @property
    def size(self) -> int:
        """How many units there are."""
        return sum(len(one) for one in self.owners.values())

    def with_deleted(self, deleted: Mapping[str, frozenset[int]]) -> "SegmentData":
        """Return this segment with other units marked as deleted; the arrays are shared."""
        return self if deleted == self.deleted else replace(self, deleted=deleted)

    def dead(self, family: str) -> Ints:
        """Return the ascending units of a family that are deleted."""
        found = [np.zeros(0, np.int64)]
        for name, first, last in zip(self.names, self.begins[family], self.begins[family][1:], strict=False):
            if gone := self.deleted.get(name):
                numbers = np.fromiter(gone, dtype=np.int32, count=len(gone))
                found.append(first + np.flatnonzero(np.isin(self.documents[family][first:last], numbers)))
        return np.concatenate(found)


def spread_of(texts: Texts) -> NDArray[np.float32]:
    """Return in which share of some texts each character stands, by a sample of them."""
    found = np.zeros(65536, dtype=np.float32)
    step = max(1, len(texts) // _SAMPLE)
    sampled = range(0, len(texts), step)
    for unit in sampled:
        found[np.unique(texts.units(unit))] += 1
    return np.asarray(found / max(1, len(sampled)), dtype=np.float32)


# ------------------------------------------------------------------ in a file


def save(path: Path, parts: Sequence[SegmentData]) -> None:
    """Join segments and keep them in a file, one array after another. Raises `OSError`."""
    tag_sets = list(dict.fromkeys(one for part in parts for one in part.tag_sets))
    begins = {
        family: np.cumsum([0, *(size for part in parts for size in np.diff(part.begins[family]))]).tolist()
        for family in FIRST_KINDS
    }
    about = {
        "names": [name for part in parts for name in part.names],
        "tags": [sorted(one) for one in tag_sets],
        "begins": begins,
    }
    arrays.write(path, _joined(parts, tag_sets), about)


def load(path: Path) -> SegmentData:
    """Map what was saved. Raises `kb.arrays.NotWhole` and `OSError`."""
    held = arrays.Mapped(path)
    return SegmentData(
        names=tuple(held.about["names"]),
        keys=held["keys"],
        tags=held["tags"],
        tag_sets=tuple(frozenset(one) for one in held.about["tags"]),
        owners={family: held[f"owners.{family}"] for family in FIRST_KINDS},
        documents={family: held[f"documents.{family}"] for family in FIRST_KINDS},
        begins={family: tuple(held.about["begins"][family]) for family in FIRST_KINDS},
        texts={family: Texts(held[f"texts.{family}"], held[f"starts.{family}"]) for family in FIRST_KINDS},
        raw=Texts(held["raw"], held["raw_starts"]),
        raw_units=held["raw_units"],
        fields={(family, kind): _postings(held, family, kind) for family, kind in FIELDS},
        spread=held["spread"],
        source=held,
    )


def _postings(held: Mapping[str, NDArray[Any]], family: str, kind: str) -> Postings:
    said = {name: held[f"{family}.{kind}.{name}"] for name in Postings.ARRAYS}
    return Postings(**said)


def _joined(
    parts: Sequence[SegmentData], tag_sets: Sequence[frozenset[str]]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays of several segments as those of one."""
    places = {one: number for number, one in enumerate(tag_sets)}
    entries = np.cumsum([0, *(len(part.keys) for part in parts)])
    yield "keys", np.concatenate([part.keys for part in parts])
    tags = [np.array([places[one] for one in part.tag_sets], dtype=np.uint16)[part.tags] for part in parts]
    yield "tags", np.concatenate(tags)
    for family in FIRST_KINDS:
        owners = [part.owners[family] + first for part, first in zip(parts, entries, strict=False)]
        yield f"owners.{family}", np.concatenate(owners).astype(np.int32)
        yield f"documents.{family}", np.concatenate([part.documents[family] for part in parts])
        yield from _of_texts(f"texts.{family}", f"starts.{family}", [part.texts[family] for part in parts])
    yield from _of_texts("raw", "raw_starts", [part.raw for part in parts])
    units = np.cumsum([0, *(len(part.owners["question"]) for part in parts)])
    raw_units = [part.raw_units + first for part, first in zip(parts, units, strict=False)]
    yield "raw_units", np.concatenate(raw_units).astype(np.int32)
    told = np.array([len(part.owners["text"]) for part in parts], dtype=np.float32)
    spread = sum(part.spread * one for part, one in zip(parts, told, strict=True))
    yield "spread", np.asarray(spread / max(1.0, float(told.sum())), dtype=np.float32)
    for family, kind in FIELDS:
        for name, array in joined_postings([part.fields[family, kind] for part in parts]):
            yield f"{family}.{kind}.{name}", array


def _of_texts(data: str, starts: str, parts: Sequence[Texts]) -> Iterator[tuple[str, NDArray[Any]]]:
    yield data, np.concatenate([part.data for part in parts])
    sizes = np.concatenate([np.diff(part.starts) for part in parts])
    yield starts, np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.uint32)
