#!/usr/bin/env bash
# Gives what `fleetc check --format` prints to those who read it: reviewdog's types, the schema of SARIF, a reader of JUnit,
# and the fields of GitLab. What a GitHub runner reads is in tests/formats.rs: its parser is in no package.
#
# Needs cargo, go, python3 and their package registries. Prints what each side found and `N passed, M failed`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$here/../.." && FLEETC_FORMATS_CORPUS="$work/corpus" \
    cargo test --quiet --locked --test formats the_corpus_is_written_where_it_is_asked_for >"$work/cargo.log" 2>&1) ||
    { cat "$work/cargo.log" >&2; exit 2; }
test -d "$work/corpus/sarif" || { echo "the corpus was not written" >&2; exit 2; }

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/formats/requirements.txt"
(cd "$here/formats" && go mod download)
module=$(cd "$here/formats" && go list -m -f '{{.Dir}}' github.com/owenrumney/go-sarif/v3)

status=0
(cd "$here/formats" && go run . "$module/pkg/report/v210/sarif/schema.go" "$work/corpus") >"$work/go.log" || status=1
"$work/venv/bin/python" "$here/formats/read.py" "$work/corpus" >"$work/python.log" || status=1
cat "$work/go.log" "$work/python.log"
awk '/^(go|python): .* passed, .* failed$/ { passed += $2; failed += $4; sides++ }
    END { printf "%d passed, %d failed\n", passed, failed; exit !(sides == 2 && failed == 0) }' \
    "$work/go.log" "$work/python.log" || status=1
exit $status
