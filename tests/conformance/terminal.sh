#!/usr/bin/env bash
# How fleetc behaves in a real terminal and in pipes. Needs Python.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --locked --quiet
python3 tests/conformance/terminal/terminal.py target/debug/fleetc
