"""What fields does a small XML document from outside have? Safely, and exactly as they were sent."""

from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connectors.errors import PayloadError

MAX_DEPTH = 12


def fields_of(document: str, root: str = "xml") -> dict[str, str]:
    """Top-level elements with their text, white space and emoji kept. Nested ones are left out.

    A declared encoding is ignored: the text has been decoded already. Raises PayloadError for anything
    but one flat document: broken, with a DOCTYPE, too deep, or with an element given twice.
    """
    try:
        tree = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise PayloadError("not XML") from None
    if tree.tag != root or _deeper_than(tree, MAX_DEPTH):
        raise PayloadError("not the expected XML")
    fields: dict[str, str] = {}
    for element in tree:
        if element.tag in fields:
            raise PayloadError(f"given twice: {element.tag[:40]}")
        fields[element.tag] = "" if len(element) else (element.text or "")
    return fields


def _deeper_than(tree: Element, limit: int) -> bool:
    """Walk level by level: recursion would fail on the very documents this is to catch."""
    level = [tree]
    for _ in range(limit):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True
