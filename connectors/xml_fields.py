"""What fields does a small XML document from outside have? Safely, and exactly as they were sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connectors.errors import PayloadError

MAX_DEPTH = 12


@dataclass(frozen=True)
class Node:
    """An element: its text as sent, and the elements in it."""

    text: str
    children: tuple[tuple[str, "Node"], ...] = ()

    def all(self, *path: str) -> Iterator["Node"]:
        """Every element at the end of this path, in the order they were sent."""
        if not path:
            yield self
            return
        for name, child in self.children:
            if name == path[0]:
                yield from child.all(*path[1:])

    def at(self, *path: str) -> str:
        """The text of the first element there; empty where there is none."""
        return next((node.text for node in self.all(*path)), "")


def fields_of(document: str, root: str = "xml") -> dict[str, str]:
    """Top-level elements with their text, white space and emoji kept. Nested ones are left out.

    A declared encoding is ignored: the text has been decoded already. Raises PayloadError for anything
    but one flat document: broken, with a DOCTYPE, too deep, or with an element given twice.
    """
    return {name: "" if node.children else node.text for name, node in tree_of(document, root).children}


def tree_of(document: str, root: str = "xml") -> Node:
    """The whole document, nested elements included; otherwise as `fields_of`."""
    try:
        tree = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise PayloadError("not XML") from None
    if tree.tag != root or _deeper_than(tree, MAX_DEPTH):
        raise PayloadError("not the expected XML")
    names: set[str] = set()
    for element in tree:
        if element.tag in names:
            raise PayloadError(f"given twice: {element.tag[:40]}")
        names.add(element.tag)
    return _node(tree)


def _node(element: Element) -> Node:
    """Recursion is safe here: the depth has been checked."""
    return Node(element.text or "", tuple((child.tag, _node(child)) for child in element))


def _deeper_than(tree: Element, limit: int) -> bool:
    """Walk level by level: recursion would fail on the very documents this is to catch."""
    level = [tree]
    for _ in range(limit):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True
