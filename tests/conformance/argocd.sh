#!/usr/bin/env bash
# Gives what fleetc writes to Argo CD's own packages: they expand the ApplicationSets, put the Applications into steps and
# judge them by their projects, and the result must be the plan.
#
# Needs cargo, go and the Go module proxy. FLEETC_SEEDS says how many random fleets (500). Prints what each side found and
# `N passed, M failed`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

corpus() {
    (cd "$here/../.." && cargo test --quiet --locked --test "$1" the_corpus_is_written_where_it_is_asked_for) \
        >"$work/cargo.log" 2>&1 || { cat "$work/cargo.log" >&2; exit 2; }
}
FLEETC_ARGOCD_CORPUS="$work/sets.jsonl" corpus argocd
FLEETC_FLEETS_CORPUS="$work/fleets.jsonl" corpus random_fleets
test -s "$work/sets.jsonl" && test -s "$work/fleets.jsonl" || { echo "the corpus was not written" >&2; exit 2; }

(cd "$here/argocd" && go build -o "$work/argocd" .)
status=0
for kind in sets fleets; do
    "$work/argocd" "$kind" "$work/$kind.jsonl" >"$work/$kind.log" || status=1
    cat "$work/$kind.log"
done
awk '/^(sets|fleets): .* passed, .* failed$/ { passed += $2; failed += $4; sides++ }
    END { printf "%d passed, %d failed\n", passed, failed; exit !(sides == 2 && failed == 0) }' \
    "$work/sets.log" "$work/fleets.log" || status=1
exit $status
