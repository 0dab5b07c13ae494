"""Do the validators of the field find no fault in what we publish, and do they find one that is there?"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import jsonschema
import pytest
from csvw import CSVW
from lxml import etree
from pyshacl import validate as shacl
from rdflib import Graph
from rdflib.compare import isomorphic

from app.opendata import feed, queries
from app.opendata.catalog import Publisher, csvw, dcat, schema_org, turtle
from app.opendata.datasets import DATASETS
from app.opendata.formats import csv_lines
from app.opendata.service import withdraw
from app.statistics.service import SOURCES
from tests.closing import published
from tests.conftest import NOW, TheOffice

CITY = Publisher("云泽市“政务”服务办公室", "https://hy.example")
HERE = Path(__file__).parent
HOSTILE = '=1+1 他说"好"，\n第二行<b>&amp;\\，居住证怎么办？'
# JSON Feed 1.1 (jsonfeed.org/version/1.1), the parts that must and those we use.
JSON_FEED: dict[str, Any] = {
    "type": "object",
    "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string", "minLength": 1},
        "home_page_url": {"type": "string", "format": "uri"},
        "feed_url": {"type": "string", "format": "uri"},
        "language": {"type": "string", "pattern": "^[a-z]{2}(-[A-Z]{2})?$"},
        "authors": {"$ref": "#/$defs/authors"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
    },
    "patternProperties": {"^_": {"type": "object"}},
    "additionalProperties": False,
    "$defs": {
        "authors": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "anyOf": [{"required": ["name"]}, {"required": ["url"]}]},
        },
        "item": {
            "type": "object",
            "required": ["id"],
            "anyOf": [{"required": ["content_text"]}, {"required": ["content_html"]}],
            "properties": {
                "id": {"type": "string", "minLength": 1},
                "url": {"type": "string"},
                "title": {"type": "string"},
                "content_text": {"type": "string"},
                "date_published": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"},
                "date_modified": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"},
                "authors": {"$ref": "#/$defs/authors"},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
            "additionalProperties": False,
        },
    },
}  # fmt: skip


@pytest.fixture
def filled(sqlite_office: TheOffice) -> TheOffice:
    """Public cases with what is hard to write in every shape, and one that was withdrawn."""
    with sqlite_office.db.writing() as session:
        for number in range(2):
            published(session, sqlite_office, now=NOW + timedelta(minutes=number), text=HOSTILE)
        gone = published(session, sqlite_office)
        withdraw(session, NOW, None, gone.number, reason="requested")
    return sqlite_office


def test_csvw_finds_no_fault_in_any_table(filled: TheOffice, tmp_path: Path) -> None:
    with filled.db.reading() as session:
        for name, source in SOURCES.items():
            lines = csv_lines(DATASETS[name].names, source.rows(session, NOW, CITY.address))
            (tmp_path / f"{name}.csv").write_text("".join(lines), "utf-8", newline="")
            described = tmp_path / f"{name}.csv-metadata.json"
            described.write_text(json.dumps(csvw(CITY, DATASETS[name])), "utf-8")
            read = CSVW(str(described), validate=True)
            assert read.is_valid, (name, [str(said.message) for said in read.warnings])


def test_csvw_does_find_a_fault(tmp_path: Path) -> None:
    names = DATASETS["accounts"].names
    row = {**dict.fromkeys(names, "x"), "opened_on": "gestern"}
    (tmp_path / "accounts.csv").write_text("".join(csv_lines(names, [row])), "utf-8", newline="")
    described = tmp_path / "accounts.csv-metadata.json"
    described.write_text(json.dumps(csvw(CITY, DATASETS["accounts"])), "utf-8")
    assert not CSVW(str(described), validate=True).is_valid


def catalogue() -> dict[str, Any]:
    return dcat(CITY, DATASETS.values(), {"cases": NOW})


def test_the_catalogue_has_the_shape_of_dcat_3() -> None:
    graph = Graph().parse(data=json.dumps(catalogue()), format="json-ld")
    conforms, _, words = shacl(graph, shacl_graph=str(HERE / "shapes.ttl"), shacl_graph_format="turtle")
    assert conforms, words


@pytest.mark.parametrize("missing", ["dct:license", "dcat:distribution", "dct:provenance"])
def test_the_shapes_do_find_a_fault(missing: str) -> None:
    told = catalogue()
    told["dcat:dataset"][0] = {
        name: value for name, value in told["dcat:dataset"][0].items() if name != missing
    }
    graph = Graph().parse(data=json.dumps(told), format="json-ld")
    assert not shacl(graph, shacl_graph=str(HERE / "shapes.ttl"), shacl_graph_format="turtle")[0]


def test_turtle_says_the_same_as_json_ld() -> None:
    told = catalogue()
    as_json = Graph().parse(data=json.dumps(told), format="json-ld")
    as_turtle = Graph().parse(data=turtle(told), format="turtle")
    assert len(as_turtle) > 100
    assert isomorphic(as_json, as_turtle)


def entries(office: TheOffice) -> list[feed.Entry]:
    with office.db.reading() as session:
        return queries.feed_entries(session, CITY.address)


def test_the_atom_feed_is_one_by_the_letter_of_the_rfc(filled: TheOffice) -> None:
    schema = etree.RelaxNG(etree.parse(str(HERE / "atom.rng")))
    address = f"{CITY.address}/data/cases.atom"
    written = feed.atom("公开办件", CITY.name, CITY.address, address, NOW, entries(filled))
    assert schema.validate(etree.fromstring(written)), schema.error_log
    wrong = written.replace(b"<updated>", b"<changed>").replace(b"</updated>", b"</changed>")
    assert not schema.validate(etree.fromstring(wrong))
    read = feedparser.parse(written)
    assert not read.bozo and len(read.entries) == 2
    assert all(entry.title and entry.link.startswith(CITY.address) for entry in read.entries)


def test_the_json_feed_is_one_by_its_specification(filled: TheOffice) -> None:
    told = feed.json_feed(
        "公开办件",
        CITY.name,
        f"{CITY.address}/cases",
        f"{CITY.address}/data/cases.feed.json",
        entries(filled),
    )
    jsonschema.validate(told, JSON_FEED)
    assert len(told["items"]) == 2 and len(told["_huiying"]["withdrawn"]) == 1
    assert set(told["_huiying"]["withdrawn"][0]) == {"id", "at", "reason"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**told, "items": [{"url": "x"}]}, JSON_FEED)


def test_search_engines_find_every_data_set_with_its_files_and_licence() -> None:
    told = schema_org(CITY, DATASETS.values())
    assert [one["@id"] for one in told["dataset"]] == [f"{CITY.address}/data#{name}" for name in DATASETS]
    for one in told["dataset"]:
        # What Google's structured data guide asks of a Dataset: a description of 50 to 5000 characters.
        assert 20 <= len(one["description"]) <= 5000 and one["license"] and len(one["distribution"]) == 2
