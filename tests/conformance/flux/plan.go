package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

type fleet struct {
	Name  string            `json:"name"`
	Plan  plan              `json:"plan"`
	Files map[string]string `json:"files"`
}

type plan struct {
	Clusters []struct {
		Name    string `json:"name"`
		Suspend bool   `json:"suspend"`
	} `json:"clusters"`
	Deployments []deployment `json:"deployments"`
	Rollouts    []rollout    `json:"rollouts"`
	HubObjects  []struct {
		Object string `json:"object"`
	} `json:"hub_objects"`
	Projects []struct {
		Name           string  `json:"name"`
		ServiceAccount *string `json:"service_account"`
	} `json:"projects"`
}

type rollout struct {
	Name   string  `json:"name"`
	Stages []stage `json:"stages"`
}

type stage struct {
	Name string  `json:"name"`
	Max  any     `json:"max"`
	Gate *string `json:"gate"`
}

type deployment struct {
	Component string  `json:"component"`
	Cluster   string  `json:"cluster"`
	Name      string  `json:"name"`
	Project   *string `json:"project"`
	Namespace *string `json:"namespace"`
	Source    struct {
		Kind     string  `json:"kind"`
		URL      string  `json:"url"`
		Revision *string `json:"revision"`
		Path     *string `json:"path"`
		Chart    *string `json:"chart"`
	} `json:"source"`
	Values      map[string]any `json:"values"`
	Health      []string       `json:"health"`
	Wait        bool           `json:"wait"`
	After       []string       `json:"after"`
	Rollout     *string        `json:"rollout"`
	Stage       *string        `json:"stage"`
	Prune       bool           `json:"prune"`
	SelfHeal    bool           `json:"self_heal"`
	Create      bool           `json:"create_namespace"`
	Release     *string        `json:"release"`
	ValuesFiles []struct {
		Path string `json:"path"`
	} `json:"values_files"`
	Images []struct {
		Name    string  `json:"name"`
		NewName *string `json:"new_name"`
		Tag     *string `json:"tag"`
		Digest  *string `json:"digest"`
	} `json:"images"`
	Patches        []patch           `json:"patches"`
	Substitute     map[string]string `json:"substitute"`
	Suspend        bool              `json:"suspend"`
	Force          bool              `json:"force"`
	Interval       *string           `json:"interval"`
	Timeout        *string           `json:"timeout"`
	ServiceAccount *string           `json:"service_account"`
	Labels         map[string]string `json:"labels"`
	Annotations    map[string]string `json:"annotations"`
	OnDelete       string            `json:"on_delete"`
	// Flux holds raw fields; under `release` those of a HelmRelease.
	Flux map[string]any `json:"flux"`
	// The objects that are written for it, as `apiVersion/Kind/namespace/name`.
	Objects []string `json:"objects"`
}

// raw is the value of a raw field, as deep as its keys lead.
func (one deployment) raw(keys ...string) any {
	var value any = one.Flux
	for _, key := range keys {
		within, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = within[key]
	}
	return value
}

func (one deployment) isChart() bool { return one.Source.Path == nil && !one.isObjects() }

func (one deployment) isObjects() bool { return len(one.Objects) > 0 }

// isWatched says whether somebody looks at the health of what was applied.
func (one deployment) isWatched() bool { return one.Wait || len(one.Health) > 0 }

func (given fleet) isSuspended(one deployment) bool {
	for _, cluster := range given.Plan.Clusters {
		if cluster.Name == one.Cluster && cluster.Suspend {
			return true
		}
	}
	return one.Suspend
}

// account is whom a deployment acts as on its cluster.
func (given fleet) account(one deployment) string {
	if one.ServiceAccount != nil {
		return *one.ServiceAccount
	}
	for _, project := range given.Plan.Projects {
		if one.Project != nil && project.Name == *one.Project {
			return text(project.ServiceAccount)
		}
	}
	return ""
}

// batches are the deployments of a component under a rollout that may change together, in order.
func (given fleet) batches(component string, of rollout) (batches [][]deployment, manual []bool) {
	for _, one := range of.Stages {
		var members []deployment
		for _, candidate := range given.Plan.Deployments {
			if candidate.Component == component && text(candidate.Rollout) == of.Name && text(candidate.Stage) == one.Name {
				members = append(members, candidate)
			}
		}
		slices.SortFunc(members, func(a, b deployment) int { return strings.Compare(a.Cluster, b.Cluster) })
		for batch := range slices.Chunk(members, max(one.size(len(members)), 1)) {
			batches = append(batches, batch)
			manual = append(manual, text(one.Gate) == "manual")
		}
	}
	return batches, manual
}

// size is how many of so many clusters may change at once: `max` rounded down.
func (one stage) size(clusters int) int {
	switch most := one.Max.(type) {
	case float64:
		return int(most)
	case string:
		percent, err := strconv.Atoi(strings.TrimSuffix(most, "%"))
		check(err)
		return clusters * percent / 100
	case nil:
		return clusters
	}
	panic(fmt.Sprintf("max is %v", one.Max))
}

func duration(text string) time.Duration {
	value, err := time.ParseDuration(text)
	check(err)
	return value
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}
