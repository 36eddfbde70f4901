"""Croissant 1.1 metadata of an export, with the vocabulary for responsible AI: https://docs.mlcommons.org/croissant/."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from warraq.transforms.export import statements
from warraq.transforms.export.columns import Column
from warraq.transforms.export.facts import Facts
from warraq.transforms.export.shards import FOLDER

# The context of the specification: short names of its terms.
_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_FILES: Final = "data-files"
_RECORDS: Final = "articles"


def croissant(facts: Facts) -> dict[str, Any]:
    """The metadata as JSON-LD."""
    name = facts.title
    described: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": name,
        "description": f"{facts.articles:,} Arabic news articles, {len(facts.sites):,} sites. {statements.COLLECTION}",
        "version": facts.version,
        "inLanguage": "ar",
        "license": facts.licence or statements.LICENCE,
        "keywords": ["Arabic", "news", "text"],
        "citeAs": f"@misc{{warraq, title = {{{name}}}, note = {{version {facts.version}, made with Warraq}}}}",
        "creator": {"@type": "sc:Organization", "name": "made with Warraq"},
        "rai:dataCollection": statements.COLLECTION,
        "rai:dataCollectionType": ["Web Scraping"],
        "rai:dataCollectionMissingData": statements.MISSING,
        "rai:dataPreprocessingProtocol": [f"{stage}.{rule} = {' or '.join(v)}" for stage, rule, v in facts.settings],
        "rai:machineAnnotationTools": list(facts.versions),
        "rai:dataLimitations": list(statements.LIMITATIONS),
        "rai:dataBiases": list(statements.BIASES),
        "rai:dataUseCases": list(statements.USES),
        "rai:dataSocialImpact": statements.IMPACT,
        "rai:personalSensitiveInformation": statements.personal_data(facts),
        "rai:dataReleaseMaintenancePlan": statements.MAINTENANCE,
        "distribution": [*_distribution(facts)],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": _RECORDS,
                "name": _RECORDS,
                "description": "One record for each article.",
                **({"key": {"@id": f"{_RECORDS}/{facts.columns[0].name}"}} if _has_id(facts) else {}),
                "field": [_field(column) for column in facts.columns],
            }
        ],
    }
    if facts.newest_run and facts.first_day and facts.last_day:
        described["datePublished"] = facts.newest_run.isoformat()
        described["rai:dataCollectionTimeFrame"] = [facts.first_day.isoformat(), facts.last_day.isoformat()]
    return described


def _has_id(facts: Facts) -> bool:
    return facts.columns[0].name == "article_id"


def _distribution(facts: Facts) -> Iterator[dict[str, Any]]:
    for shard in facts.shards:
        yield {
            "@type": "cr:FileObject",
            "@id": shard.path,
            "name": shard.path,
            "contentUrl": shard.path,
            "contentSize": f"{shard.size} B",
            "encodingFormat": facts.encoding,
            "sha256": shard.sha256,
        }
    ending = facts.shards[0].path.partition(".")[2]
    yield {
        "@type": "cr:FileSet",
        "@id": _FILES,
        "name": _FILES,
        "description": "All data files.",
        "encodingFormat": facts.encoding,
        "includes": f"{FOLDER}/*.{ending}",
    }


def _field(column: Column) -> dict[str, Any]:
    kind = column.type
    name = f"{_RECORDS}/{column.name}"
    found: dict[str, Any] = {"@type": "cr:Field", "@id": name, "name": column.name, "description": column.meaning}
    source = {"fileSet": {"@id": _FILES}, "extract": {"column": column.name}}
    inner = kind.value_type if pa.types.is_list(kind) else kind
    if pa.types.is_list(kind):
        found |= {"isArray": True, "arrayShape": "-1"}
    if not pa.types.is_struct(inner):
        return found | {"dataType": _data_type(inner), "source": source}
    return found | {
        "subField": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{part.name}",
                "name": part.name,
                "dataType": _data_type(part.type),
                "source": {**source, "transform": {"jsonPath": part.name}},
            }
            for part in inner
        ]
    }


def _data_type(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "sc:DateTime"
    if pa.types.is_date(kind):
        return "sc:Date"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_floating(kind):
        return "sc:Float"
    return "sc:Text"
