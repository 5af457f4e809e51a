#!/usr/bin/env bash
# Fails when the program takes more than 5 % more instructions than benches/instructions.txt says, or when its cost grows
# faster with the fleet. `--bless` writes the figures anew. The profile is one that CI builds anyway.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo bench --quiet --locked --profile conformance --bench fleets -- guard "$@"
