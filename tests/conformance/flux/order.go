package main

import (
	"context"
	"maps"
	"regexp"
	"slices"

	flux "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/meta"
	"github.com/fluxcd/pkg/runtime/cel"
	"github.com/fluxcd/pkg/runtime/dependency"
	exprs "github.com/google/cel-go/cel"
)

// waits are, for each Kustomization, all that it waits for, directly or not.
type waits map[string]map[string]bool

// judgeOrder lets Flux sort the Kustomizations and holds the order against `after` and the rollouts of the plan.
func (given fleet) judgeOrder(all, gates map[string]*flux.Kustomization) {
	var dependents []dependency.Dependent
	for _, name := range sorted(all) {
		dependents = append(dependents, all[name])
		for _, entry := range all[name].Spec.DependsOn {
			_, there := all[entry.Name]
			expect(there && entry.Namespace == "", "%s: %s depends on %v, which is not there", given.Name, name, entry)
		}
	}
	order, err := dependency.Sort(dependents)
	expect(err == nil, "%s: %v", given.Name, err)
	expect(err != nil || len(order) == len(all), "%s: Flux sorts %d of %d Kustomizations", given.Name, len(order), len(all))
	if err != nil {
		return
	}
	given.judgeExpressions(all)
	closed := closure(all, order)
	for _, one := range given.Plan.Deployments {
		for _, component := range one.After {
			for _, other := range given.Plan.Deployments {
				if other.Component == component && other.Cluster == one.Cluster {
					expect(closed[one.Name][other.Name], "%s: %s does not wait for %s", given.Name, one.Name, other.Name)
				}
			}
		}
	}
	seen := map[string]bool{}
	for _, one := range given.Plan.Deployments {
		if one.Rollout == nil || seen[one.Component+" "+*one.Rollout] {
			continue
		}
		seen[one.Component+" "+*one.Rollout] = true
		for _, rollout := range given.Plan.Rollouts {
			if rollout.Name == *one.Rollout {
				given.judgeRollout(one.Component, rollout, closed, gates)
			}
		}
	}
}

// closure follows the entries that kustomize-controller tests itself: with a readyExpr it tests nothing but that.
func closure(all map[string]*flux.Kustomization, order []meta.NamespacedObjectReference) waits {
	closed := waits{}
	for _, one := range order {
		reached := map[string]bool{}
		if object := all[one.Name]; object != nil {
			for _, entry := range object.Spec.DependsOn {
				if entry.ReadyExpr == "" {
					reached[entry.Name] = true
					maps.Copy(reached, closed[entry.Name])
				}
			}
		}
		closed[one.Name] = reached
	}
	return closed
}

// judgeRollout says that each batch waits for all before it, that no more than `max` of a stage are free to change at
// once, and that what somebody must open is held.
func (given fleet) judgeRollout(component string, of rollout, closed waits, gates map[string]*flux.Kustomization) {
	batches, manual := given.batches(component, of)
	alone := !slices.ContainsFunc(given.Plan.Deployments, func(one deployment) bool { return len(one.After) > 0 })
	for place, batch := range batches {
		for _, later := range batch {
			for _, earlier := range slices.Concat(batches[:place]...) {
				expect(closed[later.Name][earlier.Name], "%s: %s does not wait for %s, which is in an earlier stage or batch",
					given.Name, later.Name, earlier.Name)
				expect(!closed[earlier.Name][later.Name], "%s: %s waits for %s, which is in a later stage or batch",
					given.Name, earlier.Name, later.Name)
			}
			for _, other := range batch {
				expect(!alone || !closed[later.Name][other.Name], "%s: %s waits for %s of its own batch",
					given.Name, later.Name, other.Name)
			}
			if manual[place] {
				held := false
				for name := range closed[later.Name] {
					held = held || gates[name] != nil && gates[name].Spec.Suspend
				}
				expect(held, "%s: nothing holds %s", given.Name, later.Name)
			}
		}
	}
}

var digest = regexp.MustCompile(`'([0-9a-f]{16})'`)

// judgeExpressions compiles every readyExpr as kustomize-controller does, and evaluates it: it must hold for a dependency
// that has done all that it was to do, and not for one that nobody has touched yet or that has other content.
func (given fleet) judgeExpressions(all map[string]*flux.Kustomization) {
	for _, name := range sorted(all) {
		for _, entry := range all[name].Spec.DependsOn {
			if entry.ReadyExpr == "" {
				continue
			}
			compiled, err := cel.NewExpression(entry.ReadyExpr, cel.WithCompile(), cel.WithOutputType(exprs.BoolType),
				cel.WithStructVariables("self", "dep"))
			expect(err == nil, "%s: %s: %v", given.Name, name, err)
			other := all[entry.Name]
			if err != nil || other == nil {
				continue
			}
			holds := func(dependency map[string]any) bool {
				data := map[string]any{"self": generic(all[name]), "dep": dependency}
				value, err := compiled.EvaluateBoolean(context.Background(), data)
				return err == nil && value
			}
			expect(holds(finished(generic(other))), "%s: %s: `%s` never holds for %s", given.Name, name, entry.ReadyExpr, entry.Name)
			bare := generic(other)
			delete(bare["metadata"].(map[string]any), "annotations")
			delete(bare, "status")
			expect(!holds(bare), "%s: %s: `%s` holds for %s whatever is in it", given.Name, name, entry.ReadyExpr, entry.Name)
			plain := meta.DependencyReference{Name: entry.Name}
			expect(slices.Contains(all[name].Spec.DependsOn, plain), "%s: %s asks only the expression about %s, and not Flux",
				given.Name, name, entry.Name)
		}
	}
}

// finished is a Kustomization with the status that it has long after it was applied and became healthy.
func finished(object map[string]any) map[string]any {
	object["metadata"].(map[string]any)["generation"] = 1.0
	object["status"] = map[string]any{
		"observedGeneration": 1.0,
		"conditions": []any{map[string]any{
			"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded", "message": "Applied revision: main@sha1:1",
			"lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1.0,
		}},
		"lastAppliedRevision": "main@sha1:1",
		"history": []any{map[string]any{
			"digest": "sha256:1", "firstReconciled": "2026-01-01T00:00:00Z", "lastReconciled": "2027-01-01T00:00:00Z",
			"lastReconciledDuration": "1s", "lastReconciledStatus": "ReconciliationSucceeded", "totalReconciliations": 9.0,
		}},
	}
	return object
}
