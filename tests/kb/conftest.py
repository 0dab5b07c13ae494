"""A library of its own for these tests: kb is usable without the app."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel, create_engine

import kb.models as models

TABLES = [
    model.__table__
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, SQLModel) and hasattr(model, "__table__")
]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Session]:
    """A session on an empty library."""
    engine = create_engine(f"sqlite:///{tmp_path / 'library.db'}")
    SQLModel.metadata.create_all(engine, tables=TABLES)
    with Session(engine) as session:
        yield session
    engine.dispose()
