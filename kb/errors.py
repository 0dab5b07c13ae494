"""What can the library refuse, or fail to do?

LibraryError
├── EntryInvalid        the content of an entry is incomplete or contradicts itself
├── EntryConflict       the step is not possible in the entry's present state
├── EntryNotFound
└── IndexUnavailable    no usable search index: the caller rebuilds it
"""


class LibraryError(Exception):
    """Base of all; ``message_zh`` says to the person what is wrong and what to do."""

    def __init__(self, message_zh: str, *, code: str = "", field: str | None = None) -> None:
        super().__init__(message_zh)
        self.message_zh = message_zh
        self.code = code
        self.field = field


class EntryInvalid(LibraryError):
    """A field of an entry is missing or wrong; ``field`` names it."""


class EntryConflict(LibraryError):
    """The step cannot be taken now: already published, not submitted, replaced by a newer version."""


class EntryNotFound(LibraryError):
    """There is no such entry or version."""


class IndexUnavailable(LibraryError):
    """The search index is missing, damaged, made by other rules, or being written by another process."""
