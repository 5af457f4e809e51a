#!/usr/bin/env bash
# Completes words in bash, zsh and fish with the scripts of `fleetc completions`, and renders the man pages.
#
# Needs cargo, and the three shells, man and mandoc: what is missing is installed with apt-get. Fails when that is not
# possible. Prints `N passed, M failed`.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

missing=()
for package in zsh:zsh fish:fish mandoc:mandoc man:man-db groff:groff; do
    command -v "${package%%:*}" >/dev/null || missing+=("${package##*:}")
done
if ((${#missing[@]} > 0)); then
    { apt-get update && apt-get install -y "${missing[@]}"; } >"$work/apt.log" 2>&1 ||
        { cat "$work/apt.log" >&2; echo "completions: cannot install ${missing[*]}" >&2; exit 2; }
fi

(cd "$root" && cargo build --quiet --locked)
target=$(cd "$root" && cargo metadata --format-version 1 --no-deps --locked |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
export PATH="$target/debug:$PATH" HOME="$work"

mkdir "$work/fleet"
cd "$work/fleet"
echo 'fleet demo { }' >demo.fleet
echo 'not a fleet' >demo.txt

passed=0 failed=0
# check WHAT EXPECTED FOUND
check() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n  expected: %s\n  found:    %s\n' "$1" "$2" "$3"
    fi
}

# in_bash WORD…: what the last word may become, blanks between
in_bash() {
    bash --norc -c '
        source <(fleetc completions bash)
        COMP_WORDS=(fleetc "$@"); COMP_CWORD=$#; COMP_TYPE=9
        _clap_complete_fleetc fleetc "${!#}" "" && echo "${COMPREPLY[@]}"' bash "$@" | tr '\013\n' '  ' | sed 's/ *$//'
}
in_fish() {
    fish --no-config -c "fleetc completions fish | source; complete -C 'fleetc $*'" | cut -f 1 | tr '\n' ' ' | sed 's/ *$//'
}
# in_zsh TEXT: what the program prints when TEXT is typed, completed with the tabulator, and run
in_zsh() {
    cat >"$work/typed.zsh" <<'END'
zmodload zsh/zpty
zpty shell zsh -f -i
# The line that is waited for is told apart from its own echo by the quotes.
zpty -w shell "autoload -U compinit; compinit -u; source <(fleetc completions zsh); echo rea'dy'"
zpty -r shell text '*ready*'
zpty -w -n shell "$1"$'\t'
sleep 2
zpty -w shell " | head -1; echo do'ne'"
zpty -r shell text '*done*'
print -r -- "$text"
zpty -d shell
END
    timeout 60 zsh -f "$work/typed.zsh" "$1" | tr -d '\r'
}

for shell in bash fish; do
    check "$shell: a command" "check" "$(in_$shell che)"
    check "$shell: codes" "F0701 F0702" "$(in_$shell explain F070)"
    check "$shell: a term" "stage.max" "$(in_$shell explain stage.m)"
    check "$shell: a file" "demo.fleet" "$(in_$shell check de)"
    check "$shell: nothing" "" "$(in_$shell explain zebra)"
done
typed=$(in_zsh 'fleetc explain edited-o')
check "zsh: a name" 1 "$(grep -c '^F0601: a generated file was edited by hand' <<<"$typed")"
typed=$(in_zsh 'fleetc explain stage.m')
check "zsh: a term" 1 "$(grep -c '^stage.max: how many change at once' <<<"$typed")"

fleetc --quiet man --dir "$work/pages"
for page in "$work"/pages/*.1; do
    name=$(basename "$page")
    check "man $name" "" "$(LC_ALL=C.UTF-8 man -l --warnings -E UTF-8 "$page" 2>&1 >/dev/null)"
    check "mandoc $name" "" "$(mandoc -T lint -W error "$page" 2>&1)"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -ge 20 ]
