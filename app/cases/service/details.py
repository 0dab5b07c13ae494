"""What was written into a form, as a value: words of a certain length, a number within limits."""

from app.base.errors import Invalid


def words_of(value: object, field: str, words: str, longest: int = 500) -> str:
    """``value`` as words, not empty and not too long. Raises `Invalid`."""
    text = str(value).strip()
    if not text:
        raise Invalid(f"请写明{words}", field=field)
    if len(text) > longest:
        raise Invalid(f"{words}最多 {longest} 字，现在有 {len(text)} 字", field=field)
    return text


def number_of(value: object, field: str, words: str, least: int, most: int) -> int:
    """``value`` as a whole number within its limits. Raises `Invalid`."""
    try:
        number = int(str(value))
    except ValueError:
        raise Invalid(f"{words}要写数字", field=field) from None
    if not least <= number <= most:
        raise Invalid(f"{words}要在 {least} 到 {most} 之间", field=field)
    return number
