#!/usr/bin/env bash
# The steps of action.yml, which passes everything by environment variables. docs/ci.md describes them.
set -euo pipefail
directory=${FLEETC_ACTION_DIRECTORY:-.}
base=${FLEETC_ACTION_BASE:-}
marker='<!-- fleetc plan -->'

# A checkout of depth 1 lacks the base.
fetch_base() {
    git -C "$directory" cat-file -e "$base^{commit}" 2>/dev/null ||
        git -C "$directory" fetch --quiet --no-tags --depth=1 origin "$base"
}

# One comment a pull request: the one that begins with the marker.
comment() {
    local file=$1 number=$FLEETC_ACTION_PULL_REQUEST id
    id=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$number/comments" \
        --jq ".[] | select(.body | startswith(\"$marker\")) | .id" | head -n 1)
    if [ -n "$id" ]; then
        gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --field "body=@$file" >/dev/null
    else
        gh api --method POST "repos/$GITHUB_REPOSITORY/issues/$number/comments" --field "body=@$file" >/dev/null
    fi
}

case ${1:-} in
    install)
        if [ -n "${FLEETC_ACTION_VERSION:-}" ]; then
            venv=${RUNNER_TEMP:?}/fleetc
            python3 -m venv "$venv"
            links=()
            [ -z "${FLEETC_ACTION_FIND_LINKS:-}" ] || links=(--find-links "$FLEETC_ACTION_FIND_LINKS")
            "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary fleetc "${links[@]}" \
                "fleetc==$FLEETC_ACTION_VERSION"
            echo "$venv/bin" >>"$GITHUB_PATH"
            "$venv/bin/fleetc" --version
        elif ! command -v fleetc >/dev/null; then
            cargo install --quiet --locked --root "${RUNNER_TEMP:?}/fleetc" --path "$GITHUB_ACTION_PATH/../../.."
            echo "$RUNNER_TEMP/fleetc/bin" >>"$GITHUB_PATH"
        fi
        ;;
    check)
        if [ -n "${FLEETC_ACTION_SARIF:-}" ]; then
            fleetc -C "$directory" check --format sarif >"$FLEETC_ACTION_SARIF" || true
        fi
        fleetc -C "$directory" check --format github
        ;;
    build)
        # What may go is judged by what was committed before this change.
        from=()
        if [ -n "$base" ]; then
            fetch_base
            from=(--base "$base")
        fi
        fleetc -C "$directory" build --check --diff "${from[@]}"
        ;;
    plan)
        if [ -z "$base" ]; then
            echo "no base to compare with: this is no pull request" >&2
            exit 0
        fi
        fetch_base
        file=$(mktemp)
        trap 'rm -f "$file"' EXIT
        { echo "$marker"; fleetc -C "$directory" plan --base "$base" --format markdown; } >"$file"
        cat "$file" >>"$GITHUB_STEP_SUMMARY"
        if [ "${FLEETC_ACTION_COMMENT:-}" = true ] && [ -n "${FLEETC_ACTION_PULL_REQUEST:-}" ]; then
            comment "$file"
        fi
        ;;
    *)
        echo "usage: run.sh install|check|build|plan" >&2
        exit 2
        ;;
esac
