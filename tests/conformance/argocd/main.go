// Command argocd gives what fleetc wrote to Argo CD's own packages and compares what they make of it with what was meant.
//
// Usage: argocd SUITE FILE. The files hold one JSON object a line: a few ApplicationSets with the Applications they are to
// become (sets); a whole fleet, its plan and its output folder (fleets, health); a project's sources or destinations and whether
// they permit something (permission); a project with the Applications that its window and role are for, or a schedule
// (projects); labels and the steps (steps) or the selector (selectors) that take them or not; a
// name and what becomes of it (names); an ApplicationSet and what starts in which round (rollouts); a fleet whose clusters are found by
// labels, and the Secrets of its clusters (labels); a fleet that registers its clusters, and what it says of them
// (registration).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// The counts of everything that was compared.
var passed, failed int

func main() {
	judge := map[string]func([]byte){
		"sets":         judgeSets,
		"fleets":       judgeFleet,
		"permission":   judgePermissionCase,
		"projects":   judgeProject,
		"steps":        judgeSteps,
		"selectors":    judgeSelector,
		"names":        judgeName,
		"rollouts":     judgeRollout,
		"health":       judgeHealth,
		"labels":       judgeLabels,
		"registration": judgeRegistration,
	}[os.Args[1]]
	file, err := os.Open(os.Args[2])
	check(err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 1<<28)
	for lines.Scan() {
		judge(lines.Bytes())
	}
	check(lines.Err())
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
		fmt.Printf("FAILED: "+format+"\n", arguments...)
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
