#!/usr/bin/env bash
# Expands ApplicationSets with Go's own templates and compares the result with the Applications of the plan.
#
# Needs cargo, go and the Go module proxy. Prints `N passed, M failed`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$here/../.." && FLEETC_ARGOCD_CORPUS="$work/corpus.jsonl" \
    cargo test --quiet --locked --test argocd the_corpus_is_written_where_it_is_asked_for >"$work/cargo.log" 2>&1) ||
    { cat "$work/cargo.log" >&2; exit 2; }
test -s "$work/corpus.jsonl" || { echo "the corpus was not written" >&2; exit 2; }

cd "$here/argocd" && go run . "$work/corpus.jsonl"
