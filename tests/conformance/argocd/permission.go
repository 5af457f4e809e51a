package main

import (
	"encoding/json"

	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
)

// judgePermissionCase asks the engine's AppProject about one random case of a project's sources or destinations.
func judgePermissionCase(line []byte) {
	var given struct {
		Patterns  []string    `json:"patterns"`
		URL       string      `json:"url"`
		Items     [][3]string `json:"items"`
		Name      string      `json:"name"`
		Server    string      `json:"server"`
		Namespace string      `json:"namespace"`
		Permitted bool        `json:"permitted"`
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
	if given.Items == nil {
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
