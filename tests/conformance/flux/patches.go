package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	flux "github.com/fluxcd/kustomize-controller/api/v1"
	images "github.com/fluxcd/pkg/apis/kustomize"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"sigs.k8s.io/yaml"
)

// operation is one operation of a patch by JSON operations.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// patch is a patch of the plan: either operations or a merge.
type patch struct {
	Kind       string          `json:"kind"`
	Name       string          `json:"name"`
	Operations json.RawMessage `json:"operations"`
	Merge      json.RawMessage `json:"merge"`
}

// judgePatches lets Flux patch objects that have what the patches look for, and one that has another name, and compares
// with what the plan's patches make of them by the two RFCs. The kinds are unknown to Kubernetes here, so that a
// strategic merge is a plain one.
func (given fleet) judgePatches(meant deployment, written []images.Patch, postBuild *flux.PostBuild) {
	if len(meant.Patches) == 0 {
		return
	}
	wanted := map[string]map[string]any{}
	for _, one := range meant.Patches {
		for _, name := range []string{one.Name, one.Name + "-other", "x" + one.Name} {
			if wanted[one.Kind+" "+name] == nil {
				wanted[one.Kind+" "+name] = map[string]any{
					"apiVersion": "example.com/v1", "kind": one.Kind, "metadata": map[string]any{"name": name},
				}
			}
		}
		var operations []operation
		if one.Operations != nil {
			check(json.Unmarshal(one.Operations, &operations))
		}
		for _, operation := range operations {
			_, isString := operation.Value.(string)
			if operation.Op == "test" && strings.HasPrefix(operation.Path, "/metadata/annotations/") && !isString {
				// No object has an annotation that is no text.
				skipped++
				return
			}
			stub(wanted[one.Kind+" "+one.Name], operation)
		}
	}
	root, err := os.MkdirTemp("", "fleetc-patches-")
	check(err)
	defer os.RemoveAll(root)
	for _, name := range sorted(wanted) {
		document, err := yaml.Marshal(wanted[name])
		check(err)
		file, err := os.OpenFile(filepath.Join(root, "all.yaml"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		check(err)
		_, err = file.WriteString("---\n" + string(document))
		check(err)
		check(file.Close())
	}
	for _, one := range meant.Patches {
		changed, err := one.apply(wanted[one.Kind+" "+one.Name])
		if err != nil {
			// The patches want an object that cannot be guessed from them.
			skipped++
			return
		}
		wanted[one.Kind+" "+one.Name] = changed
	}
	built, err := buildFolder(root, ".", &flux.Kustomization{Spec: flux.KustomizationSpec{Patches: written, PostBuild: postBuild}})
	expect(err == nil && built.Size() == len(wanted), "%s: %s: its patches: %v", given.Name, meant.Name, err)
	if err != nil {
		return
	}
	for _, object := range built.Resources() {
		key := object.GetKind() + " " + object.GetName()
		actual, wanted := generic(object), generic(wanted[key])
		if !isText(wanted["metadata"].(map[string]any)["annotations"]) {
			// Random patches write what no API server takes, and kustomize reads all annotations as texts.
			delete(actual["metadata"].(map[string]any), "annotations")
			delete(wanted["metadata"].(map[string]any), "annotations")
		}
		is, err := json.Marshal(actual)
		check(err)
		should, err := json.Marshal(wanted)
		check(err)
		expect(bytes.Equal(is, should), "%s: %s: patched, %s is %s, wanted %s", given.Name, meant.Name, key, is, should)
	}
}

// apply is what the two RFCs say.
func (one patch) apply(object map[string]any) (map[string]any, error) {
	text, err := json.Marshal(object)
	check(err)
	if one.Operations == nil {
		var merged any
		check(json.Unmarshal(one.Merge, &merged))
		if isRefused(object, merged) {
			return nil, os.ErrInvalid
		}
		text, err = jsonpatch.MergePatch(text, one.Merge)
	} else {
		var operations jsonpatch.Patch
		if operations, err = jsonpatch.DecodePatch(one.Operations); err == nil {
			text, err = operations.Apply(text)
		}
	}
	if err != nil {
		return nil, err
	}
	changed := map[string]any{}
	if err := json.Unmarshal(text, &changed); err != nil {
		return nil, err
	}
	metadata, _ := changed["metadata"].(map[string]any)
	if metadata == nil || metadata["name"] != one.Name && one.Operations != nil {
		return nil, os.ErrInvalid
	}
	// What names the object stays, whatever a merge says.
	changed["apiVersion"], changed["kind"], metadata["name"] = object["apiVersion"], object["kind"], one.Name
	return changed, nil
}

// isRefused says whether a merge lays something over a value that kustomize does not lay over it: a number or a truth value
// over a text, of which it keeps the quotes (the facts beside kustomize.sh), and what is neither a map nor a list over a map
// or a list, which it ends with `wrong node kind`.
func isRefused(object, merged any) bool {
	fields, _ := merged.(map[string]any)
	into, _ := object.(map[string]any)
	for key, value := range fields {
		before, there := into[key]
		switch value.(type) {
		case float64, bool:
			if _, text := before.(string); text {
				return true
			}
		}
		if there && isCollection(before) && value != nil && !isCollection(value) {
			return true
		}
		if isRefused(into[key], value) {
			return true
		}
	}
	return false
}

func isCollection(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// stub gives an object what an operation looks for: the parents of its path, and for all but `add` something there.
func stub(object map[string]any, wanted operation) {
	var parts []string
	for _, part := range strings.Split(wanted.Path, "/")[1:] {
		parts = append(parts, strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
	}
	var at any = object
	for place, part := range parts {
		last := place == len(parts)-1
		var next any = map[string]any{}
		switch {
		case last && wanted.Op == "add":
			return
		case last && wanted.Op == "test":
			next = wanted.Value
		case last:
			next = "there"
		case isIndex(parts[place+1], wanted.Op):
			// Enough entries for every index that anybody writes.
			list := make([]any, 20)
			for index := range list {
				list[index] = map[string]any{}
			}
			next = list
		}
		switch holder := at.(type) {
		case map[string]any:
			if _, there := holder[part]; !there {
				holder[part] = next
			}
			at = holder[part]
		case []any:
			index, err := strconv.Atoi(part)
			if err != nil || index >= len(holder) {
				return
			}
			if inner, empty := holder[index].(map[string]any); empty && len(inner) == 0 {
				holder[index] = next
			}
			at = holder[index]
		default:
			return
		}
	}
}

// isIndex says whether a part of a path speaks of a list. Only `add` knows the end of one; else `-` is a key.
func isIndex(part, op string) bool {
	_, err := strconv.Atoi(part)
	return err == nil || part == "-" && op == "add"
}

// isText says whether the value is a map of texts with something in it.
func isText(value any) bool {
	annotations, _ := value.(map[string]any)
	for _, one := range annotations {
		if _, ok := one.(string); !ok {
			return false
		}
	}
	return len(annotations) > 0
}
