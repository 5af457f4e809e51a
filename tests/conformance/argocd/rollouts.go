package main

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/v3/applicationset/progressivesync"
	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// judgeRollout lets the engine's own state machine take a change through an ApplicationSet, and compares what starts when.
func judgeRollout(line []byte) {
	var given struct {
		Set       argo.ApplicationSet `json:"set"`
		Unhealthy []string            `json:"unhealthy"`
		Rounds    [][]string          `json:"rounds"`
	}
	check(json.Unmarshal(line, &given))
	applications, err := applicationsOf(given.Set)
	check(err)
	rollout := newRollout(given.Set, applications, given.Unhealthy)
	rounds := [][]string{}
	for {
		started := rollout.round()
		if len(started) == 0 {
			break
		}
		rounds = append(rounds, started)
	}
	expect(reflect.DeepEqual(rounds, given.Rounds), "the engine takes %v of %s", rounds, line)
}

// rollout plays the cluster around the engine's state machine.
type rollout struct {
	set          argo.ApplicationSet
	applications []argo.Application
	unhealthy    []string
	manager      *progressivesync.Manager
}

// newRollout is a fleet in which all was well, and which has just seen a new revision. Nobody looks at a suspended
// Application, so its status stays as it was.
func newRollout(set argo.ApplicationSet, applications []argo.Application, unhealthy []string) *rollout {
	r := &rollout{set: set, applications: applications, unhealthy: unhealthy}
	long := metav1.NewTime(time.Now().Add(-time.Hour))
	for i := range r.applications {
		application := &r.applications[i]
		r.set.Status.ApplicationStatus = append(r.set.Status.ApplicationStatus, argo.ApplicationSetApplicationStatus{
			Application: application.Name, Status: argo.ProgressiveSyncHealthy, TargetRevisions: []string{"old"}, LastTransitionTime: &long,
		})
		application.Status.Health.Status = health.HealthStatusHealthy
		application.Status.Sync = argo.SyncStatus{Status: argo.SyncStatusCodeSynced, Revision: "old"}
		if application.Annotations["argocd.argoproj.io/skip-reconcile"] != "true" {
			application.Status.Sync = argo.SyncStatus{Status: argo.SyncStatusCodeOutOfSync, Revision: "new"}
		}
	}
	r.manager = progressivesync.NewManager(nil, nil, r)
	return r
}

// round gives what starts next, by the engine or by somebody's hand, and lets it end.
func (r *rollout) round() []string {
	allowed := r.reconcile()
	started := []string{}
	for _, status := range r.set.Status.ApplicationStatus {
		if status.Status == argo.ProgressiveSyncPending {
			started = append(started, status.Application)
		}
	}
	if len(started) == 0 {
		started = r.byHand(allowed)
	} else {
		r.each(started, func(application *argo.Application) {
			application.Status.OperationState = &argo.OperationState{StartedAt: metav1.NewTime(time.Now().Add(time.Hour))}
		})
		r.reconcile()
	}
	r.each(started, func(application *argo.Application) {
		application.Status.Sync.Status = argo.SyncStatusCodeSynced
		if slices.Contains(r.unhealthy, application.Spec.Destination.Name) {
			application.Status.Health.Status = health.HealthStatusDegraded
		}
	})
	slices.Sort(started)
	return started
}

// byHand is what somebody may sync that the engine does not: what waits in an open step that starts nothing.
func (r *rollout) byHand(allowed map[string]bool) []string {
	_, places := buildAppDependencyList(silent, r.set, r.applications)
	steps := r.set.Spec.Strategy.RollingSync.Steps
	started := []string{}
	for _, status := range r.set.Status.ApplicationStatus {
		place, inStep := places[status.Application]
		if status.Status != argo.ProgressiveSyncWaiting || !allowed[status.Application] || !inStep {
			continue
		}
		if max := steps[place].MaxUpdate; max != nil && (max.String() == "0" || max.String() == "0%") {
			started = append(started, status.Application)
		}
	}
	return started
}

func (r *rollout) each(names []string, change func(*argo.Application)) {
	for i := range r.applications {
		if slices.Contains(names, r.applications[i].Name) {
			change(&r.applications[i])
		}
	}
}

// reconcile is one run of the controller; gives the Applications whose step is open.
func (r *rollout) reconcile() map[string]bool {
	allowed, err := r.manager.PerformProgressiveSyncs(context.Background(), silent, r.set, r.applications, r.applications)
	check(err)
	return allowed
}

func (r *rollout) SetAppSetApplicationStatus(
	_ context.Context, _ logger, set *argo.ApplicationSet, statuses []argo.ApplicationSetApplicationStatus,
) error {
	set.Status.ApplicationStatus = statuses
	r.set.Status.ApplicationStatus = statuses
	return nil
}

func (r *rollout) SetApplicationSetStatusCondition(
	context.Context, *argo.ApplicationSet, argo.ApplicationSetCondition, bool,
) error {
	return nil
}
