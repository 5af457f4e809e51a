package main

import (
	"encoding/json"
	"strings"

	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kindsOf reads `group/Kind`.
func kindsOf(list []string) []meta.GroupKind {
	kinds := []meta.GroupKind{}
	for _, one := range list {
		group, kind, _ := strings.Cut(one, "/")
		kinds = append(kinds, meta.GroupKind{Group: group, Kind: kind})
	}
	return kinds
}

// judgePermissionCase asks the engine's AppProject about one random case of a project's sources, destinations or kinds.
func judgePermissionCase(line []byte) {
	var given struct {
		Patterns  []string    `json:"patterns"`
		URL       string      `json:"url"`
		Items     [][3]string `json:"items"`
		Name      string      `json:"name"`
		Server    string      `json:"server"`
		Namespace string      `json:"namespace"`
		Permitted bool        `json:"permitted"`
		// The kinds that are allowed and denied without a namespace, and those denied with one.
		Kinds          [][]string `json:"kinds"`
		NamespaceKinds *[]string  `json:"namespaceKinds"`
		Group          string     `json:"group"`
		Kind           string     `json:"kind"`
		Namespaced     bool       `json:"namespaced"`
	}
	check(json.Unmarshal(line, &given))
	// gobwas/glob 0.2.3 panics at some globs with characters of several bytes, and the engine with it.
	defer func() {
		if reason := recover(); reason != nil {
			expect(false, "the engine panics at %s: %v", line, reason)
		}
	}()
	project := argo.AppProject{}
	var permitted bool
	if given.Kinds != nil {
		for place, list := range []*[]argo.ClusterResourceRestrictionItem{&project.Spec.ClusterResourceWhitelist, &project.Spec.ClusterResourceBlacklist} {
			for _, kind := range kindsOf(given.Kinds[place]) {
				*list = append(*list, argo.ClusterResourceRestrictionItem{Group: kind.Group, Kind: kind.Kind})
			}
		}
		project.Spec.NamespaceResourceBlacklist = kindsOf(given.Kinds[2])
		if given.NamespaceKinds != nil {
			project.Spec.NamespaceResourceWhitelist = kindsOf(*given.NamespaceKinds)
		}
		permitted = project.IsGroupKindNamePermitted(schema.GroupKind{Group: given.Group, Kind: given.Kind}, "x", given.Namespaced)
	} else if given.Items == nil {
		project.Spec.SourceRepos = given.Patterns
		permitted = project.IsSourcePermitted(argo.ApplicationSource{RepoURL: given.URL})
	} else {
		for _, item := range given.Items {
			project.Spec.Destinations = append(project.Spec.Destinations,
				argo.ApplicationDestination{Name: item[0], Server: item[1], Namespace: item[2]})
		}
		none := func(string) ([]*argo.Cluster, error) { return nil, nil }
		cluster := &argo.Cluster{Name: given.Name, Server: given.Server}
		var err error
		permitted, err = project.IsDestinationPermitted(cluster, given.Namespace, none)
		check(err)
	}
	expect(permitted == given.Permitted, "the engine says %v of %s", permitted, line)
}
