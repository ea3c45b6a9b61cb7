"""Prints how many tests of a JUnit XML file passed and failed.

Skipped tests are neither. A file that is missing or broken has no tests: who
ran them knows whether that is a failure.
"""

import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return 0, 0
    passed = failed = 0
    for case in root.iter("testcase"):
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            failed += 1
        elif "skipped" not in outcomes:
            passed += 1
    return passed, failed


if __name__ == "__main__":
    print(*count(sys.argv[1]))
