"""How do we describe our data to programs: Data Package (v2), CSVW, DCAT 3 (JSON-LD and Turtle), schema.org?"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.opendata.datasets import SMALL, Dataset
from app.opendata.fields import Column
from app.opendata.formats import plain
from app.opendata.licences import USUAL, Licence

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
RESOURCE_PROFILE = "https://datapackage.org/profiles/2.0/dataresource.json"
SCHEMA_PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"

MEDIA_TYPES: Mapping[str, str] = {"csv": "text/csv", "jsonl": "application/jsonl"}
"""Of the files each data set has, by ending."""


@dataclass(frozen=True)
class Publisher:
    """Who gives the data away, under which address and which licence."""

    name: str
    address: str
    licence: Licence = USUAL


@dataclass(frozen=True)
class File:
    """A file as it is at one moment."""

    name: str
    rows: int
    bytes: int
    sha256: str


def data_package(
    publisher: Publisher,
    datasets: Iterable[Dataset],
    changed_at: datetime | None,
    files: Mapping[str, File] | None = None,
) -> dict[str, Any]:
    """`datapackage.json`: one resource per data set with the schema of its CSV.

    ``files``: by name, where size and digest of exactly these files are known.
    """
    package = {
        "$schema": PROFILE,
        "name": "huiying-open-data",
        "title": f"{publisher.name}留言回应开放数据",
        "homepage": f"{publisher.address}/data",
        "contributors": [{"title": publisher.name, "roles": ["publisher"]}],
        "licenses": [publisher.licence.told],
        "resources": [
            _resource(publisher, dataset, (files or {}).get(f"{dataset.name}.csv")) for dataset in datasets
        ],
    }
    return package | ({"created": plain(changed_at)} if changed_at else {})


def _resource(publisher: Publisher, dataset: Dataset, file: File | None) -> dict[str, Any]:
    known = {"bytes": file.bytes, "hash": f"sha256:{file.sha256}", "rows": file.rows} if file else {}
    method = {"method": dataset.method, "method_en": dataset.method_en} if dataset.method else {}
    return (
        known
        | method
        | {
            "$schema": RESOURCE_PROFILE,
            "name": dataset.name,
            "title": dataset.title,
            "title_en": dataset.title_en,
            "description": dataset.description,
            "description_en": dataset.description_en,
            "quality": dataset.quality,
            "quality_en": dataset.quality_en,
            "path": f"{dataset.name}.csv",
            "type": "table",
            "format": "csv",
            "mediatype": MEDIA_TYPES["csv"],
            "encoding": "utf-8",
            "homepage": publisher.address + dataset.page,
            "schema": {
                "$schema": SCHEMA_PROFILE,
                "fields": [_field(column) for column in dataset.columns],
                "primaryKey": [dataset.key],
                "missingValues": ["", SMALL],
            },
        }
    )


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "title": column.title,
        "title_en": column.title_en,
        "type": column.type,
        "description": column.description,
        "description_en": column.description_en,
        "example": column.example,
    }
    if column.type == "datetime":
        field["format"] = "%Y-%m-%dT%H:%M:%S%z"
    # A figure of 1 to 4 is written "<5", which the schema calls missing: it may not be required then.
    if column.required and column.type != "integer":
        field["constraints"] = {"required": True}
    return field


# ------------------------------------------------------------------ CSVW

CSVW_TYPES: Mapping[str, str] = {
    "string": "string",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
    "date": "date",
    "datetime": "dateTimeStamp",
}


def csvw(publisher: Publisher, dataset: Dataset) -> dict[str, Any]:
    """`<set>.csv-metadata.json`: the table as the W3C's Metadata Vocabulary for Tabular Data describes it."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "zh"}],
        "url": f"{dataset.name}.csv",
        "dc:title": [_zh(dataset.title), _en(dataset.title_en)],
        "dc:description": [_zh(dataset.description), _en(dataset.description_en)],
        "dc:publisher": publisher.name,
        "dc:license": {"@id": publisher.licence.path},
        "dialect": {"encoding": "utf-8", "header": True, "lineTerminators": ["\r\n"]},
        "tableSchema": {
            "columns": [_csvw_column(column) for column in dataset.columns],
            "primaryKey": dataset.key,
        },
    }


def _csvw_column(column: Column) -> dict[str, Any]:
    told = {
        "name": column.name,
        "titles": column.name,
        "dc:title": [_zh(column.title), _en(column.title_en)],
        "dc:description": [_zh(column.description), _en(column.description_en)],
        "datatype": CSVW_TYPES[column.type],
        "null": ["", SMALL] if column.type in {"integer", "number"} else [""],
    }
    return told | ({"required": True} if column.required and column.type != "integer" else {})


# ------------------------------------------------------------------ schema.org


def schema_org(publisher: Publisher, datasets: Iterable[Dataset]) -> dict[str, Any]:
    """The data page for search engines: a DataCatalog with its Datasets."""
    home = f"{publisher.address}/data"
    maker = {"@type": "GovernmentOrganization", "name": publisher.name, "url": publisher.address}
    return {
        "@context": "https://schema.org",
        "@type": "DataCatalog",
        "@id": home,
        "name": f"{publisher.name}留言回应开放数据",
        "url": home,
        "license": publisher.licence.path,
        "publisher": maker,
        "dataset": [
            {
                "@type": "Dataset",
                "@id": f"{home}#{dataset.name}",
                "name": dataset.title,
                "alternateName": dataset.title_en,
                "description": f"{dataset.description}{dataset.quality}",
                "url": f"{home}/{dataset.name}",
                "license": publisher.licence.path,
                "isAccessibleForFree": True,
                "inLanguage": "zh-CN",
                "creator": maker,
                "distribution": [
                    {
                        "@type": "DataDownload",
                        "contentUrl": f"{home}/{dataset.name}.{ending}",
                        "encodingFormat": media_type,
                    }
                    for ending, media_type in MEDIA_TYPES.items()
                ],
            }
            for dataset in datasets
        ],
    }


# ------------------------------------------------------------------ DCAT 3

CONTEXT: Mapping[str, Any] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dct:issued": {"@type": "xsd:dateTime"},
    "dct:modified": {"@type": "xsd:dateTime"},
    "dct:license": {"@type": "@id"},
    "dct:accrualPeriodicity": {"@type": "@id"},
    "dct:conformsTo": {"@type": "@id"},
    "dcat:accessURL": {"@type": "@id"},
    "dcat:downloadURL": {"@type": "@id"},
    "dcat:landingPage": {"@type": "@id"},
    "dcat:endpointURL": {"@type": "@id"},
    "dcat:endpointDescription": {"@type": "@id"},
    "dcat:mediaType": {"@type": "@id"},
    "foaf:homepage": {"@type": "@id"},
}
FREQUENCIES: Mapping[str, str] = {
    "随时": "http://publications.europa.eu/resource/authority/frequency/UPDATE_CONT",
    "每天": "http://publications.europa.eu/resource/authority/frequency/DAILY",
}


def dcat(
    publisher: Publisher, datasets: Iterable[Dataset], changed: Mapping[str, datetime | None]
) -> dict[str, Any]:
    """`catalog.jsonld`: a DCAT 3 catalogue with a data set, its distributions and its feed of changes."""
    home = publisher.address
    datasets = list(datasets)
    return {
        "@context": dict(CONTEXT),
        "@id": f"{home}/data/catalog.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": [_zh(f"{publisher.name}留言回应开放数据"), _en("Replies to citizens' letters")],
        "dct:description": [
            _zh("办结的来信默认公开；整批下载，或只取有变化的部分"),
            _en("Closed letters are public by default; whole files, or only what changed"),
        ],
        "dct:language": "zh",
        "dct:license": publisher.licence.path,
        "foaf:homepage": f"{home}/data",
        "dct:publisher": _agent(publisher),
        "dcat:dataset": [_dataset(publisher, dataset, changed.get(dataset.name)) for dataset in datasets],
        "dcat:service": [_open311(publisher)],
    }


def _dataset(publisher: Publisher, dataset: Dataset, changed_at: datetime | None) -> dict[str, Any]:
    home = f"{publisher.address}/data"
    described = {
        "@id": f"{home}#{dataset.name}",
        "@type": "dcat:Dataset",
        "dct:identifier": dataset.name,
        "dct:title": [_zh(dataset.title), _en(dataset.title_en)],
        "dct:description": [_zh(dataset.description), _en(dataset.description_en)],
        "dct:provenance": {
            "@type": "dct:ProvenanceStatement",
            "rdfs:label": [
                _zh(f"{dataset.quality}{dataset.method}"),
                _en(f"{dataset.quality_en} {dataset.method_en}".strip()),
            ],
        },
        "dcat:keyword": [_zh(dataset.title), _en(dataset.title_en)],
        "dct:publisher": {"@id": f"{publisher.address}/#publisher"},
        "dct:license": publisher.licence.path,
        "dct:accrualPeriodicity": FREQUENCIES[dataset.frequency],
        "dcat:landingPage": publisher.address + dataset.page,
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": publisher.name,
            "vcard:hasURL": {"@id": f"{publisher.address}/write"},
        },
        "dcat:distribution": [
            {
                "@id": f"{home}/{dataset.name}.{ending}",
                "@type": "dcat:Distribution",
                "dct:title": _zh(f"{dataset.title}（{ending.upper()}）"),
                "dct:license": publisher.licence.path,
                "dct:conformsTo": f"{home}/{dataset.name}.csv-metadata.json",
                "dcat:accessURL": f"{home}/{dataset.name}",
                "dcat:downloadURL": f"{home}/{dataset.name}.{ending}",
                "dcat:mediaType": f"https://www.iana.org/assignments/media-types/{media_type}",
            }
            for ending, media_type in MEDIA_TYPES.items()
        ],
    }
    return described | ({"dct:modified": plain(changed_at)} if changed_at else {})


def _open311(publisher: Publisher) -> dict[str, Any]:
    return {
        "@id": f"{publisher.address}/open311/v2/",
        "@type": "dcat:DataService",
        "dct:title": _zh("Open311 GeoReport v2"),
        "dct:conformsTo": "https://wiki.open311.org/GeoReport_v2/",
        "dcat:endpointURL": f"{publisher.address}/open311/v2/",
        "dcat:endpointDescription": f"{publisher.address}/open311/v2/services.json",
        "dcat:servesDataset": {"@id": f"{publisher.address}/data#cases"},
    }


def _agent(publisher: Publisher) -> dict[str, Any]:
    return {
        "@id": f"{publisher.address}/#publisher",
        "@type": "foaf:Agent",
        "foaf:name": _zh(publisher.name),
        "foaf:homepage": f"{publisher.address}/",
    }


def _zh(text: str) -> dict[str, str]:
    return {"@language": "zh", "@value": text}


def _en(text: str) -> dict[str, str]:
    return {"@language": "en", "@value": text}


# ------------------------------------------------------------------ the same catalogue as Turtle


def turtle(document: Mapping[str, Any]) -> str:
    """Our own JSON-LD (flat prefixes, typed terms in its context) as Turtle; the same triples."""
    context = document["@context"]
    prefixes = {name: address for name, address in context.items() if isinstance(address, str)}
    typed = {name: rule["@type"] for name, rule in context.items() if isinstance(rule, Mapping)}
    lines = [f"@prefix {name}: <{address}> ." for name, address in prefixes.items()]
    waiting = [{key: value for key, value in document.items() if key != "@context"}]
    while waiting:
        node = waiting.pop(0)
        if len(node) > 1:
            lines.append(f"<{_iri(node['@id'])}> {_stated(node, typed, waiting)} .")
    return "\n".join(lines) + "\n"


def _stated(node: Mapping[str, Any], typed: Mapping[str, str], waiting: list[Any]) -> str:
    said = []
    for name, value in node.items():
        if name == "@type":
            said.append(f"a {value}")
        elif name != "@id":
            values = value if isinstance(value, list) else [value]
            told = ", ".join(_object(one, typed.get(name, ""), typed, waiting) for one in values)
            said.append(f"{name} {told}")
    return " ;\n  ".join(said)


def _object(value: Any, kind: str, typed: Mapping[str, str], waiting: list[Any]) -> str:
    if isinstance(value, Mapping):
        if "@value" in value:
            return f"{_quoted(value['@value'])}@{value['@language']}"
        if "@id" not in value:
            return f"[ {_stated(value, typed, waiting)} ]"
        waiting.append(value)
        return f"<{_iri(value['@id'])}>"
    if kind == "@id":
        return f"<{_iri(value)}>"
    return _quoted(value) + (f"^^{kind}" if kind else "")


def _quoted(text: str) -> str:
    """A Turtle string: JSON's escapes are Turtle's too."""
    return json.dumps(text, ensure_ascii=False)


_NO_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')


def _iri(text: str) -> str:
    return _NO_IRI.sub(lambda found: f"%{ord(found[0]):02X}", text)
