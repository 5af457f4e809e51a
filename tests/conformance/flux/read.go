package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	helm "github.com/fluxcd/helm-controller/api/v2"
	flux "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/kustomize"
	"github.com/fluxcd/pkg/kustomize/filesys"
	source "github.com/fluxcd/source-controller/api/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	k8syaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// objects are what came out of a folder, by their names.
type objects struct {
	kustomizations map[string]*flux.Kustomization
	releases       map[string]*helm.HelmRelease
	git            map[string]*source.GitRepository
	oci            map[string]*source.OCIRepository
	helm           map[string]*source.HelmRepository
	buckets        map[string]*source.Bucket
	configMaps     map[string]*core.ConfigMap
	// What the fleet itself says, by what it is.
	others map[string]*unstructured.Unstructured
}

func newObjects() objects {
	return objects{
		map[string]*flux.Kustomization{}, map[string]*helm.HelmRelease{}, map[string]*source.GitRepository{},
		map[string]*source.OCIRepository{}, map[string]*source.HelmRepository{}, map[string]*source.Bucket{},
		map[string]*core.ConfigMap{}, map[string]*unstructured.Unstructured{},
	}
}

func (all objects) size() int {
	return len(all.kustomizations) + len(all.releases) + len(all.git) + len(all.oci) + len(all.helm) + len(all.buckets) +
		len(all.configMaps) + len(all.others)
}

// add decodes one object strictly into the controllers' own type; unknown and repeated fields are errors.
func (all objects) add(document []byte) error {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := yaml.Unmarshal(document, &head); err != nil {
		return err
	}
	switch name := head.Metadata.Name; head.APIVersion + " " + head.Kind {
	case "kustomize.toolkit.fluxcd.io/v1 Kustomization":
		return decode(document, all.kustomizations, name)
	case "helm.toolkit.fluxcd.io/v2 HelmRelease":
		return decode(document, all.releases, name)
	case "source.toolkit.fluxcd.io/v1 GitRepository":
		return decode(document, all.git, name)
	case "source.toolkit.fluxcd.io/v1 OCIRepository":
		return decode(document, all.oci, name)
	case "source.toolkit.fluxcd.io/v1 HelmRepository":
		return decode(document, all.helm, name)
	case "source.toolkit.fluxcd.io/v1 Bucket":
		return decode(document, all.buckets, name)
	case "v1 ConfigMap":
		return decode(document, all.configMaps, name)
	}
	one := &unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict(document, &one.Object); err != nil {
		return err
	}
	all.others[reference(one)] = one
	return nil
}

// reference is an object as the plan names it.
func reference(one *unstructured.Unstructured) string {
	parts := []string{one.GetAPIVersion(), one.GetKind(), one.GetNamespace(), one.GetName()}
	return strings.ReplaceAll(strings.Join(parts, "/"), "//", "/")
}

func decode[T any](document []byte, into map[string]*T, name string) error {
	value := new(T)
	plain, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	// As the API server reads: other than Go's own JSON it tells upper from lower case.
	strict, err := json.UnmarshalStrict(plain, value)
	if err := errors.Join(append(strict, err)...); err != nil {
		return err
	}
	if _, twice := into[name]; twice || name == "" {
		return fmt.Errorf("two objects are named %q", name)
	}
	into[name] = value
	return nil
}

// files are the files below a folder, with their paths from the output folder.
func (given fleet) files(folder string) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(given.Files)) {
		if strings.HasPrefix(name, folder) {
			found = append(found, name)
		}
	}
	return found
}

// judgeFiles decodes every document of every file, and the files that kustomize itself reads as it does.
func (given fleet) judgeFiles() {
	for _, name := range given.files("flux/") {
		if path.Ext(name) != ".yaml" {
			// The script that installs Flux and the file for Terraform, which no Flux reads.
			expect(!strings.HasPrefix(name, "flux/hub/") && !strings.HasPrefix(name, "flux/clusters/"), "%s: Flux finds %s", given.Name, name)
			continue
		}
		content := []byte(given.Files[name])
		if path.Base(name) == "kustomization.yaml" {
			var list types.Kustomization
			err := list.Unmarshal(content)
			expect(err == nil, "%s: %s: %v", given.Name, name, err)
			unknown := list.EnforceFields()
			expect(len(unknown) == 0, "%s: %s: %v", given.Name, name, unknown)
			continue
		}
		reader := k8syaml.NewYAMLReader(bufio.NewReader(strings.NewReader(given.Files[name])))
		found := newObjects()
		for {
			document, err := reader.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			check(err)
			err = found.add(document)
			expect(err == nil, "%s: %s: %v", given.Name, name, err)
		}
		expect(found.size() > 0, "%s: %s holds nothing", given.Name, name)
		for other := range found.others {
			expect(given.says(other), "%s: %s: nobody knows %s", given.Name, name, other)
		}
	}
}

// workspace is the output folder on disk, below the path that it has in the fleet's repository.
type workspace struct{ root, home string }

func (given fleet) write(home string) workspace {
	root, err := os.MkdirTemp("", "fleetc-flux-")
	check(err)
	for _, name := range given.files("flux/") {
		target := filepath.Join(root, home, name)
		check(os.MkdirAll(filepath.Dir(target), 0o755))
		check(os.WriteFile(target, []byte(given.Files[name]), 0o644))
	}
	return workspace{root, home}
}

// someVariables is a Flux Kustomization that replaces variables, as the one over the hub may.
var someVariables = unstructured.Unstructured{Object: map[string]any{
	"spec": map[string]any{"postBuild": map[string]any{"substitute": map[string]any{"some": "value"}}},
}}

// build builds a folder of the repository as kustomize-controller does for a Flux Kustomization, and decodes the result,
// of which nothing may be taken for a variable.
func (work workspace) build(folder string, as *flux.Kustomization) (objects, error) {
	built, err := buildFolder(work.root, folder, as)
	if err != nil {
		return objects{}, err
	}
	found := newObjects()
	for _, resource := range built.Resources() {
		document, err := resource.AsYAML()
		if err != nil {
			return objects{}, err
		}
		if err := found.add(document); err != nil {
			return objects{}, err
		}
		replaced, err := kustomize.SubstituteVariables(context.Background(), nil, someVariables, resource,
			kustomize.SubstituteWithDryRun(true), kustomize.SubstituteWithStrict(true))
		if err != nil || replaced != nil {
			return objects{}, fmt.Errorf("Flux replaces variables in %s %s: %v", resource.GetKind(), resource.GetName(), err)
		}
	}
	return found, nil
}

// runKustomize is kustomize.SecureBuild with the same settings, but for one thing: that reads the schemas of Kubernetes
// anew each time, which for thousands of small folders is all that would be waited for.
func runKustomize(root, folder string) (resmap.ResMap, error) {
	files, err := filesys.MakeFsOnDiskSecure(root)
	if err != nil {
		return nil, err
	}
	settings := krusty.Options{LoadRestrictions: types.LoadRestrictionsNone, PluginConfig: types.DisabledPluginConfig()}
	return krusty.MakeKustomizer(&settings).Run(files, folder)
}

// buildFolder is what the controller does with a folder: the Kustomization's patches, images and namespace are added to
// the folder's own, the whole is built, and variables are replaced strictly, as Flux 2.9 does.
func buildFolder(root, folder string, as *flux.Kustomization) (resmap.ResMap, error) {
	object := unstructured.Unstructured{Object: map[string]any{}}
	if as != nil {
		object.Object = generic(as)
	}
	folder = filepath.Join(root, folder)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("no folder %s", folder)
	}
	if _, err := kustomize.NewGenerator(root, object).WriteFile(folder); err != nil {
		return nil, err
	}
	if as == nil {
		return kustomize.SecureBuild(root, folder, false)
	}
	built, err := runKustomize(root, folder)
	if err != nil || as.Spec.PostBuild == nil {
		return built, err
	}
	for _, resource := range built.Resources() {
		replaced, err := kustomize.SubstituteVariables(context.Background(), nil, object, resource,
			kustomize.SubstituteWithDryRun(true), kustomize.SubstituteWithStrict(true))
		if err != nil {
			return nil, err
		}
		if replaced != nil {
			if _, err := built.Replace(replaced); err != nil {
				return nil, err
			}
		}
	}
	return built, nil
}
