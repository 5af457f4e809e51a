"""Runs fleetc in a real terminal and in pipes: colours, width, ASCII, a reader that goes away.

Usage: terminal.py FLEETC. Needs nothing but Python.
"""

import os
import pty
import re
import subprocess
import sys
import tempfile

FLEET = """fleet home { source = config }
argocd { }
source config { git = "https://example.com/config", branch = "main" }
cluster a { }
"""
TYPO = 'component c%d on alll { path = "größe", namespace = web } # 日本 and a long comment that goes on and on and on and on\n'

fleetc = os.path.abspath(sys.argv[1])
passed = failed = 0


def case(name, ok, shown=""):
    global passed, failed
    passed += ok
    failed += not ok
    if not ok:
        print(f"FAILED: {name}\n{shown}")


def environment(extra):
    return {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", **extra}


def in_pipe(arguments, extra=()):
    done = subprocess.run([fleetc, *arguments], env=environment(dict(extra)), stdin=subprocess.DEVNULL, capture_output=True)
    return done.stdout


def in_terminal(arguments, extra=()):
    """What is printed where both streams are a terminal."""
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [fleetc, *arguments], env=environment(dict(extra)), stdin=subprocess.DEVNULL, stdout=slave, stderr=slave
    )
    os.close(slave)
    out = b""
    while True:
        try:
            read = os.read(master, 65536)
        except OSError:
            break
        if not read:
            break
        out += read
    child.wait()
    os.close(master)
    return out


def width(line):
    """Columns of a line of this test's text: two for 日 and 本."""
    return sum(2 if character in "日本" else 1 for character in line)


def colours(check):
    for name, run, extra, expected in [
        ("pipe", in_pipe, {}, False),
        ("terminal", in_terminal, {}, True),
        ("terminal, NO_COLOR", in_terminal, {"NO_COLOR": "1"}, False),
        ("terminal, TERM=dumb", in_terminal, {"TERM": "dumb"}, False),
        ("pipe, CLICOLOR_FORCE", in_pipe, {"CLICOLOR_FORCE": "1"}, True),
        ("pipe, FORCE_COLOR", in_pipe, {"FORCE_COLOR": "1"}, True),
        ("terminal, CLICOLOR=0", in_terminal, {"CLICOLOR": "0"}, False),
        ("terminal, NO_COLOR and FORCE_COLOR", in_terminal, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("pipe, --color always and NO_COLOR", in_pipe, {"NO_COLOR": "1", "FLEETC_COLOR": "always"}, True),
    ]:
        for command in [check, ["explain", "F0201"], ["--help"]]:
            shown = run(command, extra)
            case(f"{' '.join(command)}: {name}", (b"\x1b[" in shown) == expected and shown != b"", shown)


def widths(check):
    for columns in [40, 60, 100]:
        shown = in_terminal(check, {"COLUMNS": str(columns), "NO_COLOR": "1"}).decode()
        widest = max(width(line) for line in shown.splitlines() if " errors in " not in line)
        case(f"{columns} columns", widest <= columns, f"{widest}\n{shown}")


def closed_pipes(check):
    for format in ["full", "concise", "json"]:
        child = subprocess.Popen(
            [fleetc, *check, "--format", format],
            env=environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        child.stdout.read(10)
        child.stdout.close()
        said = child.stderr.read()
        code = child.wait()
        case(f"{format}: a reader that goes away", code == 1 and said == b"", f"{code} {said!r}")


def obeyed():
    """A generated file that somebody edited: a terminal gets nothing to obey, a program every byte."""
    link = b"# \x1b]8;;https://evil.example.com\x1b\\here\x1b[2J\xc2\x9b31m\xe2\x80\xae\n"
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/main.fleet", "w", encoding="utf-8") as file:
            file.write(FLEET + 'component web on all { path = "web", namespace = web }\n')
        in_pipe(["build", "-C", folder])
        with open(f"{folder}/gitops/argocd/root.yaml", "wb") as file:
            file.write(link)
        diff = ["build", "--diff", "-C", folder]
        case("a program gets what is in a file", link in in_pipe(diff))
        for name, extra in [("in colour", {}), ("plain", {"NO_COLOR": "1"})]:
            shown = in_terminal(diff, extra)
            left = re.sub(rb"\x1b\[[0-9;]*m", b"", shown) if not extra else shown
            clean = not any(mark in left for mark in [b"\x1b", b"\xc2\x9b", b"\xe2\x80\xae"])
            case(f"a terminal gets nothing to obey, {name}", clean and b"evil.example.com" in shown, shown)


def main():
    obeyed()
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/main.fleet", "w", encoding="utf-8") as file:
            file.write(FLEET)
        with open(f"{folder}/web.fleet", "w", encoding="utf-8") as file:
            file.write("".join(TYPO % number for number in range(500)))
        check = ["check", "-C", folder]
        colours([*check, "--max-errors", "3"])
        widths([*check, "--max-errors", "3"])
        closed_pipes(check)
        ascii = in_terminal([*check, "--max-errors", "1"], {"LANG": "C", "NO_COLOR": "1"}).decode()
        case("ASCII drawings where the locale is no UTF-8", "─" not in ascii and "größe" in ascii, ascii)
        drawn = in_terminal([*check, "--max-errors", "1"], {"NO_COLOR": "1"}).decode()
        case("Unicode drawings where it is", "─" in drawn, drawn)
    print(f"terminal: {passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)


main()
