"""The report in JUnit's XML format, with a file for each feature.

behave's own reporter supports neither expected failures nor scenarios that violate an invariant at their end.
"""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree as Xml

from varbridge.conformance.report.record import Report, ScenarioRecord

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0, section 2.2


def render(data: Report) -> dict[str, str]:
    """Return the XML documents for a run, one per feature, by file name."""
    documents: dict[str, str] = {}
    for path, group in groupby(data.scenarios, lambda record: record.path):
        records = list(group)
        name = path.removeprefix("features/").removesuffix(".feature").strip("/").replace("/", ".")
        documents[f"TEST-{name}.xml"] = _suite(name, records, data.run.started)
    return documents


def _suite(name: str, records: list[ScenarioRecord], started: str) -> str:
    outcomes = [record.outcome for record in records]
    suite = Xml.Element(
        "testsuite",
        name=_clean(records[0].feature),
        tests=str(len(records)),
        failures=str(outcomes.count("failed")),
        errors="0",
        skipped=str(outcomes.count("skipped") + outcomes.count("known failing")),
        time=f"{sum(record.seconds for record in records):.3f}",
        timestamp=started,
    )
    for record in records:
        case = Xml.SubElement(
            suite,
            "testcase",
            name=_clean(f"{record.rule}: {record.scenario}" if record.rule else record.scenario),
            classname=name,
            file=record.path,
            line=record.location.rpartition(":")[2],
            time=f"{record.seconds:.3f}",
        )
        text = _clean("\n".join([*record.explanation, *record.log, f"rerun: {record.rerun}"]))
        if record.outcome == "failed":
            failure = Xml.SubElement(case, "failure", message=_clean(_message(record)))
            failure.text = text
        elif record.outcome == "skipped":
            Xml.SubElement(case, "skipped", message=_clean(record.reason))
        elif record.outcome == "known failing":
            Xml.SubElement(case, "skipped", message=_clean(f"known to fail: {record.reason}"))
            Xml.SubElement(case, "system-out").text = text
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _message(record: ScenarioRecord) -> str:
    clauses = " ".join(f"@{clause}" for clause in record.clauses)
    return f"broken rule {clauses}: {record.rule or record.feature}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
