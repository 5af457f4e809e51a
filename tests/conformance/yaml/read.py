"""Reads every document of a corpus with Python's YAML readers and compares it with what was meant.

PyYAML reads YAML 1.1, with its pure reader and with libyaml's where it is there; ruamel.yaml reads YAML 1.2 and 1.1.
A line of the corpus is a JSON object: "name", "yaml" (the text) and "meant" (the value).
"""

import json
import math
import sys

import yaml
from ruamel.yaml import YAML


def pyyaml(loader):
    return lambda text: yaml.load(text, Loader=loader)


def ruamel(version):
    def read(text):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        return reader.load(text)

    return read


def readers():
    found = {"PyYAML": pyyaml(yaml.SafeLoader)}
    if hasattr(yaml, "CSafeLoader"):
        found["PyYAML (libyaml)"] = pyyaml(yaml.CSafeLoader)
    found["ruamel.yaml 1.2"] = ruamel((1, 2))
    found["ruamel.yaml 1.1"] = ruamel((1, 1))
    return found


def equal(meant, got):
    """Equality with types: True is not 1, 1 is not 1.0, 0.0 is not -0.0."""
    if type(meant) is not type(got):
        return False
    if isinstance(meant, dict):
        return meant.keys() == got.keys() and all(equal(meant[key], got[key]) for key in meant)
    if isinstance(meant, list):
        return len(meant) == len(got) and all(map(equal, meant, got))
    if isinstance(meant, float):
        return meant == got and math.copysign(1, meant) == math.copysign(1, got)
    return meant == got


def main(path):
    passed = failed = 0
    with open(path, encoding="utf-8", newline="\n") as corpus:
        cases = [json.loads(line) for line in corpus]
    for name, read in readers().items():
        for case in cases:
            try:
                got = read(case["yaml"])
            except Exception as error:  # whatever a reader raises is a failure of this case
                got = error
            if equal(case["meant"], got):
                passed += 1
            else:
                failed += 1
                print(f"FAIL {name}: {case['name']}: got {got!r}, meant {case['meant']!r}, text:\n{case['yaml']}")
    print(f"python: {len(readers())} readers, {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
