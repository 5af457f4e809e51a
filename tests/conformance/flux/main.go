// Command flux gives what fleetc wrote for Flux to Flux's own packages and compares what they make of it with what was
// meant.
//
// Usage: flux fleets FILE, flux substitution FILE, flux targets FILE. The files hold one JSON object a line: a whole
// fleet, its plan and its output folder; a text with variables and what we say its substitution gives; a patch's target
// with objects and which of them we say it matches.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// The counts of everything that was compared.
var passed, failed int

// The patches that nothing could be made of to apply them to.
var skipped int

func main() {
	judges := map[string]func([]byte){"fleets": judgeFleet, "substitution": judgeSubstitution, "targets": judgeTargets}
	if len(os.Args) != 3 || judges[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: flux fleets|substitution|targets FILE")
		os.Exit(2)
	}
	judge := judges[os.Args[1]]
	file, err := os.Open(os.Args[2])
	check(err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 1<<28)
	for lines.Scan() {
		judge(lines.Bytes())
	}
	check(lines.Err())
	if skipped > 0 {
		fmt.Printf("%s: left out the patches of %d deployments, which want an object that cannot be guessed\n", os.Args[1], skipped)
	}
	fmt.Printf("%s: %d passed, %d failed\n", os.Args[1], passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}

// expect counts one comparison and says what is wrong with it.
func expect(holds bool, format string, arguments ...any) {
	if holds {
		passed++
		return
	}
	failed++
	if failed <= 50 {
		fmt.Printf("FAIL "+format+"\n", arguments...)
	}
}

// check ends the program where the harness itself is at fault.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// generic is the value as plain JSON.
func generic(value any) map[string]any {
	text, err := json.Marshal(value)
	check(err)
	var plain map[string]any
	check(json.Unmarshal(text, &plain))
	return plain
}
