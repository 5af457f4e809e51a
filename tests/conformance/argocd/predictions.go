package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/argoproj/argo-cd/v3/applicationset/progressivesync"
	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// rolling is an ApplicationSet with these steps.
func rolling(steps []argo.ApplicationSetRolloutStep) argo.ApplicationSet {
	set := argo.ApplicationSet{}
	set.Spec.Strategy = &argo.ApplicationSetStrategy{
		Type:        "RollingSync",
		RollingSync: &argo.ApplicationSetRolloutStrategy{Steps: steps},
	}
	return set
}

// judgeSteps asks the engine which steps take an Application, which one counts, and how many of each it starts at once.
func judgeSteps(line []byte) {
	var given struct {
		Labels   map[string]string                `json:"labels"`
		Steps    []argo.ApplicationSetRolloutStep `json:"steps"`
		Total    int                              `json:"total"`
		Step     int                              `json:"step"`
		Selected []bool                           `json:"selected"`
		AtOnce   []int                            `json:"at_once"`
	}
	check(json.Unmarshal(line, &given))
	application := argo.Application{ObjectMeta: metav1.ObjectMeta{Name: "one", Labels: given.Labels}}
	set := rolling(given.Steps)
	lists, places := buildAppDependencyList(silent, set, []argo.Application{application})
	step := -1
	if place, found := places["one"]; found {
		step = place + 1
	}
	selected := make([]bool, len(given.Steps))
	for i, names := range lists {
		selected[i] = slices.Contains(names, "one")
	}
	atOnce := make([]int, len(given.Steps))
	for i := range given.Steps {
		atOnce[i] = startedAtOnce(given.Steps, i, given.Total)
	}
	holds := step == given.Step && slices.Equal(selected, given.Selected) && slices.Equal(atOnce, given.AtOnce)
	expect(holds, "the engine says step %d, %v, %v of %s", step, selected, atOnce, line)
}

// startedAtOnce is how many of so many waiting Applications of a step the engine starts when they may all go.
func startedAtOnce(steps []argo.ApplicationSetRolloutStep, step, total int) int {
	set := rolling(steps)
	allowed, places := map[string]bool{}, map[string]int{}
	for i := range total {
		name := fmt.Sprintf("app-%02d", i)
		allowed[name], places[name] = true, step
		set.Status.ApplicationStatus = append(set.Status.ApplicationStatus,
			argo.ApplicationSetApplicationStatus{Application: name, Status: argo.ProgressiveSyncWaiting})
	}
	manager := progressivesync.NewManager(nil, nil, inMemory{})
	statuses, err := manager.UpdateApplicationSetApplicationStatusProgress(context.Background(), silent, &set, allowed, places)
	check(err)
	started := 0
	for _, status := range statuses {
		if status.Status == argo.ProgressiveSyncPending {
			started++
		}
	}
	return started
}

// inMemory keeps the status of an ApplicationSet where a controller would write it to the cluster.
type inMemory struct{}

func (inMemory) SetAppSetApplicationStatus(
	_ context.Context, _ logger, set *argo.ApplicationSet, statuses []argo.ApplicationSetApplicationStatus,
) error {
	set.Status.ApplicationStatus = statuses
	return nil
}

func (inMemory) SetApplicationSetStatusCondition(
	context.Context, *argo.ApplicationSet, argo.ApplicationSetCondition, bool,
) error {
	return nil
}

// judgeSelector asks apimachinery whether a selector is one, and whether it selects.
func judgeSelector(line []byte) {
	var given struct {
		Labels   map[string]string    `json:"labels"`
		Selector metav1.LabelSelector `json:"selector"`
		Selected *bool                `json:"selected"`
	}
	check(json.Unmarshal(line, &given))
	selector, err := metav1.LabelSelectorAsSelector(&given.Selector)
	if err != nil {
		expect(given.Selected == nil, "the engine says %v of %s", err, line)
		return
	}
	selected := selector.Matches(labels.Set(given.Labels))
	expect(given.Selected != nil && *given.Selected == selected, "the engine says %v of %s", selected, line)
}

// judgeName asks the engine for the normalised name.
func judgeName(line []byte) {
	var given struct {
		Name       string `json:"name"`
		Normalized string `json:"normalized"`
	}
	check(json.Unmarshal(line, &given))
	normalized := utils.SanitizeName(given.Name)
	expect(normalized == given.Normalized, "the engine says %q of %s", normalized, line)
}
