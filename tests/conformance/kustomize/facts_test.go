package main

// What the manifests for Flux and Argo CD rely on in kustomize, each with the smallest patch that shows it.

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const source = `
apiVersion: v1
kind: Namespace
metadata:
  name: payments
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: payments-api
  namespace: payments
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: api
          image: api:1
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: prometheus-stack
  namespace: monitoring
spec:
  values:
    global:
      clusterName: base
      keep: "y"
    list:
      - name: a
      - name: b
`

// run builds the source with one Flux Kustomization and gives the number of its objects and their text.
func run(t *testing.T, objects, spec string) (int, string, error) {
	t.Helper()
	folder := t.TempDir()
	list := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
	if objects == "" {
		list = strings.Replace(list, "resources:", "resources: []", 1)
	} else {
		list += "- all.yaml\n"
		write(t, filepath.Join(folder, "all.yaml"), objects)
	}
	write(t, filepath.Join(folder, "kustomization.yaml"), list)
	flux := unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict([]byte("spec: "+spec), &flux.Object); err != nil {
		t.Fatal(err)
	}
	built, err := build(folder, ".", flux)
	if err != nil {
		return 0, "", err
	}
	text, err := readable(built)
	return built.Size(), string(text), err
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// patches is a spec with one patch; the patch is written as a JSON string.
func patches(target, patch string) string {
	text, err := yaml.Marshal(map[string]any{"patch": patch})
	if err != nil {
		panic(err)
	}
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		panic(err)
	}
	entry := strings.TrimSuffix(string(asJSON), "}")
	if target != "" {
		entry += `,"target":` + target
	}
	return `{"patches":[` + entry + `}]}`
}

const (
	placeholder = "apiVersion: not-used/v1\nkind: not-used\nmetadata:\n  name: not-used\n"
	release     = `{"kind":"HelmRelease","name":"prometheus-stack"}`
	deployment  = `{"kind":"Deployment","name":"payments-api"}`
)

func TestPatches(t *testing.T) {
	tests := map[string]struct {
		target, patch string
		objects       int      // how many must come out
		has, hasNot   []string // what their text must hold and must not hold
		fails         string   // or what the error must say
	}{
		"deleting every object leaves none": {
			`{"kind":".*"}`, "$patch: delete\n" + placeholder, 0, nil, nil, ""},
		"deleting needs the fields of an object in the patch": {
			`{"kind":".*"}`, "$patch: delete\n", 0, nil, nil, "unable to parse SM or JSON patch"},
		"deleting what nothing matches deletes nothing": {
			`{"annotationSelector":"a=b"}`, "$patch: delete\n" + placeholder, 3, nil, nil, ""},
		"an empty list of operations changes nothing": {
			release, "[]", 3, []string{"clusterName: base"}, nil, ""},
		"a target whose name is `^$` is no object": {
			`{"kind":"Deployment","name":"^$"}`, "- op: replace\n  path: /spec/replicas\n  value: 5\n", 3,
			[]string{"replicas: 1"}, nil, ""},
		"a merge patch needs no apiVersion": {
			deployment, "kind: Deployment\nmetadata:\n  name: payments-api\nspec:\n  replicas: 5\n", 3,
			[]string{"replicas: 5", "apiVersion: apps/v1"}, nil, ""},
		"an empty patch is refused": {
			release, "", 0, nil, nil, "must specify one of patch and path"},
		"maps of an unknown kind are merged under a placeholder's name": {
			release, placeholder + "spec:\n  values:\n    global:\n      clusterName: dev\n", 3,
			[]string{"clusterName: dev", `keep: "y"`, "name: prometheus-stack", "name: b"}, []string{"not-used"}, ""},
		"lists of an unknown kind are replaced whole": {
			release, placeholder + "spec:\n  values:\n    list:\n    - name: a\n", 3, nil, []string{"name: b"}, ""},
		"lists of a known kind are merged by name under a placeholder's kind": {
			deployment, placeholder + "spec:\n  template:\n    spec:\n      containers:\n      - name: side\n        image: side:1\n", 3,
			[]string{"image: api:1", "image: side:1"}, []string{"not-used"}, ""},
		"a merge patch needs the fields of an object": {
			deployment, "spec:\n  replicas: 5\n", 0, nil, nil, "unable to parse SM or JSON patch"},
		"null deletes a key": {
			release, placeholder + "spec:\n  values:\n    global:\n      keep: null\n", 3, nil, []string{"keep:"}, ""},
		"a target's name is matched whole": {
			`{"kind":"HelmRelease","name":"prometheus"}`, `[{"op":"replace","path":"/spec/values/global/clusterName","value":"dev"}]`, 3,
			[]string{"clusterName: base"}, nil, ""},
		"replacing what is not there adds it": {
			release, "- op: replace\n  path: /spec/values/global/new\n  value: \"no\"\n", 3, []string{`new: "no"`}, nil, ""},
		"removing what is not there fails": {
			release, "- op: remove\n  path: /spec/values/global/new\n", 0, nil, nil, "Unable to remove nonexistent key"},
		"white space around a patch is trimmed, and a line break at its end with it": {
			release, placeholder + "spec:\n  values:\n    global:\n      clusterName: |\n        a\n        b\n", 3,
			[]string{"clusterName: |-\n        a\n        b\n"}, nil, ""},
		"a text that is merged over a bare one stays a text": {
			release, placeholder + "spec:\n  values:\n    global:\n      clusterName: \"5\"\n", 3, []string{`clusterName: "5"`}, nil, ""},
		"a number that is merged over a quoted text becomes a text": {
			release, placeholder + "spec:\n  values:\n    global:\n      keep: 5\n", 3, []string{`keep: "5"`}, nil, ""},
		"a test that does not hold fails": {
			release, "- op: test\n  path: /spec/values/global/clusterName\n  value: dev\n", 0, nil, nil, "test"},
		"operations without a target fail": {
			"", "- op: remove\n  path: /spec/values\n", 0, nil, nil, "must specify a target"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			objects, text, err := run(t, source, patches(test.target, test.patch))
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("wanted the error %q, got %v", test.fails, err)
				}
				return
			}
			if err != nil || objects != test.objects {
				t.Fatalf("wanted %d objects, got %d: %v", test.objects, objects, err)
			}
			for _, part := range test.has {
				if !strings.Contains(text, part) {
					t.Errorf("%q is not in\n%s", part, text)
				}
			}
			for _, part := range test.hasNot {
				if strings.Contains(text, part) {
					t.Errorf("%q is in\n%s", part, text)
				}
			}
		})
	}
}

func TestFolderWithoutObjectsBuilds(t *testing.T) {
	objects, _, err := run(t, "", "{}")
	if err != nil || objects != 0 {
		t.Fatalf("wanted no object, got %d: %v", objects, err)
	}
}

// What kustomize leaves as it was written keeps such a text; what it writes anew cannot be read again.
func TestTextThatBeginsWithATab(t *testing.T) {
	const object = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
	const data, annotation = "data:\n  text: \"\\ta\\nb\"\n", "  annotations:\n    text: \"\\t\\n\"\n"
	patch := patches(`{"kind":"ConfigMap"}`, `[{"op":"add","path":"/data/more","value":"x"}]`)
	if _, _, err := run(t, object+data, "{}"); err != nil {
		t.Errorf("an object that is left alone: %v", err)
	}
	if _, _, err := run(t, object+annotation, "{}"); err == nil {
		t.Error("an annotation: kustomize keeps it now")
	}
	if _, _, err := run(t, object+data, patch); err == nil {
		t.Error("a patched object: kustomize keeps it now")
	}
	if _, _, err := run(t, object+data, `{"postBuild":{"substitute":{"a":"b"}}}`); err == nil {
		t.Error("a substituted object: kustomize keeps it now")
	}
}

func TestVariables(t *testing.T) {
	object := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  text: "
	set := `{"postBuild":{"substitute":{"region":"no: [x"}}}`
	for written, wanted := range map[string]string{
		`"$${region}"`:        "${region}",
		`"$region $ $x {{}}"`: "$region $ $x {{}}",
	} {
		_, text, err := run(t, object+written+"\n", set)
		var got struct{ Data map[string]string }
		if err == nil {
			err = yaml.Unmarshal([]byte(text), &got)
		}
		if err != nil || got.Data["text"] != wanted {
			t.Errorf("%s: wanted %q, got %q (%v)", written, wanted, got.Data["text"], err)
		}
	}
	if _, _, err := run(t, object+"\"${unknown}\"\n", set); err == nil {
		t.Error("an unknown variable must fail, since Flux 2.9 substitutes strictly")
	}
}

// A folder without a list is taken whole, with every folder in it that has a list; a list leaves out what it does not
// name. So the folder that flux bootstrap shares with others may have none.
func TestListsLeaveOutWhatTheyDoNotName(t *testing.T) {
	for list, wanted := range map[string]int{"": 4, "kustomization.yaml": 1} {
		repository := t.TempDir()
		folder := filepath.Join(repository, "clusters", "prod")
		for _, below := range []string{"flux-system", "fleet"} {
			if err := os.MkdirAll(filepath.Join(folder, below), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for name, text := range bootstrapped {
			write(t, filepath.Join(folder, "flux-system", name), text)
		}
		object := func(name string) string { return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n" }
		write(t, filepath.Join(folder, "fleet.yaml"), object("beside"))
		write(t, filepath.Join(folder, "fleet", "kustomization.yaml"), "resources:\n- objects.yaml\n")
		write(t, filepath.Join(folder, "fleet", "objects.yaml"), object("inside"))
		if list != "" {
			write(t, filepath.Join(folder, list), "resources:\n- fleet.yaml\n")
		}
		objects, err := build(repository, "clusters/prod", unstructured.Unstructured{Object: map[string]any{}})
		if err != nil || objects.Size() != wanted {
			t.Errorf("%q: wanted %d objects, got %d: %v", list, wanted, objects.Size(), err)
		}
	}
}

// What overlays rest on, built as the command line does, which reads no file from outside of the folder: folders from
// outside are read, a patch renames only where it may, and two objects may not share a name between two patches.
func TestOverlays(t *testing.T) {
	root := t.TempDir()
	base := func(name string) {
		folder := filepath.Join(root, "base", name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, "kustomization.yaml"), "resources:\n- component.yaml\n")
		write(t, filepath.Join(folder, "component.yaml"), "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: "+name+"\n")
	}
	base("x")
	base("x-a")
	rename := func(from, to, options string) string {
		return "- target: {kind: Kustomization, name: " + from + "}\n" + options +
			"  patch: |\n    apiVersion: kustomize.toolkit.fluxcd.io/v1\n    kind: Kustomization\n    metadata:\n      name: " + to + "\n"
	}
	const resources = "resources:\n- ../../base/x\n- ../../base/x-a\npatches:\n"
	const allowed = "  options: {allowNameChange: true}\n"
	for name, test := range map[string]struct{ file, wanted string }{
		"a file from outside is refused": {"resources:\n- ../../base/x/component.yaml\n", ""},
		"without the option the name stays": {
			resources + rename("x-a", "x-a-a", ""), "x x-a"},
		"an object that frees its name first": {
			resources + rename("x-a", "x-a-a", allowed) + rename("x", "x-a", allowed), "x-a x-a-a"},
		"an object that takes a name that is not free yet": {
			resources + rename("x", "x-a", allowed) + rename("x-a", "x-a-a", allowed), ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(root, "clusters", "a")
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(folder, "kustomization.yaml"), test.file)
			objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
			if (err != nil) != (test.wanted == "") {
				t.Fatalf("wanted %q, got the error %v", test.wanted, err)
			}
			if err != nil {
				return
			}
			var names []string
			for _, object := range objects.Resources() {
				names = append(names, object.GetName())
			}
			if got := strings.Join(names, " "); got != test.wanted {
				t.Errorf("wanted %q, got %q", test.wanted, got)
			}
		})
	}
}
