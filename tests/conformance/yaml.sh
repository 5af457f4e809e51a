#!/usr/bin/env bash
# Reads everything the YAML writer is tested with back by the YAML readers of Go and Python.
#
# Needs cargo, go, python3 and their package registries. Prints what each side found and `N passed, M failed`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$here/../.." && FLEETC_YAML_CORPUS="$work/corpus.jsonl" \
    cargo test --quiet --locked --test yaml the_corpus_is_written_where_it_is_asked_for >"$work/cargo.log" 2>&1) ||
    { cat "$work/cargo.log" >&2; exit 2; }
test -s "$work/corpus.jsonl" || { echo "the corpus was not written" >&2; exit 2; }

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/yaml/requirements.txt"

status=0
(cd "$here/yaml" && go run . "$work/corpus.jsonl") >"$work/go.log" || status=1
"$work/venv/bin/python" "$here/yaml/read.py" "$work/corpus.jsonl" >"$work/python.log" || status=1
cat "$work/go.log" "$work/python.log"
awk '/^(go|python): .* passed, .* failed$/ { passed += $4; failed += $6; sides++ }
    END { printf "%d passed, %d failed\n", passed, failed; exit !(sides == 2 && failed == 0) }' \
    "$work/go.log" "$work/python.log" || status=1
exit $status
