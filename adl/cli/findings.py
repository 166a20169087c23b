"""What ``adl check`` found, for programs: JSON, SARIF and the commands of GitHub's workflows.

Lines and columns count from 1, columns in characters; an end is the first place after the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from adl import __version__
from adl.cli.explanations import FAMILIES, Explanation, explanations, titles
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.source import Source

JSON_VERSION = 1  # goes up when a field changes its meaning or is removed
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True)
class Report:
    """What came of one file; a file that could not be read has an ``error`` and nothing else."""

    source: Source
    findings: tuple[Diagnostic, ...] = ()
    regions: int = 0
    error: str = ""

    @property
    def file(self) -> str:
        """The name of the file as the user gave it."""
        return self.source.name

    def number(self, severity: str) -> int:
        """How many findings have a severity."""
        return sum(finding.severity == severity for finding in self.findings)


@dataclass(frozen=True)
class Region:
    """The place of a finding."""

    line: int
    column: int
    end_line: int
    end_column: int


def region(finding: Diagnostic, source: Source) -> Region:
    """Return where a finding stands."""
    return Region(*source.position(finding.span.start), *source.position(finding.span.end))


# ---------------------------------------------------------------------------------- JSON


def as_json(reports: Sequence[Report]) -> str:
    """Return the findings as a document that follows check.schema.json."""
    document = {
        "version": JSON_VERSION,
        "adlc": __version__,
        "files": [{"file": report.file, "error": report.error} for report in reports],
        "findings": [_object(f, report.source) for report in reports for f in report.findings],
    }
    return json.dumps(document, indent=2)


def _object(finding: Diagnostic, source: Source) -> dict[str, Any]:
    at = region(finding, source)
    return {
        "file": source.name,
        "line": at.line,
        "column": at.column,
        "end_line": at.end_line,
        "end_column": at.end_column,
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "help": finding.help,
    }


# --------------------------------------------------------------------------------- SARIF


def as_sarif(reports: Sequence[Report]) -> str:
    """Return the findings as a log of SARIF 2.1.0 (OASIS, 2020), every code a rule of it."""
    rules = titles()
    place = {code: index for index, code in enumerate(rules)}
    results = [_result(f, report.source, place) for report in reports for f in report.findings]
    unread = [_notification(report) for report in reports if report.error]
    invocation = {"executionSuccessful": not unread, "toolExecutionNotifications": unread}
    driver = {
        "name": "adl check",
        "version": __version__,
        "rules": [_rule(code, title, explanations().get(code)) for code, title in rules.items()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str, title: str, explained: Explanation | None) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": title},
        "defaultConfiguration": {"level": FAMILIES[code[0]]},
    }
    if explained is not None:
        wrong, right = explained.wrong, explained.right
        meaning = " ".join(explained.meaning.split())
        rule["fullDescription"] = {"text": meaning}
        rule["help"] = {
            "text": f"{meaning}\n\nWrong:\n\n{wrong}\n\nRight:\n\n{right}\n",
            "markdown": f"{meaning}\n\nWrong:\n\n```\n{wrong}\n```\n\n"
            f"Right:\n\n```\n{right}\n```\n",
        }
    return rule


def _result(finding: Diagnostic, source: Source, place: dict[str, int]) -> dict[str, Any]:
    at = region(finding, source)
    where = {
        "artifactLocation": {"uri": _uri(source.name)},
        "region": {
            "startLine": at.line,
            "startColumn": at.column,
            "endLine": at.end_line,
            "endColumn": at.end_column,
        },
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": place.get(finding.code, -1),  # -1: unknown
        "level": finding.severity,  # the same three words
        "message": {"text": _whole(finding)},
        "locations": [{"physicalLocation": where}],
    }


def _notification(report: Report) -> dict[str, Any]:
    location = {"physicalLocation": {"artifactLocation": {"uri": _uri(report.file)}}}
    return {"level": "error", "message": {"text": report.error}, "locations": [location]}


def _uri(path: str) -> str:
    return Path(path).as_uri() if PurePath(path).is_absolute() else quote(PurePath(path).as_posix())


def _whole(finding: Diagnostic) -> str:
    """Return the message and the ways out."""
    return "\n".join([finding.message, *(f"help: {h}" for h in finding.help.split("\n") if h)])


# -------------------------------------------------------------------------------- GitHub

GITHUB_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def as_github(reports: Sequence[Report]) -> str:
    """Return the findings as workflow commands, which GitHub shows beside the lines."""
    return "\n".join(line for report in reports for line in _commands(report))


def _commands(report: Report) -> Iterable[str]:
    if report.error:
        yield f"::error file={property_(report.file)}::{data(report.error)}"
    for finding in report.findings:
        at = region(finding, report.source)
        fields: dict[str, object] = {"file": report.file, "line": at.line, "endLine": at.end_line}
        if at.line == at.end_line:  # GitHub shows no columns across lines
            fields |= {"col": at.column, "endColumn": at.end_column}
        fields["title"] = finding.code
        listed = ",".join(f"{name}={property_(str(value))}" for name, value in fields.items())
        yield f"::{GITHUB_LEVELS[finding.severity]} {listed}::{data(_whole(finding))}"


def data(text: str) -> str:
    """Return a text as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_(text: str) -> str:
    """Return a text as a property of a workflow command."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS = {"json": as_json, "sarif": as_sarif, "github": as_github}
