package main

import (
	"encoding/json"
	"reflect"

	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"sigs.k8s.io/yaml"
)

// judgeSets compares the Applications that the engine generates with those that were meant.
func judgeSets(line []byte) {
	var corpus struct {
		Sets         []json.RawMessage `json:"sets"`
		Applications []json.RawMessage `json:"applications"`
	}
	check(json.Unmarshal(line, &corpus))
	actual := map[string]map[string]any{}
	for _, text := range corpus.Sets {
		var set argo.ApplicationSet
		check(strict(text, &set))
		applications, err := applicationsOf(set)
		expect(err == nil, "%s: %v", set.Name, err)
		for _, application := range applications {
			actual[application.Name] = comparable(application)
		}
	}
	for _, text := range corpus.Applications {
		var meant argo.Application
		check(strict(text, &meant))
		expect(reflect.DeepEqual(comparable(meant), actual[meant.Name]), "meant %v\n  got %v", comparable(meant), actual[meant.Name])
		delete(actual, meant.Name)
	}
	for name := range actual {
		expect(false, "not meant: %s", name)
	}
}

// comparable is what an Application says, with Helm values as an object: text and object mean the same to Helm.
func comparable(application argo.Application) map[string]any {
	said := generic(application)
	spec := said["spec"].(map[string]any)
	sources := []any{spec["source"]}
	if several, ok := spec["sources"].([]any); ok {
		sources = several
	}
	for _, source := range sources {
		source, _ := source.(map[string]any)
		helm, _ := source["helm"].(map[string]any)
		if text, ok := helm["values"].(string); ok {
			var values any
			check(yaml.Unmarshal([]byte(text), &values))
			delete(helm, "values")
			helm["valuesObject"] = values
		}
	}
	metadata := said["metadata"].(map[string]any)
	kept := map[string]any{}
	for _, key := range []string{"name", "labels", "annotations", "finalizers"} {
		if value, ok := metadata[key]; ok {
			kept[key] = value
		}
	}
	return map[string]any{"metadata": kept, "spec": spec}
}
