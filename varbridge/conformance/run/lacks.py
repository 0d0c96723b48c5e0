"""The reasons why a bridge cannot be asked a scenario: something that the scenario needs is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from varbridge.conformance import tags
from varbridge.conformance.clauses import CONTRACT_FLAGS
from varbridge.conformance.faults import etcd
from varbridge.conformance.target.target import Target

_FLAG = re.compile(r"--[a-z][a-z-]*")


@dataclass(frozen=True)
class Lack:
    """The reason why a scenario is skipped.

    Attributes:
        reason: the reason as a sentence.
        declared: True if the bridge's profile declares it, or if it needs no declaration.
        outside: True if the contract does not cover what the scenario needs.
    """

    reason: str
    declared: bool = True
    outside: bool = False


def lack_before(scenario: Any, target: Target) -> Lack | None:
    """Return the reason why a scenario cannot be run; None if it can be."""
    profile = target.options.profile
    if lacking := sorted({*scenario.effective_tags} & tags.CAPABILITIES.keys() - target.capabilities):
        reasons = [profile.lacking.get(name) or f"needs {tags.CAPABILITIES[name]}" for name in lacking]
        declared = {*profile.lacking, *tags.REFERENCE_ONLY}
        if not target.options.has_current_service:
            declared |= tags.CURRENT_SERVICE  # -D service has said so
        if "ExecuteTool" in profile.lacking_methods:
            declared.add("requires_standard_tools")  # without it, no tool can run
        return Lack("; ".join(reasons), declared.issuperset(lacking), tags.REFERENCE_ONLY.issuperset(lacking))
    if areas := sorted({*scenario.effective_tags} & {*profile.lacking_areas}):
        return Lack(f"the area {areas[0]} is not judged, as the profile says")
    if "requires_etcd" in scenario.effective_tags and (missing := etcd.missing()):
        return Lack(missing, declared=False)  # a lack of this machine, which no profile could declare
    for step in scenario.all_steps:
        for flag in _FLAG.findall(step.name):
            if target.servers.lacks_flag(flag):
                return _flag(target, flag)
    return None


def lack_after(target: Target) -> Lack | None:
    """Return the reason why a scenario that was run does not count; None if it counts.

    A scenario may pass although the bridge does not know a flag: if it expects the bridge not to start.
    """
    if flag := target.servers.lacked_flag:
        return _flag(target, flag)
    if target.servers.lacked:
        return Lack(target.servers.lacked, outside=True)
    if method := target.lacked_method():
        return Lack(f"{method} is not implemented, as the profile says")
    if flag := target.refused_flag():
        return _flag(target, flag)
    return None


def _flag(target: Target, flag: str) -> Lack:
    declared = target.options.profile.lacks_flag(flag)
    how = "as its profile says" if declared else "since it does not start with it"
    if target.options.command is None:
        how = "since it is running already"
    return Lack(f"the bridge does not take {flag}, {how}", outside=flag not in CONTRACT_FLAGS)
