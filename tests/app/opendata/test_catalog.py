"""Does what we say of our data hold when clients that nobody of the project wrote read it?"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from frictionless import Package, validate
from rdflib import Graph, Namespace
from rdflib.namespace import DCAT, DCTERMS, RDF

from app.opendata.catalog import Publisher, data_package, dcat
from app.opendata.datasets import DATASETS
from app.opendata.formats import csv_lines
from app.opendata.queries import SOURCES
from app.opendata.service import withdraw
from app.statistics.service import SOURCES as ALL_SOURCES
from tests.closing import published
from tests.conftest import NOW, TheOffice

CITY = Publisher("云泽市政务服务办公室", "https://hy.example")
AT = datetime(2026, 10, 9, 2, 42, tzinfo=UTC)
SCHEMA = Namespace("http://www.w3.org/ns/dcat#")


@pytest.mark.parametrize("is_filled", [False, True], ids=["before the first publication", "with rows"])
def test_frictionless_finds_no_fault_in_package_and_files(
    sqlite_office: TheOffice, tmp_path: Path, is_filled: bool
) -> None:
    if is_filled:
        with sqlite_office.db.writing() as session:
            for _ in range(6):
                published(session, sqlite_office, text='=1+1 他说"好"，\n第二行，居住证怎么办？')
            gone = published(session, sqlite_office)
            withdraw(session, NOW, None, gone.number, reason="requested")
    with sqlite_office.db.reading() as session:
        for name, source in ALL_SOURCES.items():
            rows = source.rows(session, NOW, CITY.address)
            (tmp_path / f"{name}.csv").write_text(
                "".join(csv_lines(DATASETS[name].names, rows)), "utf-8", newline=""
            )
    descriptor = tmp_path / "datapackage.json"
    descriptor.write_text(json.dumps(data_package(CITY, DATASETS.values(), AT)), "utf-8")
    report = validate(str(descriptor))
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "message"])[:10]
    package = Package(str(descriptor))
    assert [resource.name for resource in package.resources] == list(DATASETS)
    rows = package.get_resource("cases").read_rows()
    assert len(rows) == (6 if is_filled else 0)
    assert all(row["published_at"].utcoffset().total_seconds() == 8 * 3600 for row in rows)


def test_frictionless_does_find_a_fault(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("number,title\r\n1\r\n", "utf-8")
    descriptor = tmp_path / "datapackage.json"
    descriptor.write_text(json.dumps(data_package(CITY, [DATASETS["cases"]], AT)), "utf-8")
    assert not validate(str(descriptor)).valid


def test_the_catalogue_is_dcat_with_every_data_set_and_file() -> None:
    graph = Graph().parse(data=json.dumps(dcat(CITY, DATASETS.values(), {"cases": AT})), format="json-ld")
    catalogs = list(graph.subjects(RDF.type, DCAT.Catalog))
    datasets = list(graph.objects(catalogs[0], DCAT.dataset))
    assert len(catalogs) == 1 and len(datasets) == len(DATASETS)
    for dataset in datasets:
        assert graph.value(dataset, DCTERMS.license) is not None
        assert graph.value(dataset, DCTERMS.title).language == "zh"
        assert len(list(graph.objects(dataset, DCAT.distribution))) == 2
    downloads = {str(address) for address in graph.objects(None, DCAT.downloadURL)}
    assert downloads == {
        f"https://hy.example/data/{name}.{ending}" for name in DATASETS for ending in ("csv", "jsonl")
    }


def test_every_data_set_has_a_source_and_every_source_its_columns(sqlite_office: TheOffice) -> None:
    assert set(ALL_SOURCES) == set(DATASETS) == {*SOURCES, "statistics", "breakdown"}
    with sqlite_office.db.writing() as session:
        published(session, sqlite_office)
    with sqlite_office.db.reading() as session:
        for name, source in ALL_SOURCES.items():
            for row in source.rows(session, NOW, CITY.address):
                assert tuple(row) == DATASETS[name].names or set(row) == set(DATASETS[name].names)


def test_how_people_were_taken_out_is_told_to_programs_in_both_languages() -> None:
    package = json.dumps(data_package(CITY, DATASETS.values(), NOW), ensure_ascii=False)
    catalogue = json.dumps(dcat(CITY, DATASETS.values(), {}), ensure_ascii=False)
    for told in (package, catalogue):
        assert "没有办理过这件的人逐件确认" in told and "at least five cases share them" in told


def test_every_field_is_explained_with_an_example() -> None:
    for dataset in DATASETS.values():
        assert dataset.key in dataset.names
        assert len(set(dataset.names)) == len(dataset.names)
        for column in dataset.columns:
            assert column.title and column.description, column.name
