"""What can be refused, and what should be done then?

AppError
├── Invalid       the input is wrong; `field` says where              400 / 422
├── NotAllowed    this person may not do this                          403
├── NotFound      there is no such thing, or it is not theirs to see   404
├── Conflict      it was right a moment ago; somebody was faster       409
├── TooMany       try again later; `retry_after` in seconds            429
└── Unavailable   something we stand on is away; nothing is lost       503

Each carries a sentence in Chinese that says what happened and what to do. Doors turn errors into
statuses in one table (`app/web/errors.py`); nothing else catches them.
"""


class AppError(Exception):
    """A refusal with a sentence for the person, the field it is about, and a code for programs."""

    code = "error"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code or type(self).code


class Invalid(AppError):
    code = "invalid"


class NotAllowed(AppError):
    code = "not_allowed"


class NotFound(AppError):
    code = "not_found"


class Conflict(AppError):
    code = "conflict"


class TooMany(AppError):
    code = "too_many"

    def __init__(self, message: str, *, retry_after: int = 60, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.retry_after = retry_after


class Unavailable(AppError):
    code = "unavailable"
