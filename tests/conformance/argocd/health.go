package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/common"
	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
)

// A state of an Application and what the health check must say of it.
type state struct {
	what   string
	change func(*argo.Application)
	health health.HealthStatusCode
}

var healthJudged = false

// judgeHealth takes the first fleet with a health check: the engine reads its settings from the patched `argocd-cm`, and
// with them judges Applications as their controller leaves them.
func judgeHealth(line []byte) {
	var given fleet
	check(json.Unmarshal(line, &given))
	if healthJudged {
		return
	}
	patch, there := "", false
	for _, folder := range given.instances() {
		if text, ok := given.Files[folder+healthPatch]; ok {
			patch, there = text, true
		}
	}
	if !there {
		return
	}
	healthJudged = true
	overrides := settingsOf(patch)
	for _, one := range states {
		application := synced()
		one.change(&application)
		expectHealth(overrides, one.what, object(application), one.health)
	}
	// What the engine's own types leave out may stand in the cluster.
	spelled := object(synced())
	empty := map[string]any{"recurse": false, "include": "", "jsonnet": map[string]any{}}
	check(unstructured.SetNestedMap(spelled, empty, "spec", "source", "directory"))
	expectHealth(overrides, "one that spells out what is empty", spelled, health.HealthStatusHealthy)
}

func object(application argo.Application) map[string]any {
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&application)
	check(err)
	return object
}

func expectHealth(overrides map[string]argo.ResourceOverride, what string, object map[string]any, meant health.HealthStatusCode) {
	judged, err := lua.ResourceHealthOverrides(overrides).GetResourceHealth(&unstructured.Unstructured{Object: object})
	expect(err == nil && judged != nil && judged.Status == meant, "%s is %v (%v), not %s", what, judged, err, meant)
}

// settingsOf is what the engine reads from `argocd-cm` once it is patched.
func settingsOf(patch string) map[string]argo.ResourceOverride {
	var settingsMap core.ConfigMap
	check(strict([]byte(patch), &settingsMap))
	labels := map[string]string{"app.kubernetes.io/part-of": "argocd"}
	secret := core.Secret{ObjectMeta: meta.ObjectMeta{Name: "argocd-secret", Namespace: settingsMap.Namespace, Labels: labels}}
	client := fake.NewClientset(&settingsMap, &secret)
	overrides, err := settings.NewSettingsManager(context.Background(), client, settingsMap.Namespace).GetResourceOverrides()
	check(err)
	return overrides
}

func at(second int) *meta.Time {
	return &meta.Time{Time: time.Date(2026, 1, 2, 3, 4, second, 0, time.UTC)}
}

// synced is an Application that is well: compared, synced and looked at again.
func synced() argo.Application {
	application := argo.Application{
		TypeMeta:   meta.TypeMeta{APIVersion: "argoproj.io/v1alpha1", Kind: "Application"},
		ObjectMeta: meta.ObjectMeta{Name: "web-dev", Namespace: "argocd"},
		Spec: argo.ApplicationSpec{
			Project:     "default",
			Destination: argo.ApplicationDestination{Name: "dev", Namespace: "web"},
			Source: &argo.ApplicationSource{
				RepoURL: "https://charts.example.com", Chart: "web", TargetRevision: "1.2.3",
				Helm: &argo.ApplicationSourceHelm{ReleaseName: "web", ValuesObject: &runtime.RawExtension{Raw: []byte(`{"replicas":2,"hosts":["a","b"],"none":null}`)}},
			},
			SyncPolicy: &argo.SyncPolicy{Automated: &argo.SyncPolicyAutomated{Prune: yes()}},
		},
	}
	settle(&application)
	return application
}

// settle writes the status that the controller writes once everything is as the spec says.
func settle(application *argo.Application) {
	// The status holds on to what the spec was.
	spec := application.Spec.DeepCopy()
	sources := spec.GetSources()
	application.Status = argo.ApplicationStatus{
		ReconciledAt: at(30),
		Health:       argo.AppHealthStatus{Status: health.HealthStatusHealthy},
		Sync:         argo.SyncStatus{Status: argo.SyncStatusCodeSynced, ComparedTo: spec.BuildComparedToStatus(sources)},
		Resources:    []argo.ResourceStatus{{Kind: "Deployment", Name: "web", Status: argo.SyncStatusCodeSynced}},
	}
	result := &argo.SyncOperationResult{}
	if spec.HasMultipleSources() {
		application.Status.Sync.Revisions = []string{"1.2.3", "abc"}
		result.Sources, result.Revisions = sources, []string{"1.2.3", "abc"}
	} else {
		application.Status.Sync.Revision = "1.2.3"
		result.Source, result.Revision = sources[0], "1.2.3"
	}
	result = result.DeepCopy()
	application.Status.OperationState = &argo.OperationState{
		Phase: common.OperationSucceeded, StartedAt: *at(10), FinishedAt: at(20), SyncResult: result,
	}
}

func yes() *bool {
	value := true
	return &value
}

func no() *bool {
	value := false
	return &value
}

func outOfSync(application *argo.Application) {
	application.Status.Sync.Status = argo.SyncStatusCodeOutOfSync
	application.Status.Resources[0].Status = argo.SyncStatusCodeOutOfSync
}

func several(application *argo.Application) {
	values := argo.ApplicationSource{RepoURL: "https://git.example.com/values", TargetRevision: "main", Ref: "values"}
	application.Spec.Sources = argo.ApplicationSources{*application.Spec.Source, values}
	application.Spec.Source = nil
	settle(application)
}

func with(changes ...func(*argo.Application)) func(*argo.Application) {
	return func(application *argo.Application) {
		for _, change := range changes {
			change(application)
		}
	}
}

func healthOf(status health.HealthStatusCode) func(*argo.Application) {
	return func(application *argo.Application) { application.Status.Health.Status = status }
}

func condition(kind argo.ApplicationConditionType) func(*argo.Application) {
	return func(application *argo.Application) {
		application.Status.Conditions = []argo.ApplicationCondition{{Type: kind, Message: "why"}}
	}
}

func annotated(key, value string) func(*argo.Application) {
	return func(application *argo.Application) { application.Annotations = map[string]string{key: value} }
}

func phase(phase common.OperationPhase) func(*argo.Application) {
	return func(application *argo.Application) { application.Status.OperationState.Phase = phase }
}

var states = []state{
	{"one that is new", func(a *argo.Application) { a.Status = argo.ApplicationStatus{} }, health.HealthStatusProgressing},
	{"one that is well", func(*argo.Application) {}, health.HealthStatusHealthy},
	{"one that is well, of several sources", several, health.HealthStatusHealthy},
	{"one that is progressing", healthOf(health.HealthStatusProgressing), health.HealthStatusProgressing},
	{"one that is degraded", healthOf(health.HealthStatusDegraded), health.HealthStatusDegraded},
	{"one of which something is missing", healthOf(health.HealthStatusMissing), health.HealthStatusDegraded},
	{"one of which something is suspended", healthOf(health.HealthStatusSuspended), health.HealthStatusDegraded},
	{"one of unknown health", healthOf(health.HealthStatusUnknown), health.HealthStatusDegraded},
	{"one without a health", healthOf(""), health.HealthStatusProgressing},

	// The spec was changed, and the status is of what it was.
	{"one with another version", func(a *argo.Application) { a.Spec.Source.TargetRevision = "1.2.4" }, health.HealthStatusProgressing},
	{"one with another value", func(a *argo.Application) {
		a.Spec.Source.Helm.ValuesObject.Raw = []byte(`{"replicas":3,"hosts":["a","b"]}`)
	}, health.HealthStatusProgressing},
	{"one with a value less", func(a *argo.Application) {
		a.Spec.Source.Helm.ValuesObject.Raw = []byte(`{"replicas":2,"hosts":["a"]}`)
	}, health.HealthStatusProgressing},
	{"one with another namespace", func(a *argo.Application) { a.Spec.Destination.Namespace = "shop" }, health.HealthStatusProgressing},
	{"one with a patch more", func(a *argo.Application) {
		a.Spec.Source.Kustomize = &argo.ApplicationSourceKustomize{Images: argo.KustomizeImages{"web:2"}}
	}, health.HealthStatusProgressing},
	{"one whose second source is another", with(several, func(a *argo.Application) { a.Spec.Sources[1].TargetRevision = "next" }), health.HealthStatusProgressing},
	{"one that has several sources now", func(a *argo.Application) {
		a.Spec.Sources = argo.ApplicationSources{*a.Spec.Source, *a.Spec.Source}
		a.Spec.Source = nil
	}, health.HealthStatusProgressing},
	{"one that also says what is empty", func(a *argo.Application) {
		a.Spec.Source.Directory = &argo.ApplicationSourceDirectory{}
		a.Spec.Source.Kustomize = &argo.ApplicationSourceKustomize{CommonLabels: map[string]string{}}
	}, health.HealthStatusHealthy},

	// It is compared, and a sync must follow.
	{"one that is out of sync with a newer commit", with(outOfSync, func(a *argo.Application) { a.Status.Sync.Revision = "1.2.4" }), health.HealthStatusProgressing},
	{"one whose last sync was of another source", with(outOfSync, func(a *argo.Application) {
		a.Status.OperationState.SyncResult.Source.TargetRevision = "1.2.2"
	}), health.HealthStatusProgressing},
	{"one that was never synced", with(outOfSync, func(a *argo.Application) { a.Status.OperationState = nil }), health.HealthStatusProgressing},
	{"one of several sources with a newer commit", with(several, outOfSync, func(a *argo.Application) {
		a.Status.Sync.Revisions = []string{"1.2.3", "abd"}
	}), health.HealthStatusProgressing},
	{"one that drifted", outOfSync, health.HealthStatusHealthy},
	{"one whose sync failed", with(outOfSync, phase(common.OperationFailed)), health.HealthStatusDegraded},
	{"one that somebody syncs", with(outOfSync, func(a *argo.Application) {
		a.Spec.SyncPolicy = nil
		a.Status.OperationState = nil
	}), health.HealthStatusHealthy},
	{"one whose automated sync is off", with(outOfSync, func(a *argo.Application) {
		a.Spec.SyncPolicy.Automated.Enabled = no()
		a.Status.OperationState = nil
	}), health.HealthStatusHealthy},
	{"one that does not prune what is too much", with(outOfSync, func(a *argo.Application) {
		a.Spec.SyncPolicy.Automated.Prune = no()
		a.Status.Resources[0].RequiresPruning = true
		a.Status.Sync.Revision = "1.2.4"
	}), health.HealthStatusHealthy},
	{"one that does not prune and has more to do", with(outOfSync, func(a *argo.Application) {
		a.Spec.SyncPolicy.Automated.Prune = nil
		a.Status.Sync.Revision = "1.2.4"
	}), health.HealthStatusProgressing},
	{"one with a commit that is not about it", with(outOfSync, annotated("argocd.argoproj.io/manifest-generate-paths", "."), func(a *argo.Application) {
		a.Status.Sync.Revision = "1.2.4"
	}), health.HealthStatusHealthy},

	// A sync.
	{"one that is being synced", phase(common.OperationRunning), health.HealthStatusProgressing},
	{"one whose sync is being ended", phase(common.OperationTerminating), health.HealthStatusProgressing},
	{"one that is to be synced", func(a *argo.Application) { a.Operation = &argo.Operation{Sync: &argo.SyncOperation{}} }, health.HealthStatusProgressing},
	{"one whose sync is tried again", with(phase(common.OperationRunning), func(a *argo.Application) {
		a.Status.OperationState.RetryCount = 1
	}), health.HealthStatusDegraded},
	{"one that was not looked at since its sync", func(a *argo.Application) { a.Status.ReconciledAt = at(19) }, health.HealthStatusProgressing},
	{"one that was looked at right behind its sync", func(a *argo.Application) { a.Status.ReconciledAt = at(20) }, health.HealthStatusHealthy},

	// What needs somebody ends the sync that waits.
	{"one that cannot be compared", with(condition(argo.ApplicationConditionComparisonError), func(a *argo.Application) {
		a.Spec.Source.TargetRevision = "1.2.4"
		a.Status.Sync.Status = argo.SyncStatusCodeUnknown
	}), health.HealthStatusDegraded},
	{"one without its project", condition(argo.ApplicationConditionInvalidSpecError), health.HealthStatusDegraded},
	{"one that is not synced again", condition(argo.ApplicationConditionSyncError), health.HealthStatusDegraded},
	{"one with a warning", condition(argo.ApplicationConditionSharedResourceWarning), health.HealthStatusHealthy},
	{"one that is paused", annotated("argocd.argoproj.io/skip-reconcile", "true"), health.HealthStatusDegraded},
	{"one that is not paused", annotated("argocd.argoproj.io/skip-reconcile", "false"), health.HealthStatusHealthy},

	{"one whose sources are hydrated", func(a *argo.Application) {
		a.Spec.SourceHydrator = &argo.SourceHydrator{}
		a.Spec.Source = nil
		a.Status.Sync.ComparedTo.Source.Path = "hydrated"
	}, health.HealthStatusHealthy},
}
