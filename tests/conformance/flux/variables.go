package main

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	flux "github.com/fluxcd/kustomize-controller/api/v1"
	"sigs.k8s.io/yaml"
)

// judgeVariables lets Flux replace the variables of a deployment in a folder that names each of them, and that has the
// objects which the deployment's merge patches speak of, and compares with the plan.
func (given fleet) judgeVariables(meant deployment, one *flux.Kustomization) {
	same := given.comparer(meant)
	if meant.raw("postBuild") != nil {
		// Whether the rest of it is as it is said is judged with all raw fields.
		expect(maps.Equal(one.Spec.PostBuild.Substitute, meant.Substitute), "%s: %s: variables are %v", given.Name, meant.Name, one.Spec.PostBuild)
		return
	}
	if len(meant.Substitute) == 0 {
		same("postBuild", one.Spec.PostBuild, (*flux.PostBuild)(nil))
		return
	}
	work, err := os.MkdirTemp("", "fleetc-variables-")
	check(err)
	defer os.RemoveAll(work)
	keys := slices.Sorted(maps.Keys(meant.Substitute))
	// In a text of several lines no value is read as something else than text.
	data := map[string]string{}
	for _, key := range keys {
		data[key] = "begin\n${" + key + "}\nend"
	}
	object := map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "all-variables"}, "data": data,
	}
	written, err := yaml.Marshal(object)
	check(err)
	check(os.WriteFile(filepath.Join(work, "object.yaml"), written, 0o644))
	bare := one.DeepCopy()
	bare.Spec.Patches = nil
	built, err := buildFolder(work, ".", bare)
	expect(err == nil && built.Size() == 1, "%s: %s: variables: %v", given.Name, meant.Name, err)
	if err != nil {
		return
	}
	got, err := built.Resources()[0].Map()
	check(err)
	wanted := map[string]any{}
	for _, key := range keys {
		wanted[key] = "begin\n" + meant.Substitute[key] + "\nend"
	}
	expect(reflect.DeepEqual(got["data"], any(wanted)), "%s: %s: the variables come back as %v, wanted %v",
		given.Name, meant.Name, got["data"], wanted)
}
