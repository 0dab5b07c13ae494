"""How do we describe our data to programs: as a Data Package (v2) and as a DCAT 3 catalogue?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.opendata.datasets import LICENCE, SMALL, Column, Dataset
from app.opendata.formats import plain

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
RESOURCE_PROFILE = "https://datapackage.org/profiles/2.0/dataresource.json"
SCHEMA_PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"

MEDIA_TYPES: Mapping[str, str] = {"csv": "text/csv", "jsonl": "application/jsonl"}
"""Of the files each data set has, by ending."""


@dataclass(frozen=True)
class Publisher:
    """Who gives the data away, and under which address."""

    name: str
    address: str


def data_package(
    publisher: Publisher, datasets: Iterable[Dataset], changed_at: datetime | None
) -> dict[str, Any]:
    """`datapackage.json`: one resource per data set with the schema of its CSV."""
    package = {
        "$schema": PROFILE,
        "name": "huiying-open-data",
        "title": f"{publisher.name}留言回应开放数据",
        "homepage": f"{publisher.address}/data",
        "contributors": [{"title": publisher.name, "roles": ["publisher"]}],
        "licenses": [LICENCE],
        "resources": [_resource(publisher, dataset) for dataset in datasets],
    }
    return package | ({"created": plain(changed_at)} if changed_at else {})


def _resource(publisher: Publisher, dataset: Dataset) -> dict[str, Any]:
    return {
        "$schema": RESOURCE_PROFILE,
        "name": dataset.name,
        "title": dataset.title,
        "description": dataset.description,
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


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "title": column.title,
        "type": column.type,
        "description": column.description,
        "example": column.example,
    }
    if column.type == "datetime":
        field["format"] = "%Y-%m-%dT%H:%M:%S%z"
    # A figure of 1 to 4 is written "<5", which the schema calls missing: it may not be required then.
    if column.required and column.type != "integer":
        field["constraints"] = {"required": True}
    return field


# ------------------------------------------------------------------ DCAT 3

CONTEXT: Mapping[str, Any] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
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
        "dct:title": _zh(f"{publisher.name}留言回应开放数据"),
        "dct:description": _zh("办结的来信默认公开；整批下载，或只取有变化的部分"),
        "dct:language": "zh",
        "dct:license": LICENCE["path"],
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
        "dct:title": _zh(dataset.title),
        "dct:description": _zh(dataset.description),
        "dct:publisher": {"@id": f"{publisher.address}/#publisher"},
        "dct:license": LICENCE["path"],
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
                "dct:license": LICENCE["path"],
                "dcat:accessURL": f"{home}#{dataset.name}",
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
