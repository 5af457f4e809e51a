package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	flux "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// says tells whether an object is one of the fleet's own, or a namespace of one.
func (given fleet) says(other string) bool {
	for _, one := range given.Plan.HubObjects {
		if one.Object == other {
			return true
		}
	}
	for _, one := range given.Plan.Deployments {
		namespace := "v1/Namespace/" + text(one.Namespace)
		if slices.Contains(one.Objects, other) || one.isObjects() && one.Create && other == namespace {
			return true
		}
	}
	return false
}

// judgeObjects builds the folder of objects that fleetc writes: they are those of the plan, and the namespace, which may be
// there already and must stay.
func (given fleet) judgeObjects(meant deployment, one *flux.Kustomization, hub objects, work workspace, names identities) {
	same := given.comparer(meant)
	url, _ := hub.origin(one.Spec.SourceRef, one.Namespace)
	same("the URL", url, meant.Source.URL)
	same("path", one.Spec.Path, "./"+path.Join(work.home, "flux/releases", meant.Cluster, meant.Component))
	same("targetNamespace", one.Spec.TargetNamespace, "")
	same("prune", one.Spec.Prune, meant.Prune)
	same("wait", one.Spec.Wait, meant.Wait)
	same("substitution", one.Spec.PostBuild == nil, true)
	var health []string
	for _, check := range one.Spec.HealthChecks {
		parts := []string{check.APIVersion, check.Kind, check.Namespace, check.Name}
		health = append(health, strings.ReplaceAll(strings.Join(parts, "/"), "//", "/"))
	}
	same("healthChecks", fmt.Sprint(health), fmt.Sprint(meant.Health))
	names.judge(given, meant, one.Spec.KubeConfig)
	built, err := buildFolder(work.root, one.Spec.Path, one)
	expect(err == nil, "%s: %s: %v", given.Name, meant.Name, err)
	if err != nil {
		return
	}
	var found []string
	for _, resource := range built.Resources() {
		content, err := resource.Map()
		check(err)
		object := &unstructured.Unstructured{Object: content}
		if reference(object) == "v1/Namespace/"+text(meant.Namespace) && !slices.Contains(meant.Objects, reference(object)) {
			same("createNamespace", true, meant.Create)
			same("prune of the namespace", object.GetAnnotations()["kustomize.toolkit.fluxcd.io/prune"], "disabled")
			same("the namespace", object.GetAnnotations()[ssa], "IfNotPresent")
			continue
		}
		found = append(found, reference(object))
	}
	same("objects", fmt.Sprint(found), fmt.Sprint(meant.Objects))
	given.judgeReadiness(meant, one)
}

// judgeReadiness holds the expressions of stores and secrets against what the operator says of them.
func (given fleet) judgeReadiness(meant deployment, one *flux.Kustomization) {
	same := given.comparer(meant)
	own := strings.HasPrefix(meant.Objects[0], "external-secrets.io/")
	same("the number of expressions", len(one.Spec.HealthCheckExprs) == 1, own)
	for _, expression := range one.Spec.HealthCheckExprs {
		evaluator, err := cel.NewStatusEvaluator(&expression.HealthCheckExpressions)
		expect(err == nil, "%s: %s: %v", given.Name, meant.Name, err)
		if err != nil {
			continue
		}
		ready := func(status, synced string) map[string]any {
			return map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": status}}, "syncedResourceVersion": synced}
		}
		cases := []struct {
			status  map[string]any
			healthy bool
		}{
			{nil, false},
			{map[string]any{}, false},
			{ready("False", "3-a"), false},
			{ready("True", "2-a"), expression.Kind != "ExternalSecret"},
			{ready("True", "3-a"), true},
		}
		for _, each := range cases {
			object := map[string]any{"metadata": map[string]any{"generation": int64(3)}}
			if each.status != nil {
				object["status"] = each.status
			}
			// What cannot be evaluated is not known to be healthy.
			result, _ := evaluator.Evaluate(context.Background(), &unstructured.Unstructured{Object: object})
			healthy := result != nil && result.Status == status.CurrentStatus
			same(fmt.Sprintf("the health of %v", object), healthy, each.healthy)
		}
	}
}
