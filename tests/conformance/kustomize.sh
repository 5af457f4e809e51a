#!/usr/bin/env bash
# Builds what the compiler writes for Flux as Flux does, with its own library and its version of kustomize.
#
# First the facts that the manifests rely on, then every text of the YAML corpus in an object, then every committed hub
# folder (`*/flux/hub` below examples and tests) with each Flux Kustomization in it whose path is in the same
# repository, every cluster's own folder (`*/flux/clusters/*`) as flux bootstrap leaves it, and every release folder. The
# same for the fleets of `tests/flux_trees.rs`, in every mode. Needs cargo and go and their package registries. Prints
# `N passed, M failed`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log
status=0

(cd "$here/kustomize" && go test ./... && go build -o "$work/kustomize" .)

(cd "$root" && FLEETC_YAML_CORPUS="$work/corpus.jsonl" \
    cargo test --quiet --locked --test yaml the_corpus_is_written_where_it_is_asked_for >"$work/cargo.log" 2>&1) ||
    { cat "$work/cargo.log" >&2; exit 2; }
"$work/kustomize" strings "$work/corpus.jsonl" >>"$log" || status=1

cd "$root"
trees=$work/trees
FLEETC_FLUX_TREES="$trees" cargo test --quiet --locked --test flux_trees written_where >"$work/cargo.log" 2>&1 ||
    { cat "$work/cargo.log" >&2; exit 2; }
while IFS= read -r hub; do
    repository=${hub%/*/flux/hub}
    "$work/kustomize" fleet "$repository" "${hub#"$repository"/}" >>"$log" || status=1
done < <(find examples tests "$trees" -type d -path '*/flux/hub' 2>/dev/null | sort)
while IFS= read -r cluster; do
    # What a hub takes in from here was built with it.
    if [ -d "${cluster%/clusters/*}/hub" ]; then continue; fi
    repository=${cluster%/*/flux/clusters/*}
    "$work/kustomize" pull "$repository" "${cluster#"$repository"/}" >>"$log" || status=1
done < <(find examples tests "$trees" -type d -path '*/flux/clusters/*' -not -path '*/flux/clusters/*/*' 2>/dev/null | sort)
# Both layouts build to the same objects.
while IFS= read -r folder; do
    written=${folder%/gitops/*}
    "$work/kustomize" same "gitops/${folder#"$written"/gitops/}" "$written" "${written%-kustomizations}-overlays" \
        >>"$log" || status=1
done < <(find "$trees" -type d \( -path '*-kustomizations/gitops/flux/hub' -o -path '*-kustomizations/gitops/flux/clusters/*' \) | sort)
mapfile -t releases < <(find examples tests -mindepth 4 -type d -path '*/flux/releases/*/*' 2>/dev/null | sort)
if ((${#releases[@]} > 0)); then
    "$work/kustomize" build "${releases[@]}" >>"$log" || status=1
fi

grep -a '^FAIL' "$log" || true
grep -a '^kustomize: ' "$log"
awk '/^kustomize: .* passed, .* failed/ { passed += $2; failed += $4 }
    END { printf "%d passed, %d failed\n", passed, failed; exit !(passed > 0 && failed == 0) }' "$log" || status=1
exit $status
