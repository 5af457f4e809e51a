#!/usr/bin/env bash
# Gives the GitHub action and the GitLab component to their schemas and linters, and runs their steps as a runner would: in
# a checkout of depth 1 of a pull request, with a `gh` that only notes what it is asked.
#
# Needs cargo, git, python3 and its package registry. Prints `N passed, M failed`.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/caches
unset "${!GIT_@}"
export GIT_CONFIG_GLOBAL=$work/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --file "$GIT_CONFIG_GLOBAL" user.name tester
git config --file "$GIT_CONFIG_GLOBAL" user.email tester@example.com
git config --file "$GIT_CONFIG_GLOBAL" init.defaultBranch main

(cd "$root" && cargo build --locked --quiet)
target=$(cd "$root" && cargo metadata --format-version 1 --no-deps --locked |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$root/tests/conformance/ci-requirements.txt"
mkdir "$work/bin"
printf '#!/bin/sh\necho "$@" >>"$GH_LOG"\ncase "$*" in *paginate*) [ ! -e "$GH_LOG.there" ] || echo 42;; esac\n' >"$work/bin/gh"
chmod +x "$work/bin/gh"
export PATH=$work/bin:$target/debug:$work/venv/bin:$PATH

passed=0 failed=0 merge_request=
# judge NAME CODE COMMAND...: whether the command ends with CODE
judge() {
    local name=$1 code=$2 got=0
    shift 2
    "$@" >"$work/now" 2>&1 || got=$?
    mv "$work/now" "$work/out"
    if [ "$got" -eq "$code" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $name: ended with $got" >&2
        sed 's/^/    /' "$work/out" >&2
    fi
}

action=$root/.github/actions/fleetc
template=$root/templates/fleetc/template.yml
sed '1,/^---$/d' "$template" >"$work/gitlab.yml"
judge "schema of the action" 0 check-jsonschema --builtin-schema vendor.github-actions "$action/action.yml"
judge "schema of the component" 0 \
    check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci "$work/gitlab.yml"
judge "zizmor" 0 zizmor --offline --no-progress "$action/action.yml"
judge "no expression in a script" 1 grep -E '^ *run:.*\$\{\{' "$action/action.yml"

# A pull request: `main`, and a change of it in a clone of depth 1.
mkdir -p "$work/origin/my fleet" && cd "$work/origin"
git init -q && git config uploadpack.allowAnySHA1InWant true
cat >"my fleet/fleet.fleet" <<'F'
fleet home { source = config, max-removals = 100% }
source config { git = "https://example.com/config", branch = "main" }
argocd { }
cluster a { }
component web on all { path = "web", namespace = web }
F
fleetc -C "my fleet" build -q && git add -A && git commit -qm base
base=$(git rev-parse HEAD)
git checkout -qb change
echo 'cluster b { }' >>"my fleet/fleet.fleet"
git commit -qam "sources alone" && git tag stale
fleetc -C "my fleet" build -q && git add -A && git commit -qm output
clone() { cd "$work" && rm -rf clone && git clone -q -c advice.detachedHead=false --depth=1 --branch "$1" "file://$work/origin" "$work/clone" && cd "$work/clone"; }

export GITHUB_ACTION_PATH=$action GITHUB_PATH=$work/path GITHUB_STEP_SUMMARY=$work/summary RUNNER_TEMP=$work/temp
export GITHUB_REPOSITORY=my-org/config GH_LOG=$work/gh FLEETC_ACTION_DIRECTORY="my fleet" FLEETC_ACTION_BASE=$base
export FLEETC_ACTION_PULL_REQUEST=7 FLEETC_ACTION_COMMENT=true
mkdir "$work/temp"
step() { bash "$action/run.sh" "$1"; }
clone change
judge "install takes the one on PATH" 0 step install
FLEETC_ACTION_SARIF=$work/sarif judge "check" 0 step check
judge "SARIF is written" 0 grep -q '"2.1.0"' "$work/sarif"
judge "build of a right change" 0 step build
clone stale
judge "build of a stale change" 3 step build
judge "it shows what differs" 0 grep -q '^+++ b/' "$work/out"
clone change
printf 'cluster c { \n' >>"my fleet/fleet.fleet"
judge "check of a mistake" 1 step check
judge "it annotates" 0 grep -q '^::error ' "$work/out"

if fleetc plan --help | grep -q -- --base; then
    clone change
    judge "plan" 0 step plan
    judge "the summary" 0 grep -q '^<!-- fleetc plan -->$' "$GITHUB_STEP_SUMMARY"
    judge "a new comment" 0 grep -q 'POST repos/my-org/config/issues/7/comments' "$GH_LOG"
    touch "$GH_LOG.there"
    judge "plan again" 0 step plan
    judge "the same comment" 0 grep -q 'PATCH repos/my-org/config/issues/comments/42' "$GH_LOG"
    merge_request=$base
else
    echo "plan --base is not in this build: its step was not run"
fi

# The component: its scripts, as the runner joins them.
python - "$work/gitlab.yml" "$work/job.sh" <<'P'
import sys
import ruamel.yaml
job = ruamel.yaml.YAML(typ="safe").load(open(sys.argv[1]))["fleetc"]
open(sys.argv[2], "w").write("set -e\n" + "\n".join(job["before_script"] + job["script"]))
P
export CI_PROJECT_DIR=$work/clone FLEETC_CI_DIRECTORY="my fleet" FLEETC_CI_VERSION= FLEETC_CI_FIND_LINKS=
export CI_MERGE_REQUEST_DIFF_BASE_SHA=$merge_request
clone change
judge "component" 0 sh "$work/job.sh"
judge "code quality report" 0 python -c 'import json; assert json.load(open("gl-code-quality-report.json")) == []'
judge "test report" 0 grep -q '<testsuite' fleetc-junit.xml
clone stale
judge "component on a stale change" 3 sh "$work/job.sh"
clone change
printf 'cluster c { \n' >>"my fleet/fleet.fleet"
judge "component on a mistake" 1 sh "$work/job.sh"
judge "it is in the report" 0 grep -q '"check_name"' gl-code-quality-report.json

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
