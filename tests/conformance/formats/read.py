"""Reads what `fleetc check` prints for JUnit and GitLab.

Usage: read.py FOLDER. JUnit is read by junitparser. GitLab publishes no schema of its code quality report in a package, so
its outputs are held to the fields that its documentation names.
"""

import json
import pathlib
import sys

from junitparser import JUnitXml

FIELDS = {"description", "check_name", "fingerprint", "severity", "location"}
SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def junit(text):
    report = JUnitXml.fromstring(text)
    suites = list(report)
    cases = [case for suite in suites for case in suite]
    assert cases, "no case"
    assert report.tests == len(cases) == sum(suite.tests for suite in suites), "wrong count of cases"
    failures = sum(1 for case in cases for result in case.result)
    assert report.failures == failures == sum(suite.failures for suite in suites), "wrong count of failures"
    assert all(case.name and case.classname for case in cases), "a case without a name"


def gitlab(text):
    issues = json.loads(text)
    assert isinstance(issues, list)
    for issue in issues:
        assert set(issue) == FIELDS, issue
        assert issue["severity"] in SEVERITIES, issue
        assert issue["location"]["path"] and not issue["location"]["path"].startswith(("./", "/")), issue
        positions = issue["location"]["positions"]
        for side in ["begin", "end"]:
            assert positions[side]["line"] >= 1 and positions[side]["column"] >= 1, issue
    known = [issue["fingerprint"] for issue in issues]
    assert len(known) == len(set(known)), "a fingerprint twice"


def main():
    passed = failed = 0
    for name, judge in [("junit", junit), ("gitlab", gitlab)]:
        for path in sorted(pathlib.Path(sys.argv[1], name).iterdir()):
            try:
                judge(path.read_bytes() if name == "junit" else path.read_text(encoding="utf-8"))
                passed += 1
            except Exception as error:  # whatever a reader throws is what we look for
                failed += 1
                print(f"FAILED: {name}/{path.name}: {error!r:.300}")
    print(f"python: {passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)


main()
