#!/usr/bin/env bash
# Gives what fleetc writes for Flux to Flux's own packages, those of kustomize-controller 1.9 (Flux 2.9): the controllers'
# types read it, its kustomize builds the hub and every release folder, its dependency sort and CEL judge the order, its
# substitution replaces the variables; and the result must be the plan.
#
# Needs cargo, go and the Go module proxy. FLEETC_SEEDS says how many random fleets (500), FLEETC_SUBSTITUTION_CASES how
# many random texts with variables (200,000) and FLEETC_TARGETS_CASES how many random targets of patches (200,000), of which
# Flux and we must say the same. Prints what each side found and `N passed, M failed`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

corpus() {
    (cd "$here/../.." && cargo test --quiet --locked --test "$1" the_corpus_is_written_where_it_is_asked_for) \
        >"$work/cargo.log" 2>&1 || { cat "$work/cargo.log" >&2; exit 2; }
}
FLEETC_FLEETS_CORPUS="$work/fleets.jsonl" corpus random_fleets
FLEETC_SUBSTITUTION_CORPUS="$work/substitution.jsonl" corpus substitution
FLEETC_TARGETS_CORPUS="$work/targets.jsonl" corpus targets
sides=(fleets substitution targets)

(cd "$here/flux" && go build -o "$work/flux" .)
status=0
for side in "${sides[@]}"; do
    test -s "$work/$side.jsonl" || { echo "the corpus $side was not written" >&2; exit 2; }
    "$work/flux" "$side" "$work/$side.jsonl" >"$work/$side.log" || status=1
    cat "$work/$side.log"
done
(cd "$work" && cat "${sides[@]/%/.log}") | awk -v wanted="${#sides[@]}" \
    '/^[a-z]+: .* passed, .* failed$/ { passed += $2; failed += $4; sides++ }
    END { printf "%d passed, %d failed\n", passed, failed; exit !(sides == wanted && failed == 0) }' || status=1
exit $status
