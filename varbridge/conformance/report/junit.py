"""The report in JUnit's XML format, with a file for each feature, and one for the bridge itself.

The message of a failure is its cause. A scenario that could not be judged is an error. A bridge that does not
start, that hangs, or that violates an invariant, is a failure in the file of the bridge.

behave's own reporter supports neither expected failures nor scenarios that violate an invariant at their end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as Xml

from varbridge.conformance.report.record import Cause, Report, ScenarioRecord

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # by XML 1.0, section 2.2

_ELEMENTS = {"failed": "failure", "not reached": "error"}
_APART = ("startup", "hang", "invariant")  # the kinds of causes that may fail no scenario


def render(data: Report) -> dict[str, str]:
    """Return the XML documents for a run, one per feature, by file name."""
    documents: dict[str, str] = {}
    for path, group in groupby(data.scenarios, lambda record: record.path):
        records = list(group)
        name = path.removeprefix("features/").removesuffix(".feature").strip("/").replace("/", ".")
        documents[f"TEST-{name}.xml"] = _suite(name, records, data.causes, data.run.started)
    if apart := [cause for cause in data.causes if cause.kind in _APART]:
        documents["TEST-bridge.xml"] = _causes(apart, data.run.started)
    return documents


def _suite(name: str, records: list[ScenarioRecord], causes: Sequence[Cause], started: str) -> str:
    outcomes = [record.outcome for record in records]
    suite = Xml.Element(
        "testsuite",
        name=_clean(records[0].feature),
        tests=str(len(records)),
        failures=str(outcomes.count("failed")),
        errors=str(outcomes.count("not reached")),
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
        if record.outcome in _ELEMENTS:
            failure = Xml.SubElement(
                case, _ELEMENTS[record.outcome], message=_clean(_message(record, causes))
            )
            failure.text = text
        elif record.outcome == "skipped":
            Xml.SubElement(case, "skipped", message=_clean(record.reason))
        elif record.outcome == "known failing":
            Xml.SubElement(case, "skipped", message=_clean(f"known to fail: {record.reason}"))
            Xml.SubElement(case, "system-out").text = text
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _causes(causes: Sequence[Cause], started: str) -> str:
    """Return the document of the causes that fail no scenario, with a test case for each."""
    count = str(len(causes))
    suite = Xml.Element("testsuite", name="The bridge", tests=count, failures=count, timestamp=started)
    for cause in causes:
        case = Xml.SubElement(suite, "testcase", name=_clean(cause.sentence), classname="bridge")
        text = _clean("\n".join((*cause.lines, cause.counts, *cause.violated)))
        Xml.SubElement(case, "failure", message=_clean(cause.named)).text = text
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _message(record: ScenarioRecord, causes: Sequence[Cause]) -> str:
    own = (cause for cause in causes if record.location in (*cause.failed, *cause.not_reached))
    return next((cause.named for cause in own), record.rule or record.feature)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
