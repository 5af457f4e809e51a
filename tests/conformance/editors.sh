#!/usr/bin/env bash
# Finds mistakes in editors with the files of editors/, as they stand: Neovim, Vim, Emacs, and VS Code's expression in
# Node. The mistakes are in the text of the editor and not in the file, which is one of several of its fleet; before them
# stand characters of several bytes, of no width, of two cells, of two UTF-16 units, and tabs.
#
# Needs cargo, neovim, vim, ALE, emacs, Flycheck and node: what is missing is installed with apt-get. Exits with 2 when
# that is not possible. Prints `N passed, M failed`.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tests/conformance/editors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ALE=/usr/share/vim-ale
has_flycheck() { emacs --batch --eval "(progn (package-initialize) (kill-emacs (if (require 'flycheck nil t) 0 1)))" 2>/dev/null; }
missing=()
find_missing() {
    missing=()
    command -v nvim >/dev/null || missing+=(neovim)
    # A small Vim has no scripts, a BSD one no +job.
    vim --version 2>/dev/null | grep -q '+eval' && vim --version | grep -q '+job' || missing+=(vim)
    [ -e "$ALE/plugin/ale.vim" ] || missing+=(vim-ale)
    command -v emacs >/dev/null || missing+=(emacs-nox)
    has_flycheck || missing+=(elpa-flycheck)
    command -v node >/dev/null || missing+=(nodejs)
}
find_missing
if ((${#missing[@]} > 0)); then
    { apt-get update && apt-get install -y "${missing[@]}"; } >"$work/apt.log" 2>&1 || cat "$work/apt.log" >&2
    find_missing
    if ((${#missing[@]} > 0)); then
        echo "editors: cannot install ${missing[*]}" >&2
        exit 2
    fi
fi

(cd "$root" && cargo build --locked --quiet)
target=$(cd "$root" && cargo metadata --format-version 1 --no-deps --locked |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
mkdir "$work/home"
export PATH="$target/debug:$PATH" HOME="$work/home" LC_ALL=C.UTF-8 EDITORS="$root/editors" ALE RESULT="$work/result"

# Where no fleet is, none may be declared further up either.
mkdir "$work/no fleet"
if [ "$(cd "$work/no fleet" && fleetc check >/dev/null 2>&1; echo $?)" != 2 ]; then
    echo "editors: a folder above $work declares a fleet: set TMPDIR to one where none is" >&2
    exit 2
fi

passed=0 failed=0
# judge WHAT COMMAND…: whether COMMAND passes
judge() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n%s\n' "$what" "$said"
    fi
}

neovim() {
    # shellcheck disable=SC2016  # the editor replaces it
    timeout 60 nvim --clean --headless -u NONE -n --cmd 'let &runtimepath = $EDITORS . "/vim," . &runtimepath' "$@"
}
drive() {
    case $1 in
        nvim-make) WAY="make" neovim -S "$here/make.vim" ;;
        nvim-*) WAY=${1#nvim-} neovim -c "luafile $here/nvim.lua" ;;
        vim-ale) timeout 60 vim -Nu NONE -i NONE -es -S "$here/ale.vim" ;;
        vim-*) WAY=${1#vim-} timeout 60 vim -Nu NONE -i NONE -es -S "$here/make.vim" ;;
        emacs-flycheck) WAY=flycheck timeout 60 emacs --batch --eval '(package-initialize)' -l "$here/emacs.el" ;;
        emacs-*) WAY=${1#emacs-} timeout 60 emacs --batch -Q -l "$here/emacs.el" ;;
        vscode)
            cp "$TEXT" "$FILE"
            # The command line of the task itself.
            mapfile -t line < <(node "$here/vscode.js" "$EDITORS/vscode/tasks.json")
            { timeout 60 "${line[@]}" || [ $? -eq 1 ]; } >"$work/printed"
            node "$here/vscode.js" "$EDITORS/vscode/tasks.json" "$work/printed" >"$RESULT"
            ;;
    esac
}

# in_fleet EDITOR UNIT ENDS: whether it finds what is expected; of saved files, in the whole fleet
in_fleet() {
    local editor=$1 unit=$2 ends=$3 text expected
    for text in unsaved noted; do
        rm -rf "$work/my fleet"
        cp -r "$here/project" "$work/my fleet"
        cd "$work/my fleet"
        # A note is shown only where nothing is wrong.
        [ "$text" = unsaved ] || rm fleets/other.fleet
        expected=("$here/$text.tsv")
        case $editor in
            nvim-make | vim-make | vim-lmake | emacs-check | emacs-compile | vscode)
                [ "$text" = noted ] || expected+=("$here/other.tsv") ;;
        esac
        export FILE=fleets/web.fleet TEXT="$here/$text.fleet"
        rm -f "$RESULT"
        judge "$editor runs on $text.fleet" drive "$editor"
        judge "$editor finds what is wrong in $text.fleet" \
            node "$here/compare.js" "$unit" "$ends" "$RESULT" "${expected[@]}"
        if ((${#expected[@]} == 1)) && [ "$text" = unsaved ]; then
            judge "$editor leaves the file alone" cmp "$here/project/$FILE" "$FILE"
        fi
    done
}

# outside EDITOR: where no fleet is, it says so on the first line
outside() {
    cd "$work/no fleet"
    cp "$here/noted.fleet" lone.fleet
    export FILE=lone.fleet TEXT="$here/noted.fleet"
    rm -f "$RESULT"
    judge "$1 runs where no fleet is" drive "$1"
    judge "$1 says where no fleet is" node "$here/outside.js" "$RESULT"
}

in_fleet nvim-lint byte end
in_fleet nvim-plain byte end
in_fleet nvim-make byte start
in_fleet vim-make byte start
in_fleet vim-lmake byte start
in_fleet vim-ale byte end
in_fleet emacs-check point start
in_fleet emacs-compile point start
in_fleet emacs-flycheck point end
# Not UTF-16: what VS Code makes of it is said in the file.
in_fleet vscode point start

for editor in nvim-lint nvim-plain nvim-make vim-make vim-lmake vim-ale emacs-flycheck; do
    outside "$editor"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
