#!/usr/bin/env bash
# Fetches the CRDs of every minor that src/kinds/fields.txt speaks of into the folder $1, each minor's from its first release.
# They stay outside of this repository. The table is made of them with
#   FLEETC_BLESS=1 FLEETC_ALL_CRDS=$1 cargo test --test kinds
# $2 is where the projects' repositories are cloned from: a URL or a folder in which they are OWNER/NAME.
set -euo pipefail
target=${1:?a folder for the CRDs}
from=${2:-https://github.com}
clones=$(mktemp -d)
trap 'rm -rf "$clones"' EXIT

# clone OWNER/NAME: its history without the files, which are fetched when they are asked for.
clone() { git clone -q --bare --filter=blob:none "$from/$1" "$clones/$(basename "$1")"; }
# take NAME TAG FOLDER PATTERN: the files below FOLDER at TAG whose names match, into $into.
take() {
  git -C "$clones/$1" ls-tree --name-only "$2" "$3/" | grep -E -e "$4" | while read -r file; do
    git -C "$clones/$1" show "$2:$file" > "$into/$(basename "$file")"
  done
}

for repository in argoproj/argo-cd fluxcd/kustomize-controller fluxcd/helm-controller fluxcd/source-controller \
  fluxcd/notification-controller fluxcd/source-watcher; do
  clone "$repository"
done
for minor in 0 1 2 3 4 5; do
  into=$target/argocd-3.$minor
  mkdir -p "$into"
  take argo-cd "v3.$minor.0" manifests/crds -crd.yaml
done
for minor in 5 6 7 8 9; do
  into=$target/flux-2.$minor
  mkdir -p "$into"
  for name in kustomize-controller source-controller notification-controller; do
    take "$name" "v1.$minor.0" config/crd/bases yaml
  done
  take helm-controller "v1.$((minor - 3)).0" config/crd/bases yaml
  if [ "$minor" -ge 7 ]; then take source-watcher "v2.$((minor - 7)).0" config/crd/bases yaml; fi
done
