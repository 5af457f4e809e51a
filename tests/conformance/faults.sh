#!/usr/bin/env bash
# Kills, interrupts and starves the real program while it writes, at its system calls in turn: the output folder must be
# the old tree or the new one, or what the next build makes the new one, and every file in it old or new at every moment.
#
# Needs cargo and strace, and for two parts to be root. FLEETC_FAULT_CLUSTERS says how many clusters the fleet has (6),
# FLEETC_FAULT_STEP that only every n-th system call is hit (5; 1 hits every one), FLEETC_FAULT_FROM
# which one is the first (1), and FLEETC_FAULT_PARTS which injections are tried (all), for long runs in pieces. Prints `N passed, M failed`; a part
# that this machine cannot run is said.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/caches
command -v strace >/dev/null || { echo "faults: strace is not here"; echo "0 passed, 0 failed"; exit 0; }
(cd "$here/../.." && cargo build --quiet --locked)
fleetc=${FLEETC:-$here/../../target/debug/fleetc}
clusters=${FLEETC_FAULT_CLUSTERS:-6}
step=${FLEETC_FAULT_STEP:-5}
from=${FLEETC_FAULT_FROM:-1}
parts=${FLEETC_FAULT_PARTS:-all}
# What the program does to the folder; `openat2` is how it makes a file in it.
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
# sums SIDE: the hash and the path of every generated file, whether or not a build is under way.
sums() { (cd "$work/$1/gitops" && find . -name .fleetc-build -prune -o -type f -exec sha256sum {} + | sort); }
sums base >"$work/base.sums"
sums new >"$work/new.sums"
sort -u "$work/base.sums" "$work/new.sums" >"$work/known.sums"
echo "faults: $(wc -l <"$work/base.sums") files, then $(wc -l <"$work/new.sums"), $(comm -13 "$work/base.sums" "$work/new.sums" | wc -l) of them others"

# fresh: the old tree with the new source in $work/now.
fresh() {
    rm -rf "$work/now"
    cp -a "$work/base" "$work/now"
    cp "$work/next.fleet" "$work/now/fleet.fleet"
}
# same SIDE: the output is that one, and nothing else is in it.
same() { test ! -e "$work/now/gitops/.fleetc-build" && cmp -s <(sums now) "$work/$1.sums"; }
# objects SIDE: how many objects the manifests hold.
objects() { find "$work/$1/gitops" -name .fleetc-build -prune -o -name '*.yaml' -exec cat {} + | grep -c '^kind: '; }
# built SIDE: how many objects kustomize makes of the hub's folder, as Flux reads it; none where it says no.
if command -v go >/dev/null && (cd "$here/kustomize" && go build -o "$work/kustomize" .); then
    built() { "$work/kustomize" build "$work/$1/gitops/flux/hub" 2>/dev/null | sed -n 's/^ok .*: \([0-9]*\) objects$/\1/p' | grep . || echo 0; }
else
    built() { echo 1; }
    echo "faults: kustomize is not run on the trees: go is not here"
fi
fewest_built=$(printf '%s\n' "$(built base)" "$(built new)" | sort -n | head -1)
test "$fewest_built" -gt 0 || { echo "faults: kustomize does not build the hub's folder" >&2; exit 1; }
fewest=$(printf '%s\n' "$(objects base)" "$(objects new)" | sort -n | head -1)
# whole WHAT: every file that is seen is old or new, an index lists nothing that is not there, nothing that both trees hold is
# missing, and what Flux makes of it is no less.
whole() {
    local name other
    test "$(objects now)" -ge "$fewest" || { fail "$1: fewer objects than before and after"; return 1; }
    test "$(built now)" -ge "$fewest_built" || { fail "$1: kustomize makes fewer objects than before and after"; return 1; }
    other=$(sums now | comm -23 - "$work/known.sums" | head -1)
    test -z "$other" || { fail "$1: neither old nor new: $other"; return 1; }
    while IFS= read -r name; do
        test -e "$work/now/gitops/flux/hub/$name" || { fail "$1: the index lists $name"; return 1; }
    done < <(sed -n 's/^- //p' "$work/now/gitops/flux/hub/kustomization.yaml")
}
# finishes WHAT: the next build makes the new tree, and leaves nothing else.
finishes() {
    "$fleetc" build -q -C "$work/now" >"$work/said" 2>&1 || { fail "$1: the next build: $(head -1 "$work/said")"; return 1; }
    same new || { fail "$1: the next build made another tree"; return 1; }
}
# hit NAME CALLS EFFECT CODE…: runs a build with the effect at every one of the calls in turn, until none is left. strace
# counts each system call, and each thread, by itself: so they are gone through one after the other.
hit() {
    local what=$1 effect=$3 before=$passed call
    case " $parts " in *" all "* | *" $what "*) ;; *) return 0 ;; esac
    for call in ${2//,/ }; do hit_each "$what" "$call" "$effect" "${@:4}"; done
    echo "faults: $what: $((passed - before)) passed"
}
hit_each() {
    local what="$1 at $2" call=$2 effect=$3 at code
    shift 3
    for ((at = from; ; at += step)); do
        fresh
        code=0
        # By a shell of its own, which says to the log that its child was killed.
        sh -c '"$@"; exit $?' sh strace -f -qq -o "$work/trace" -e "trace=$call" -e "inject=$call:$effect:when=$at" \
            "$fleetc" build -q -C "$work/now" >"$work/said" 2>&1 || code=$?
        if ! grep -qE 'INJECTED|SIGKILL|SIGTERM|killed by' "$work/trace"; then
            if [ "$code" = 0 ] && same new; then pass; else fail "$what $at: was not hit, and did not build"; fi
            break
        fi
        case " $* " in *" $code "*) ;; *) fail "$what $at: exit code $code: $(head -1 "$work/said")" ;; esac
        if [ "$code" = 0 ] && ! same new; then fail "$what $at: says it is done, and is not"; continue; fi
        if whole "$what $at" && finishes "$what $at"; then pass; fi
    done
}
hit killed "$calls" signal=SIGKILL 137
hit terminated "$calls" signal=SIGTERM 0 2 143
hit no-space write error=ENOSPC 0 2
hit write-error write error=EIO 0 2
step=1 hit sync-error syncfs error=EIO 2
hit rename-error renameat,renameat2 error=EIO 2
hit unlink-error unlinkat error=EIO 0 2
step=1 hit mkdir-error mkdirat error=EACCES 2
# Only where the umask takes something away from a new file is its mode set.
usual=$(umask)
umask 0077
hit chmod-error fchmod error=EPERM 2
umask "$usual"
# The standard library ends a program (101) that cannot close a folder which it has read.
hit close-error close error=EIO 0 2 101
hit read-folder-error getdents64 error=EIO 0 1 2
if [ "$parts" != all ]; then
    echo "$passed passed, $failed failed"
    exit "$((failed > 0))"
fi

# A signal leaves nothing behind when nothing was changed yet.
for signal in SIGINT SIGTERM SIGHUP; do
    fresh
    code=0
    strace -f -qq -o /dev/null -e trace=mkdirat -e "inject=mkdirat:signal=$signal:when=1" "$fleetc" build -q \
        -C "$work/now" >"$work/said" 2>&1 || code=$?
    if [ "$code" != 0 ] && same base; then pass; else fail "$signal: exit code $code, or something changed"; fi
done
# Somebody who presses Ctrl-C again and again: from the first call on, and from one in the middle of the renames.
for injection in "$calls:signal=SIGINT:when=1+1" "renameat:signal=SIGINT:when=5+1"; do
    fresh
    code=0
    strace -f -qq -o /dev/null -e "trace=$calls" -e "inject=$injection" "$fleetc" build -q -C "$work/now" >"$work/said" 2>&1 || code=$?
    if [ "$code" = 0 ]; then fail "Ctrl-C again and again, $injection: exit code 0"; continue; fi
    if whole "Ctrl-C again and again" && finishes "Ctrl-C again and again"; then pass; fi
done

# A first build, which puts whole folders in place, killed at every call: nothing is in the way of the next.
for call in ${calls//,/ }; do
    for ((at = 1; ; at++)); do
        fresh
        rm -r "$work/now/gitops"
        sh -c '"$@"; exit $?' sh strace -f -qq -o "$work/trace" -e "trace=$call" -e "inject=$call:signal=SIGKILL:when=$at" \
            "$fleetc" build -q -C "$work/now" >"$work/said" 2>&1 || true
        grep -q SIGKILL "$work/trace" || break
        other=$(sums now 2>/dev/null | comm -23 - "$work/new.sums" | head -1) || true
        if [ -n "$other" ]; then fail "a first build killed at $call $at: not new: $other"; continue; fi
        if finishes "a first build killed at $call $at"; then pass; fi
    done
done

# Nobody who listens: what was asked for is done all the same.
for closed in '>&-' '2>&-' '>&- 2>&- <&-' '| true'; do
    fresh
    (eval "\"$fleetc\" build -v -C \"$work/now\" $closed" 2>/dev/null) || true
    if finishes "closed: $closed"; then pass; fi
done

# Two builds at once: both end, and the tree is the new one. Other sources: the tree is one of the two, whole.
for _ in 1 2 3; do
    fresh
    "$fleetc" build -q -C "$work/now" 2>/dev/null & first=$!
    "$fleetc" build -q -C "$work/now" 2>/dev/null & second=$!
    if wait $first && wait $second && same new; then pass; else fail "two builds at once"; fi
    fresh
    "$fleetc" build -q -C "$work/now" 2>/dev/null & first=$!
    "$fleetc" build -q -C "$work/base" -o "$work/now/gitops" 2>/dev/null & second=$!
    wait $first || true
    wait $second || true
    if same new || same base; then pass; else fail "two builds of different sources at once"; fi
done
# One that was killed holds nothing.
fresh
sh -c '"$@"; exit $?' sh strace -f -qq -o /dev/null -e trace=renameat -e inject=renameat:signal=SIGKILL:when=1 \
    "$fleetc" build -q -C "$work/now" >/dev/null 2>&1 || true
if timeout 8 "$fleetc" build -q -C "$work/now" 2>/dev/null && same new; then pass; else fail "a killed build still holds the folder"; fi

# A disk that is full of bytes, and of files: it holds the old tree and a little more.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    pages=$(find "$work/base" -type f -printf '%s\n' | awk '{ n += int(($1 + 4095) / 4096) } END { print n + 3 }')
    inodes=$(($(find "$work/base" | wc -l) + 5))
    for options in "size=$((pages * 4))k" "nr_inodes=$inodes"; do
        fresh
        mkdir "$work/small"
        echo none >"$work/code"
        unshare -m sh -c "mount -t tmpfs -o $options none '$work/small' && cp -a '$work/now/.' '$work/small' && {
            '$fleetc' build -q -C '$work/small' >'$work/said' 2>&1; echo \$? >'$work/code'
            diff -r '$work/base/gitops' '$work/small/gitops' >'$work/changed'; }" || true
        if [ "$(cat "$work/code")" = 2 ] && [ ! -s "$work/changed" ]; then pass; else
            fail "a full disk ($options): exit code $(cat "$work/code"), $(head -1 "$work/said") $(head -1 "$work/changed")"; fi
        rm -rf "$work/small"
    done
else
    echo "faults: full disks are not tried: no mount namespaces here"
fi

# A disk that may only be read, and one that runs nothing and knows no devices.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    fresh
    echo none >"$work/code"
    unshare -m sh -c "mount --bind '$work/now' '$work/now' && mount -o remount,bind,ro '$work/now' && {
        '$fleetc' build -q -C '$work/now' >'$work/said' 2>&1; echo \$? >'$work/code'
        for command in 'build --check' 'build --dry-run' plan check; do
            '$fleetc' \$command -q -C '$work/now' >/dev/null 2>&1; echo \$? >>'$work/code'
        done; }" || true
    if [ "$(tr '\n' ' ' <"$work/code")" = "2 3 0 0 0 " ] && same base; then pass; else
        fail "a read-only disk: exit codes $(tr '\n' ' ' <"$work/code"), $(head -1 "$work/said")"; fi
    fresh
    mkdir "$work/odd"
    unshare -m sh -c "mount -t tmpfs -o noexec,nodev,nosuid none '$work/odd' && cp -a '$work/now/.' '$work/odd' &&
        '$fleetc' build -q -C '$work/odd' >'$work/said' 2>&1 && diff -r '$work/new/gitops' '$work/odd/gitops' >'$work/changed'" &&
        pass || fail "noexec and nodev: $(head -1 "$work/said")"
fi

# What is no file stands where one goes: it is named and never opened.
if command -v python3 >/dev/null; then
    path=gitops/flux/hub/clusters/c0.yaml
    for made in "mkfifo \"\$1\"" "python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \"\$1\"" \
        "mknod \"\$1\" c 1 3"; do
        fresh
        rm "$work/now/$path"
        (cd "$work/now/gitops/flux/hub/clusters" && sh -c "$made" sh c0.yaml) 2>/dev/null || { echo "faults: not tried here: $made"; continue; }
        code=0
        timeout 8 "$fleetc" build -q -C "$work/now" >"$work/said" 2>&1 || code=$?
        if [ "$code" = 1 ] && grep -q "F0602.*$path" "$work/said" && [ ! -f "$work/now/$path" ]; then pass; else
            fail "$made: exit code $code, $(head -1 "$work/said")"; fi
    done
fi

# Little memory, stack, or descriptors: an error before anything is changed, or a whole build.
for limit in "-n 4" "-n 8" "-n 16" "-s 64" "-s 128" "-v 4000" "-v 20000" "-v 30000" "-v 40000" "-v 60000" "-v 100000" "-f 1"; do
    fresh
    # By a shell of its own, which says to the log how it ended.
    code=0
    sh -c "ulimit $limit && timeout 60 '$fleetc' build -q -C '$work/now'; exit \$?" >"$work/said" 2>&1 || code=$?
    if [ "$code" = 124 ]; then fail "ulimit $limit: it never ends"; continue; fi
    # A file that gets too large ends the program by a signal, as if it was killed.
    if [ "$limit" != "-f 1" ] && ! same base && ! same new; then fail "ulimit $limit: something is half done"; continue; fi
    if whole "ulimit $limit" && finishes "ulimit $limit"; then pass; fi
done

# A current folder that is gone.
mkdir "$work/gone"
fresh
code=0
(cd "$work/gone" && rmdir "$work/gone" && "$fleetc" build -q -C "$work/now" >"$work/said" 2>&1; exit $?) || code=$?
if [ "$code" = 0 ] && same new; then pass; else
    fail "a current folder that is gone: exit code $code, $(head -1 "$work/said")"; fi

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
        if [ "$code" = 2 ] && same base && [ "$(grep -c "$path" "$work/said")" = 1 ]; then pass; else
            fail "no permission for $path: exit code $code, $(cat "$work/said")"; fi
    done
    # A folder that cannot be listed is not taken for one without a fleet: above it there is another.
    fresh
    mkdir "$work/now/sub"
    echo 'fleet other { source = home }' >"$work/now/sub/fleet.fleet"
    chmod 711 "$work/now/sub"
    code=0
    setpriv --reuid=65534 --regid=65534 --clear-groups "$work/fleetc" build -q -C "$work/now/sub" >"$work/said" 2>&1 || code=$?
    rm -r "$work/now/sub"
    if [ "$code" = 2 ] && same base && grep -q "cannot read .*/sub" "$work/said"; then pass; else
        fail "a folder that cannot be listed: exit code $code, $(cat "$work/said")"; fi
    # Reading alone needs no permission to write, and no home.
    fresh
    rm -rf "$work/now/gitops"
    cp -a "$work/new/gitops" "$work/now/gitops"
    for command in "build --check" "build --dry-run" plan check build; do
        if env -i setpriv --reuid=65534 --regid=65534 --clear-groups "$work/fleetc" $command -q -C "$work/now" >"$work/said" 2>&1; then pass; else
            fail "read-only: $command: $(head -1 "$work/said")"; fi
    done
else
    echo "faults: permissions are not tried: not root"
fi

# Whatever the umask, the locale, the zone and the number of threads.
for setting in "umask 0077" "umask 0000" "export LC_ALL=tr_TR.UTF-8" "export TZ=Asia/Kathmandu" "unset HOME TMPDIR" \
    "export RAYON_NUM_THREADS=64"; do
    fresh
    (eval "$setting" 2>/dev/null; "$fleetc" build -q -C "$work/now" 2>/dev/null)
    modes=$(find "$work/now/gitops" -type f ! -perm 644 | wc -l)
    if same new && [ "$modes" = 0 ]; then pass; else fail "$setting: other bytes or modes"; fi
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
