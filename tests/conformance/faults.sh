#!/usr/bin/env bash
# Kills, interrupts and starves the real program while it writes, at every system call in turn: the output folder must be
# the old tree or the new one, or what the next build makes the new one, and every file in it old or new at every moment.
#
# Needs cargo and strace, and for two parts to be root. FLEETC_FAULT_CLUSTERS says how many clusters the fleet has (6),
# FLEETC_FAULT_STEP that only every n-th system call is hit (1). Prints `N passed, M failed`; a part that this machine
# cannot run is said.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v strace >/dev/null || { echo "faults: strace is not here"; echo "0 passed, 0 failed"; exit 0; }
(cd "$here/../.." && cargo build --quiet --locked)
fleetc=${FLEETC:-$here/../../target/debug/fleetc}
clusters=${FLEETC_FAULT_CLUSTERS:-6}
step=${FLEETC_FAULT_STEP:-1}
# What the program does to the folder; `openat2` is how it opens a file below it.
calls=openat2,write,fchmod,renameat,renameat2,unlinkat,mkdirat,syncfs,flock
passed=0 failed=0

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "faults: $*" >&2; }

# fleet VERSION CLUSTERS: a fleet for both engines.
fleet() {
    echo 'fleet demo { source = home, migrating = true, max-removals = 100% }'
    echo 'argocd { }'
    echo 'flux { }'
    echo 'source home { git = "https://example.com/home", branch = "main" }'
    echo 'source charts { helm = "https://charts.example.com" }'
    for ((i = 0; i < $2; i++)); do echo "cluster c$i { }"; done
    echo "component app on all { source = charts, chart = \"app\", version = \"$1\", namespace = app }"
    echo 'component web on all { path = "web", namespace = web }'
}
mkdir -p "$work/base/web"
echo 'resources: []' >"$work/base/web/kustomization.yaml"
cp -r "$work/base" "$work/new"
fleet 1.0.0 "$clusters" >"$work/base/fleet.fleet"
# The last cluster goes, another comes, every chart changes.
fleet 2.0.0 "$((clusters - 1))" >"$work/new/fleet.fleet"
echo 'cluster later { }' >>"$work/new/fleet.fleet"
for side in base new; do "$fleetc" build -q -C "$work/$side" 2>/dev/null; done
cp "$work/new/fleet.fleet" "$work/next.fleet"

# fresh: the old tree with the new source in $work/now.
fresh() {
    rm -rf "$work/now"
    cp -a "$work/base" "$work/now"
    cp "$work/next.fleet" "$work/now/fleet.fleet"
}
same() { diff -r "$1/gitops" "$work/now/gitops" >/dev/null; }
# whole WHAT: every file that is seen is old or new, and an index lists nothing that is not there.
whole() {
    local file name
    while IFS= read -r file; do
        name=${file#"$work/now/"}
        cmp -s "$file" "$work/base/$name" || cmp -s "$file" "$work/new/$name" || { fail "$1: $name is neither old nor new"; return 1; }
    done < <(find "$work/now/gitops" -name .fleetc-build -prune -o -type f -print)
    while IFS= read -r name; do
        test -e "$work/now/gitops/flux/hub/$name" || { fail "$1: the index lists $name"; return 1; }
    done < <(sed -n 's/^- //p' "$work/now/gitops/flux/hub/kustomization.yaml")
}
# finishes WHAT: the next build makes the new tree, and leaves nothing else.
finishes() {
    "$fleetc" build -q -C "$work/now" >"$work/said" 2>&1 || { fail "$1: the next build: $(head -1 "$work/said")"; return 1; }
    same "$work/new" || { fail "$1: the next build made another tree"; return 1; }
}
# hit INJECTION WHAT CODE…: runs a build with the injection at every call in turn, until one is not hit.
hit() {
    local injection=$1 what=$2 at code
    shift 2
    for ((at = 1; ; at += step)); do
        fresh
        code=0
        # By a shell of its own, which says to the log that its child was killed.
        sh -c '"$@"; exit $?' sh strace -f -qq -o "$work/trace" -e "trace=$calls" -e "inject=$injection:when=$at" \
            "$fleetc" build -q -C "$work/now" >"$work/said" 2>&1 || code=$?
        if ! grep -qE 'INJECTED|SIGKILL|SIGTERM|killed by' "$work/trace"; then
            test "$code" = 0 && same "$work/new" && pass || fail "$what at $at: was not hit, and did not build"
            return
        fi
        case " $* " in *" $code "*) ;; *) fail "$what at $at: exit code $code: $(head -1 "$work/said")" ;; esac
        if [ "$code" = 0 ] && ! same "$work/new"; then fail "$what at $at: says it is done, and is not"; continue; fi
        whole "$what at $at" && finishes "$what at $at" && pass
    done
}
hit "$calls:signal=SIGKILL" killed 137
hit "$calls:signal=SIGTERM" terminated 0 2 143
hit "write:error=ENOSPC" "no space" 0 2
hit "write:error=EIO" "write error" 0 2
hit "syncfs:error=EIO" "sync error" 2
hit "renameat,renameat2:error=EIO" "rename error" 2
hit "unlinkat:error=EIO" "unlink error" 0 2
hit "mkdirat:error=EACCES" "mkdir error" 2
hit "fchmod:error=EPERM" "chmod error" 2

# A signal leaves nothing behind when nothing was changed yet.
fresh
strace -f -qq -o /dev/null -e trace=mkdirat -e inject=mkdirat:signal=SIGINT:when=1 "$fleetc" build -q -C "$work/now" >/dev/null 2>&1 &&
    fail "interrupted: exit code 0" || { same "$work/base" && test ! -e "$work/now/gitops/.fleetc-build" && pass || fail "interrupted: something changed"; }

# Two builds at once: the tree is one of them, whole.
for _ in 1 2 3 4 5; do
    fresh
    cp -r "$work/now" "$work/other" && rm -rf "$work/other/gitops"
    "$fleetc" build -q -C "$work/now" 2>/dev/null & first=$!
    "$fleetc" build -q -C "$work/now" 2>/dev/null & second=$!
    wait $first && wait $second && same "$work/new" && pass || fail "two builds at once"
    rm -rf "$work/other"
done

# A disk that is full of bytes, and of files.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    for options in size=80k nr_inodes=40; do
        fresh
        mkdir "$work/small"
        unshare -m sh -c "mount -t tmpfs -o $options none '$work/small' && cp -a '$work/now/.' '$work/small' 2>/dev/null
            cp -a '$work/base/gitops' '$work/small/' 2>/dev/null; rm -rf '$work/small/before'
            cp -a '$work/small/gitops' '$work/before'; '$fleetc' build -q -C '$work/small' >'$work/said' 2>&1; echo \$? >'$work/code'
            diff -r '$work/before' '$work/small/gitops' >'$work/changed'" || true
        if [ "$(cat "$work/code")" = 2 ] && [ ! -s "$work/changed" ]; then pass; else
            fail "a full disk ($options): exit code $(cat "$work/code"), $(head -1 "$work/said") $(head -1 "$work/changed")"; fi
        rm -rf "$work/small" "$work/before"
    done
else
    echo "faults: full disks are not tried: no mount namespaces here"
fi

# Somebody else's folder. Root may do everything, so it is tried as another user.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$work"
    cp "$fleetc" "$work/fleetc"
    for path in gitops gitops/argocd/applicationsets gitops/flux/hub; do
        fresh
        chown -R 65534:65534 "$work/now"
        chown root "$work/now/$path" && chmod 755 "$work/now/$path"
        code=0
        setpriv --reuid=65534 --regid=65534 --clear-groups "$work/fleetc" build -q -C "$work/now" >"$work/said" 2>&1 || code=$?
        if [ "$code" = 2 ] && same "$work/base" && [ "$(grep -c "$path" "$work/said")" = 1 ]; then pass; else
            fail "no permission for $path: exit code $code, $(cat "$work/said")"; fi
    done
    # Reading alone needs no permission to write, and no home.
    fresh
    cp -a "$work/new/gitops" "$work/now/"
    rm -rf "$work/now/gitops" && cp -a "$work/new/gitops" "$work/now/gitops"
    for command in "build --check" "build --dry-run" plan check build; do
        env -i setpriv --reuid=65534 --regid=65534 --clear-groups "$work/fleetc" $command -q -C "$work/now" >/dev/null 2>&1 &&
            pass || fail "read-only: $command"
    done
else
    echo "faults: permissions are not tried: not root"
fi

# Whatever the umask, the locale, the clock and the zone.
for setting in "umask 0077" "umask 0000" "export LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8" "export TZ=Asia/Kathmandu" "unset HOME TMPDIR" \
    "export RAYON_NUM_THREADS=64"; do
    fresh
    (eval "$setting"; "$fleetc" build -q -C "$work/now" 2>/dev/null)
    modes=$(find "$work/now/gitops" -type f ! -perm 644 | wc -l)
    same "$work/new" && [ "$modes" = 0 ] && pass || fail "$setting: other bytes or modes"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
