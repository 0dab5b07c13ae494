"""What a person may configure, meet or plug in is in a README, and the README says nothing else."""

from connectors.corrections.connector import COLUMNS as CORRECTIONS
from connectors.errors import ERROR_CLASSES
from connectors.hotline.connector import COLUMNS as HOTLINE
from connectors.registry import PLATFORMS
from connectors.sandbox.server import FAULTS
from connectors.tables import Column
from tests.connectors.samples import FOLDER

README = (FOLDER / "README.md").read_text("utf-8")


def test_the_readme_names_every_platform_class_of_error_and_fault() -> None:
    for row in PLATFORMS.values():
        assert f"| {row.label} | `{row.key}` |" in README
    for name in (*ERROR_CLASSES, *FAULTS):
        assert f"`{name}`" in README


def test_the_headers_that_are_understood_are_in_the_readme_of_their_platform() -> None:
    for folder, columns in (("corrections", CORRECTIONS), ("hotline", HOTLINE)):
        readme = (FOLDER / folder / "README.md").read_text("utf-8")
        for column in columns:
            assert _is_named(column, readme), f"{folder}: {column.headers[0]}"


def _is_named(column: Column, readme: str) -> bool:
    return column.headers[0] in readme
