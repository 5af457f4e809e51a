package main

import (
	"encoding/json"
	"slices"

	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

var resources = provider.NewDefaultDepProvider().GetResourceFactory()

// target is how both engines write what a patch is for.
type target struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// judgeTargets asks kustomize which of some objects a patch is for.
func judgeTargets(line []byte) {
	var given struct {
		Targets map[string]target `json:"targets"`
		Nothing target            `json:"nothing"`
		Objects [][]*string       `json:"objects"`
		Meant   []bool            `json:"meant"`
	}
	check(json.Unmarshal(line, &given))
	all := resmap.New()
	var objects []*resource.Resource
	for _, one := range given.Objects {
		object, err := newObject(*one[0], *one[1], *one[2], *one[3], one[4])
		check(err)
		objects = append(objects, object)
		if err := all.Append(object); err != nil {
			// The same object twice.
			return
		}
	}
	for engine, target := range given.Targets {
		found, err := target.find(all)
		var matched []bool
		for _, object := range objects {
			matched = append(matched, slices.Contains(found, object))
		}
		expect(err == nil && slices.Equal(matched, given.Meant), "%s: kustomize matches %v of %s (%v)", engine, matched, line, err)
	}
	found, err := given.Nothing.find(all)
	expect(err == nil && len(found) == 0, "kustomize finds something for nothing: %v of %s (%v)", found, line, err)
}

func (wanted target) find(all resmap.ResMap) ([]*resource.Resource, error) {
	return all.Select(types.Selector{ResId: resid.ResId{Gvk: resid.Gvk{Kind: wanted.Kind}, Name: wanted.Name}})
}

// newObject is an object that had another name before, where one is given, as after a namePrefix.
func newObject(version, kind, namespace, name string, before *string) (*resource.Resource, error) {
	metadata := map[string]any{"name": name}
	if before != nil {
		metadata["name"] = *before
	}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	object, err := resources.FromMap(map[string]any{"apiVersion": version, "kind": kind, "metadata": metadata})
	if err != nil || before == nil {
		return object, err
	}
	object.StorePreviousId()
	return object, object.RNode.SetName(name)
}
