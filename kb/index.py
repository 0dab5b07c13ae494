"""Where are the terms of all entries kept? In a Whoosh index on this machine, derived and disposable.

The only file that knows Whoosh. Its rules are measured ones: one writer at a time under a lock of
our own, opening tried again five times (opening races with commits), a failed writer always
cancelled, no AsyncWriter or BufferedWriter, a folder nobody else can write (Whoosh reads pickles),
and whatever is wrong with the index means: rebuild it from the database.
"""

import contextlib
import itertools
import json
import os
import secrets
import shutil
import stat
import time
from array import array
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from whoosh import index as whoosh_index
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter
from whoosh.fields import ID, STORED, FieldType, Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.formats import Existence
from whoosh.writing import IndexingError

from kb.analysis import Segmenter, canonical, fold
from kb.arrays import NotWhole
from kb.documents import Document, Hit
from kb.errors import IndexUnavailable
from kb.postings import BLOCK, Postings, Texts, code_of, in_lines
from kb.ranking import FIRST_KINDS, terms_of
from kb.segments import FIELDS, SegmentData, load, save, spread_of
from kb.snapshot import Follower

# Raise when the layout of the index changes.
LAYOUT = 3

_OPEN_TRIES = 5
_OPEN_PAUSE = 0.05  # seconds, doubled each time
_LOCK_WAIT = 30.0  # seconds

# A whole letter or passage; longer texts are cut, their beginning says what they are about.
_LONGEST_TEXT = 20_000
# A longer question is a letter: found as texts are, by what it has in common, not as a line, by its wording.
_LONGEST_LINE = 100

_SEGMENT = 50_000
"""Units in one segment of a new index."""
_WORTH_KEEPING = 10_000
"""Units of segments that are compiled once and kept for all processes; fewer are compiled by each."""


class Counted(FieldType):  # type: ignore[misc]
    """A field whose terms are counted before they come here: ``Counter`` in, weights out."""

    def __init__(self) -> None:
        self.format = Existence()
        self.analyzer = None
        self.scorable = False  # we count lengths ourselves
        self.stored = False
        self.unique = False
        self.vector = None
        self.column_type = None

    def index(self, value: Mapping[str, int], **_: Any) -> list[tuple[bytes, int, float, bytes]]:
        """Return what Whoosh's pool takes for each term."""
        return [(term.encode(), count, float(count), b"") for term, count in value.items()]


def _schema() -> Schema:
    counted = {f"{family}_{kind}": Counted() for family, kinds in FIRST_KINDS.items() for kind in kinds}
    return Schema(key=ID(), about=STORED(), **counted)


class SearchIndex:
    """The search index of one collection, in one folder. Safe to share between threads.

    Several processes may search one folder; one of them writes at a time. ``search`` raises nothing
    but ``IndexUnavailable``, upon which the caller rebuilds.
    """

    def __init__(self, folder: Path, words: Iterable[str] = ()) -> None:
        """``words``: the office's own words for the dictionary; other words mean another index."""
        self._folder = Path(folder)
        self._segmenter = Segmenter(words)
        self._follower = Follower(self._state, self._segments)

    def rebuild(self, documents: Iterable[Document], position: int = 0, *, wait: float = _LOCK_WAIT) -> None:
        """Write a new index beside the old one and switch to it when it is complete.

        ``position`` is the id of the last change these documents include; see ``position``. Raises
        ``IndexUnavailable`` (busy) if another process writes for longer than ``wait`` seconds.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        with self._lock(wait):
            folder = self._folder / f"index-{secrets.token_hex(6)}"
            folder.mkdir(mode=0o700)
            try:
                made = whoosh_index.create_in(str(folder), _schema())
                for part in self._parts(documents):
                    with _writing(made, merge=False) as writer:
                        for document in part:
                            self._add(writer, document)
                self._keep(folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            self._switch_to(folder, position)

    def update(
        self,
        documents: Iterable[Document],
        removed_keys: Iterable[str] = (),
        position: int | None = None,
        *,
        purge: bool = False,
        wait: float = _LOCK_WAIT,
    ) -> None:
        """Put documents in (replacing those with the same key) and take others out, in one step.

        ``purge``: what is taken out leaves the files as well (all segments are written anew, older indexes
        removed); otherwise it is only passed over until its segment is merged some day.
        Raises ``IndexUnavailable`` if there is no usable index to change, or if another process
        writes for longer than ``wait`` seconds (busy).
        """
        with self._lock(wait):
            folder = self._current()
            with _unavailable_on_failure(), _writing(_opened(folder), optimize=purge) as writer:
                for key in removed_keys:
                    writer.delete_by_term("key", key)
                for document in documents:
                    writer.delete_by_term("key", document.key)
                    self._add(writer, document)
            if position is not None:
                _write_json(folder / "position.json", position)
            if purge:
                self._remove_others({folder.name})
                _remove_kept(folder)

    def search(
        self,
        query: str,
        limit: int = 10,
        synonyms: Mapping[str, str] | None = None,
        *,
        tag: str | None = None,
        without: Iterable[str] = (),
        boost: Mapping[str, float] | None = None,
    ) -> list[Hit]:
        """Return the documents that may answer, best first. Every hit must be checked against the database.

        ``synonyms``: word → the word it is the same as. ``tag`` keeps documents that carry it;
        ``without`` leaves out keys; ``boost`` adds to the score of some keys. Raises ``IndexUnavailable``
        and nothing else.
        """
        with _unavailable_on_failure():
            searcher = self._follower.current()
            return searcher.search(
                query,
                limit,
                synonyms or {},
                self._segmenter,
                tag=tag,
                without=frozenset(without),
                boost=boost or {},
            )

    def did_you_mean(self, query: str) -> str | None:
        """Return the query with misspelt words as the documents write them; None if nothing is wrong."""
        with _unavailable_on_failure():
            return self._follower.current().did_you_mean(query, self._segmenter)

    def warm(self) -> None:
        """Load the index now, so that the first search does not wait. Raises ``IndexUnavailable``."""
        with _unavailable_on_failure():
            self._follower.current()

    def prepare_corrections(self) -> None:
        """Load what `did_you_mean` needs (a second or two). Raises ``IndexUnavailable``."""
        with _unavailable_on_failure():
            self._follower.current().warm()

    @property
    def corrects(self) -> bool:
        """Whether `did_you_mean` would answer at once, by what was last searched."""
        return self._follower.is_warm

    @property
    def generation(self) -> str:
        """Names the present state of the index; another name means that something changed."""
        with _unavailable_on_failure():
            return self._state()

    @property
    def position(self) -> int:
        """The id of the last change that is in the index: where to follow the change log from.

        It is written after the change it names, so after a crash a change may come twice, never not.
        """
        with _unavailable_on_failure():
            position = _read_json(self._current() / "position.json")
            return int(position)

    def __len__(self) -> int:
        """Return how many documents can be found."""
        with _unavailable_on_failure():
            return self._follower.current().documents

    def _add(self, writer: Any, document: Document) -> None:
        asked = dict.fromkeys(text for text in (document.question, *document.phrasings) if text.strip())
        told = document.text
        for text in asked:
            if len(text) <= _LONGEST_LINE:
                self._add_unit(writer, document, "question", text)
            elif text == document.question:
                told = f"{text}\n{told}"
            else:
                self._add_unit(writer, document, "text", text)
        if told.strip():
            self._add_unit(writer, document, "text", told)

    def _add_unit(self, writer: Any, document: Document, family: str, text: str) -> None:
        folded = fold(text[:_LONGEST_TEXT]).strip()
        terms = terms_of(folded, self._segmenter)
        about = (document.key, family, sorted(document.tags), canonical(folded), folded)
        counted = {f"{family}_{kind}": terms.of(kind) for kind in FIRST_KINDS[family]}
        _put(writer, document.key, about[:4] if family == "text" else about, counted)

    @staticmethod
    def _parts(documents: Iterable[Document]) -> Iterator[Iterator[Document]]:
        """Cut what is to be indexed into segments of a size that arrays number with two bytes."""
        left = iter(documents)
        for first in left:
            yield _until_full(first, left)

    @contextlib.contextmanager
    def _lock(self, wait: float) -> Iterator[None]:
        if not self._folder.is_dir():
            raise IndexUnavailable("搜索索引还没有建立。", code="missing")
        lock = FileStorage(str(self._folder)).lock("WRITER")
        until = time.monotonic() + wait
        while not lock.acquire():
            if time.monotonic() >= until:
                raise IndexUnavailable("搜索索引正在由另一个进程更新。", code="busy")
            time.sleep(0.05)
        try:
            yield
        finally:
            lock.release()

    def _switch_to(self, folder: Path, position: int) -> None:
        about = {"layout": LAYOUT, "rules": self._segmenter.signature}
        _write_json(folder / "about.json", about)
        _write_json(folder / "position.json", position)
        before = self._pointer()
        _write_json(self._folder / "current.json", folder.name)
        # The one before stays for those who are just opening it.
        self._remove_others({folder.name, before})

    def _remove_others(self, kept: set[str | None]) -> None:
        for old in self._folder.glob("index-*"):
            if old.name not in kept:
                shutil.rmtree(old, ignore_errors=True)

    def _pointer(self) -> str | None:
        with contextlib.suppress(OSError, ValueError):
            return str(_read_json(self._folder / "current.json"))
        return None

    def _current(self) -> Path:
        """Return the folder of the index in use, if it was made by these rules and is ours alone."""
        name = self._pointer()
        if name is None or "/" in name or os.sep in name:
            raise IndexUnavailable("搜索索引还没有建立。", code="missing")
        folder = self._folder / name
        for place in (self._folder, folder):
            if os.name == "posix" and stat.S_IMODE(place.stat().st_mode) & 0o022:
                raise IndexUnavailable("搜索索引所在目录可被他人改写，已停用。", code="unsafe")
        about = _read_json(folder / "about.json")
        if about != {"layout": LAYOUT, "rules": self._segmenter.signature}:
            raise IndexUnavailable("搜索索引由旧规则建立，需要重建。", code="old")
        return folder

    def _state(self) -> str:
        """Return folder and generation, cheaply: reads one small file and lists one folder."""
        name = self._pointer()
        if name is None:
            raise IndexUnavailable("搜索索引还没有建立。", code="missing")
        with os.scandir(self._folder / name) as files:
            tables = [file.name for file in files if file.name.endswith(".toc")]
        return f"{name}:{max(tables, key=_toc_number)}"

    def _keep(self, folder: Path) -> None:
        """Compile all segments of a new index, one at a time, and keep them joined in one file."""
        parts = []
        reader = _opened(folder).reader()
        try:
            for number, leaf in enumerate(_leaves(reader)):
                # Each is put away before the next: memory holds one.
                part = folder / f"part-{number}"
                save(part, [_segment(leaf)])
                parts.append(load(part))
        finally:
            reader.close()
        if parts:
            save(_kept_in(folder, parts), parts)
        for part in folder.glob("part-*"):
            part.unlink()

    def _segments(self, known: Sequence[SegmentData]) -> list[SegmentData]:
        """Return the segments of the index: those known, those kept in files, the others compiled."""
        folder = self._current()
        reader = _opened(folder).reader()
        try:
            leaves = {leaf.segment().segment_id(): leaf for leaf in _leaves(reader)}
            deleted = {name: frozenset(leaf.segment().deleted_docs()) for name, leaf in leaves.items()}
            found: list[SegmentData] = []
            for one in (*known, *_kept(folder, {_kept_in(folder, [one]) for one in known})):
                have = {name for other in found for name in other.names}
                if deleted.keys() >= set(one.names) and not have & set(one.names):
                    found.append(one)
            have = {name for one in found for name in one.names}
            new = [_segment(leaf) for name, leaf in leaves.items() if name not in have]
        finally:
            reader.close()
        return [
            one.with_deleted({name: deleted[name] for name in one.names if deleted[name]})
            for one in (*found, *_together(folder, new))
        ]


def _leaves(reader: Any) -> list[Any]:
    """Return the readers of the segments; an empty index has one without a segment."""
    return [leaf for leaf, _ in reader.leaf_readers() if leaf.segment() is not None]


def _kept_in(folder: Path, parts: Sequence[SegmentData]) -> Path:
    """Name the file of some segments."""
    names = " ".join(name for part in parts for name in part.names)
    return folder / f"units-{sha256(names.encode()).hexdigest()[:16]}"


def _kept(folder: Path, known: Container[Path]) -> Iterator[SegmentData]:
    """Map the files of compiled segments that are not known; one that is not whole is taken away."""
    files = sorted(folder.glob("units-*"), key=lambda path: -path.stat().st_size)
    for path in (file for file in files if file not in known):
        try:
            yield load(path)
        except (NotWhole, OSError, ValueError, KeyError):
            path.unlink(missing_ok=True)


def _together(folder: Path, new: list[SegmentData]) -> list[SegmentData]:
    """Keep what was compiled in a file if it is much; what cannot be written is searched from memory."""
    if sum(one.size for one in new) < _WORTH_KEEPING:
        return new
    path = _kept_in(folder, new)
    try:
        save(path, new)
        return [load(path)]
    except OSError:
        return new


def _remove_kept(folder: Path) -> None:
    for path in folder.glob("units-*"):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _unavailable_on_failure() -> Iterator[None]:
    """Turn whatever a damaged index may raise into the one error that callers expect."""
    try:
        yield
    except IndexUnavailable:
        raise
    except Exception as error:
        raise IndexUnavailable("搜索索引不可用，需要重建。", code="damaged") from error


@contextlib.contextmanager
def _writing(opened: Any, *, optimize: bool = False, merge: bool = True) -> Iterator[Any]:
    """Give a writer, commit at the end; on any failure cancel it, or its lock would stay for ever."""
    writer = opened.writer(timeout=_LOCK_WAIT, codec=_Codec(blocklimit=65536, compression=0))
    writer.pool = _Pool()
    try:
        yield writer
        writer.commit(optimize=optimize, merge=merge)
    except BaseException:
        with contextlib.suppress(IndexingError, OSError):
            writer.cancel()
        raise


def _opened(folder: Path) -> Any:
    """Open an index; another process's commit may just be replacing its files, so try again."""
    pause = _OPEN_PAUSE
    for _ in range(_OPEN_TRIES - 1):
        try:
            return whoosh_index.open_dir(str(folder))
        except FileNotFoundError:
            time.sleep(pause)
            pause *= 2
    return whoosh_index.open_dir(str(folder))


def _toc_number(name: str) -> int:
    digits = name.removesuffix(".toc").rpartition("_")[2]
    return int(digits) if digits.isdigit() else -1


def _segment(reader: Any) -> SegmentData:
    """Compile one of Whoosh's segments."""
    about = [reader.stored_fields(number)["about"] for number in range(reader.doc_count_all())]
    keys: list[str] = []
    tags: list[int] = []
    sets: dict[tuple[str, ...], int] = {}
    places = []
    for key, _, carried, *_ in about:
        # The units of an entry come one after another.
        if not keys or keys[-1] != key:
            keys.append(key)
            tags.append(sets.setdefault(tuple(carried), len(sets)))
        places.append(len(keys) - 1)
    numbers = {
        family: np.array([n for n, one in enumerate(about) if one[1] == family], dtype=np.int32)
        for family in FIRST_KINDS
    }
    texts = {family: Texts.of([about[n][3] for n in held.tolist()]) for family, held in numbers.items()}
    asked = [about[n] for n in numbers["question"].tolist()]
    # Most questions are written as they are searched; only the others are kept twice.
    otherwise = [unit for unit, one in enumerate(asked) if one[4] != one[3]]
    return SegmentData(
        names=(reader.segment().segment_id(),),
        keys=np.array([key.encode() for key in keys], dtype=bytes),
        tags=np.array(tags, dtype=np.uint16),
        tag_sets=tuple(frozenset(one) for one in sets),
        owners={family: np.array(places, dtype=np.int32)[held] for family, held in numbers.items()},
        documents=numbers,
        begins={family: (0, len(held)) for family, held in numbers.items()},
        texts=texts,
        raw=Texts.of([asked[unit][4] for unit in otherwise]),
        raw_units=np.array(otherwise, dtype=np.int32),
        fields={(family, kind): _postings(reader, family, kind, numbers[family]) for family, kind in FIELDS},
        spread=spread_of(texts["text"]),
    )


def _postings(reader: Any, family: str, kind: str, numbers: Any) -> Postings:
    """Read one field of a segment, term by term, into arrays in the order of the terms' codes."""
    field = f"{family}_{kind}"
    terms: list[str] = []
    sizes: list[int] = []
    documents, counts = array("I"), array("f")
    for term, info in reader.iter_field(field):
        before = len(documents)
        if info.is_inlined():
            ids, weights, _ = info.inlined_postings()
            documents.extend(ids)
            counts.extend(weights)
        else:
            _read_blocks(reader, field, term, documents, counts)
        terms.append(term.decode("utf-8", "surrogatepass"))
        sizes.append(len(documents) - before)
    codes = np.array([code_of(term) for term in terms], dtype=np.uint64)
    order = np.argsort(codes)
    held = np.array(sizes, dtype=np.int64)
    # Postings of a term stay together; the terms change places.
    begins = np.cumsum(held) - held
    moved = np.cumsum(held[order]) - held[order]
    at = np.repeat(begins[order] - moved, held[order]) + np.arange(len(documents))
    units = numbers.searchsorted(np.frombuffer(documents, dtype=np.uint32)[at]) if len(at) else at
    frequencies = np.frombuffer(counts, dtype=np.float32)[at] if len(at) else np.zeros(0, np.float32)
    blocks = -(-len(numbers) // BLOCK)
    block_of = np.repeat(np.arange(len(terms)), held[order]) * blocks + units // BLOCK
    in_block = np.bincount(block_of, minlength=len(terms) * blocks)
    lengths = np.bincount(units, weights=frequencies, minlength=len(numbers))
    unknown = np.zeros(0, np.float32)
    return Postings(
        codes=codes[order],
        offsets=np.minimum(np.arange(blocks + 1) * BLOCK, len(numbers)),
        starts=np.concatenate([[0], np.cumsum(in_block)]).astype(np.uint32),
        units=(units % BLOCK).astype(np.uint16),
        counts=frequencies.clip(0, 255).astype(np.uint8),
        lengths=lengths.clip(0, 65535).astype(np.uint16),
        mass=unknown,
        norm=unknown,
        terms=in_lines([terms[n] for n in order] if kind == "words" else []),
    )


def _read_blocks(reader: Any, field: str, term: bytes, documents: Any, counts: Any) -> None:
    """Add a term's postings, block by block: five times faster than stepping through the matcher.

    Deleted documents are included; the snapshot knows who is deleted.
    """
    matcher = reader._terms.matcher(field, term, reader.schema[field].format)
    while matcher.is_active():
        matcher._read_ids()
        matcher._read_weights()
        documents.extend(matcher._ids)
        counts.extend(matcher._weights)
        matcher._next_block()


def _until_full(first: Document, others: Iterator[Document]) -> Iterator[Document]:
    """Yield documents until their units fill a segment."""
    held = 0
    for document in itertools.chain([first], others):
        yield document
        held += 2 + len(document.phrasings)
        if held >= _SEGMENT:
            return


class _Codec(W3Codec):  # type: ignore[misc]
    """Whoosh's own, without the lengths of fields, which we count ourselves."""

    length_stats = False

    def field_writer(self, storage: Any, segment: Any) -> Any:
        return _FieldWriter(self, storage, segment)


def _put(writer: Any, key: str, about: tuple[Any, ...], counted: Mapping[str, Mapping[str, int]]) -> None:
    """Add a document as Whoosh's ``add_document`` would, without a step for every single posting."""
    number, held = writer.docnum, writer.perdocwriter
    writer.pool.put("key", number, {key: 1})
    for field, counts in counted.items():
        writer.pool.put(field, number, counts)
    held.start_doc(number)
    held.add_field("about", writer.schema["about"], about, 0)
    held.finish_doc()
    writer.docnum += 1
    writer._added = True


class _Pool:
    """Gathers postings in arrays, a pair for each term, in place of Whoosh's sorted list of tuples."""

    def __init__(self) -> None:
        self._fields: defaultdict[str, dict[str, tuple[Any, Any]]] = defaultdict(dict)

    def put(self, field: str, document: int, counts: Mapping[str, int]) -> None:
        """Take in all terms of a document's field; documents come in ascending order."""
        terms = self._fields[field]
        for term, count in counts.items():
            held = terms.get(term)
            if held is None:
                held = terms[term] = (array("I"), array("H"))
            held[0].append(document)
            held[1].append(min(count, 65535))

    def add(self, item: tuple[str, bytes, int, float, bytes]) -> None:
        """Take in one posting of a segment that is merged: field, term, document, weight, nothing."""
        field, term, document, weight, _ = item
        self.put(field, document, {term.decode("utf-8", "surrogatepass"): int(weight)})

    def iter_postings(self) -> Iterator[tuple[str, bytes, Any, Any]]:
        """Yield field, term, documents and weights, in order."""
        for field in sorted(self._fields):
            terms = self._fields[field]
            for term in sorted(terms):
                documents, counts = terms.pop(term)
                yield field, term.encode("utf-8", "surrogatepass"), documents, array("f", counts)

    def cleanup(self) -> None:
        """Forget everything."""
        self._fields.clear()


class _FieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Writes whole postings of a term, as `_Pool` gives them, instead of one by one."""

    def add_postings(self, schema: Any, lengths: Any, items: Iterable[tuple[str, bytes, Any, Any]]) -> None:
        """Write what the pool holds."""
        del lengths
        for field, terms in itertools.groupby(items, key=lambda item: item[0]):
            self.start_field(field, schema[field])
            for _, term, documents, weights in terms:
                self.start_term(term)
                self._write(documents, weights)
                self.finish_term()
            self.finish_field()

    def _write(self, documents: Any, weights: Any) -> None:
        """Hand a block to the writer of postings as if it had come in one by one."""
        writer, most = self._postwriter, self._postwriter._blocklimit
        for first in range(0, len(documents), most):
            if first:
                writer._write_block()
            writer._ids, writer._weights = documents[first : first + most], weights[first : first + most]
            writer._maxweight = max(writer._weights)


def _write_json(path: Path, value: Any) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(value), encoding="utf-8")
    draft.replace(path)


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
