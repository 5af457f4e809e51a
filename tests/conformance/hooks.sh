#!/usr/bin/env bash
# Commits seven mistakes through the real pre-commit, prek and lefthook, and through a plain Git hook, and compares what
# became of each with the table of docs/hooks.md.
#
# Every trap is a repository of its own. What is judged is the commit itself: `right` where it landed and its output is
# what its sources build to, `refused` where it did not land, `wrong` where stale or missing output was committed.
#
# Needs cargo, git, python3 and npm with their package registries. Prints what each did and `N passed, M failed`.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/caches
unset "${!GIT_@}"
export GIT_CONFIG_GLOBAL=$work/gitconfig GIT_CONFIG_NOSYSTEM=1 PRE_COMMIT_HOME=$work/pre-commit PREK_HOME=$work/prek
git config --file "$GIT_CONFIG_GLOBAL" user.name tester
git config --file "$GIT_CONFIG_GLOBAL" user.email tester@example.com
git config --file "$GIT_CONFIG_GLOBAL" init.defaultBranch main
git config --file "$GIT_CONFIG_GLOBAL" protocol.file.allow always

(cd "$root" && cargo build --locked --quiet)
target=$(cd "$root" && cargo metadata --format-version 1 --no-deps --locked |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$root/tests/conformance/hooks-requirements.txt"
npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$work/npm" lefthook@2.2.2 >"$work/npm.log" 2>&1 ||
    { cat "$work/npm.log" >&2; exit 2; }
export PATH=$target/debug:$work/venv/bin:$work/npm/node_modules/.bin:$PATH

# The hooks as they are published, in a repository of their own.
mkdir "$work/published"
cp "$root/.pre-commit-hooks.yaml" "$work/published"
git -C "$work/published" init -q
git -C "$work/published" add -A
git -C "$work/published" commit -qm hooks
hooks_at=$(git -C "$work/published" rev-parse HEAD)

# configure TOOL HOOK: installs it as the pre-commit hook of the current repository
configure() {
    local line
    case $2 in
        build) line='fleetc build --fail-on-change' ;;
        stage) line='fleetc build --stage' ;;
        stage-index) line='fleetc build --stage --index' ;;
        check-index) line='fleetc build --check --index' ;;
    esac
    case $1 in
        pre-commit | prek)
            local id=fleetc-$2-system
            [ "$2" != stage ] || id=fleetc-build-stage-system
            printf 'repos:\n- repo: %s\n  rev: %s\n  hooks: [{id: %s}]\n' "$work/published" "$hooks_at" "$id" \
                >.pre-commit-config.yaml
            git add .pre-commit-config.yaml
            "$1" install >/dev/null
            ;;
        lefthook)
            printf 'pre-commit:\n  jobs:\n    - run: %s\n' "$line" >lefthook.yml
            git add lefthook.yml
            lefthook install >/dev/null
            ;;
        plain)
            printf '#!/bin/sh\nexec %s\n' "$line" >.git/hooks/pre-commit
            chmod +x .git/hooks/pre-commit
            ;;
    esac
}

# begin DIR: a fleet that is committed with its output, before any hook
begin() {
    mkdir -p "$1" && cd "$1"
    git init -q
    cat >fleet.fleet <<'F'
fleet home { source = config, max-removals = 100% }
source config { git = "https://example.com/config", branch = "main" }
argocd { }
cluster a { }
cluster b { }
F
    printf 'component web on all { path = "web", namespace = web }\n' >web.fleet
    printf 'component api on all { path = "api", namespace = api }\n' >api.fleet
    git add -A
}
changed() { printf 'component web on all { path = "web", namespace = %s }\n' "$1" >web.fleet; }

# trap NAME: makes the mistake, up to the commit
trap_of() {
    case $1 in
        changed) changed shop && git add web.fleet ;;
        first) ;;
        deleted) git rm -q api.fleet ;;
        edited) sed -i 's/namespace: web/namespace: mine/' gitops/argocd/applicationsets/web.yaml && git add gitops ;;
        partial)
            changed staged && git add web.fleet
            printf 'component api on all { path = "api", namespace = unstaged }\n' >api.fleet
            fleetc build -q
            ;;
        parallel)
            for n in $(seq 60); do
                printf 'component c%s on all { path = "c", namespace = c }\n' "$n" >"c$n.fleet"
            done
            git add ./*.fleet
            ;;
        own-outputs) changed shop && git rm -q api.fleet && git add web.fleet ;;
    esac
}

# judge: what a commit of what is staged comes to
judge() {
    local before after
    before=$(git rev-parse -q --verify HEAD || true)
    (git commit -m change) >"$work/said" 2>&1 || true
    after=$(git rev-parse -q --verify HEAD || true)
    if [ "$before" = "$after" ]; then
        # Refused with a reason, and not because a tool was not found.
        grep -qE 'fleetc build|git add|out of date|error\[F0|edited by hand' "$work/said" || { echo "broken"; return; }
        echo refused
        return
    fi
    rm -rf "$work/clone"
    git clone -q . "$work/clone"
    if fleetc -C "$work/clone" build --check --no-baseline >/dev/null 2>&1; then echo right; else echo wrong; fi
}

passed=0 failed=0
table=$root/docs/hooks.md
mistakes="changed first deleted edited partial parallel own-outputs"
for pair in pre-commit:build pre-commit:stage prek:build prek:stage lefthook:build lefthook:stage lefthook:stage-index \
    plain:check-index plain:stage-index; do
    tool=${pair%%:*} kind=${pair#*:}
    column=0
    for mistake in $mistakes; do
        column=$((column + 1))
        begin "$work/repos/$tool-$kind/$mistake"
        if [ "$mistake" != first ]; then
            fleetc build -q && git add -A && git commit -qm first
        fi
        configure "$tool" "$kind"
        trap_of "$mistake"
        found=$(judge)
        # The second try, after what the message says.
        if [ "$found" = refused ] && [ "$kind" = build ]; then
            git add -A gitops ./*.fleet
            second=$(judge)
            [ "$second" != right ] || found="refused, then right"
            [ "$second" != wrong ] || found="refused, then wrong"
        fi
        expected=$(sed -n "s/^| \`$tool $kind\` | //p" "$table" | cut -d'|' -f"$column" | sed 's/^ *//; s/ *$//')
        if [ -n "$expected" ] && [ "$found" = "$expected" ]; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "FAILED $tool $kind, $mistake: $found, and the table says \"$expected\""
            sed 's/^/    /' "$work/said"
        fi
        printf '%-11s %-12s %-12s %s\n' "$tool" "$kind" "$mistake" "$found"
        cd "$work"
    done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
