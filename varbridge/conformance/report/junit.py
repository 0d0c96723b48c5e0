"""JUnit's XML, a file for each feature, for whatever shows test results.

behave's own reporter knows neither a known failure nor a scenario that the suite failed at its end.
"""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree as Xml

from varbridge.conformance.report.record import Report, ScenarioRecord

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0, section 2.2


def render(data: Report) -> dict[str, str]:
    """The documents by file name."""
    documents: dict[str, str] = {}
    for path, group in groupby(data.scenarios, lambda one: one.path):
        records = list(group)
        name = path.removeprefix("features/").removesuffix(".feature").strip("/").replace("/", ".")
        documents[f"TEST-{name}.xml"] = _suite(name, records, data.run.started)
    return documents


def _suite(name: str, records: list[ScenarioRecord], started: str) -> str:
    outcomes = [one.outcome for one in records]
    suite = Xml.Element(
        "testsuite",
        name=_clean(records[0].feature),
        tests=str(len(records)),
        failures=str(outcomes.count("failed")),
        errors="0",
        skipped=str(outcomes.count("skipped") + outcomes.count("known failing")),
        time=f"{sum(one.seconds for one in records):.3f}",
        timestamp=started,
    )
    for one in records:
        case = Xml.SubElement(
            suite,
            "testcase",
            name=_clean(f"{one.rule}: {one.scenario}" if one.rule else one.scenario),
            classname=name,
            file=one.path,
            line=one.location.rpartition(":")[2],
            time=f"{one.seconds:.3f}",
        )
        text = _clean("\n".join([*one.explanation, *one.log, f"again: {one.again}"]))
        if one.outcome == "failed":
            failure = Xml.SubElement(case, "failure", message=_clean(_message(one)))
            failure.text = text
        elif one.outcome == "skipped":
            Xml.SubElement(case, "skipped", message=_clean(one.reason))
        elif one.outcome == "known failing":
            Xml.SubElement(case, "skipped", message=_clean(f"known to fail: {one.reason}"))
            Xml.SubElement(case, "system-out").text = text
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _message(record: ScenarioRecord) -> str:
    clauses = " ".join(f"@{clause}" for clause in record.clauses)
    return f"broken rule {clauses}: {record.rule or record.feature}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
