// Builds folders as Flux's kustomize-controller does, with the library that it is made of (fluxcd/pkg/kustomize):
// files from outside the folder allowed, plugins off, the patches of the Flux Kustomization behind those of the folder,
// variables substituted strictly.
//
//	kustomize build FOLDER...          builds each folder
//	kustomize apply SOURCE FILE...     builds what each Flux Kustomization in the files applies from the source
//	kustomize fleet REPOSITORY HUB     builds the hub folder, then every Flux Kustomization in it whose path is there
//	kustomize pull REPOSITORY FOLDER   the same for a cluster's folder, after flux bootstrap put its own folder into it
//	kustomize same FOLDER REPOSITORY REPOSITORY
//	                                   checks that the folder builds to the same objects in two repositories
//	kustomize strings CORPUS           checks that texts in ConfigMaps come out of a build as they went in
//
// With -print before the mode the objects are printed. Each build prints a line with the number of its objects; the
// exit code is 1 when one failed.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	k8syaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const fluxGroup = "kustomize.toolkit.fluxcd.io/"

var printObjects = flag.Bool("print", false, "print the objects of every build")

// tally counts builds and reports each on a line.
type tally struct{ passed, failed, skipped int }

func (t *tally) report(what string, objects resmap.ResMap, err error) {
	var text []byte
	if err == nil {
		text, err = readable(objects)
	}
	if err != nil {
		t.failed++
		fmt.Printf("FAIL %s: %v\n", what, err)
		return
	}
	t.passed++
	fmt.Printf("ok %s: %d objects\n", what, objects.Size())
	if *printObjects {
		fmt.Printf("%s", text)
	}
}

// readable gives the text that Flux applies, after reading it once more, as Flux does.
func readable(objects resmap.ResMap) ([]byte, error) {
	text, err := objects.AsYaml()
	if err != nil {
		return nil, err
	}
	documents := k8syaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		var object map[string]any
		if err := documents.Decode(&object); errors.Is(err, io.EOF) {
			return text, nil
		} else if err != nil {
			return nil, err
		}
	}
}

// build builds the folder at path of a source as the Flux Kustomization says, on a copy of the source, because Flux
// writes into it.
func build(source, path string, flux unstructured.Unstructured) (resmap.ResMap, error) {
	work, err := os.MkdirTemp("", "fleetc-kustomize-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if err := copyTree(source, work); err != nil {
		return nil, err
	}
	folder := filepath.Join(work, path)
	if _, err := kustomize.NewGenerator(work, flux).WriteFile(folder); err != nil {
		return nil, err
	}
	objects, err := kustomize.SecureBuild(work, folder, false)
	if err != nil {
		return nil, err
	}
	if _, ok, _ := unstructured.NestedMap(flux.Object, "spec", "postBuild"); ok {
		for _, object := range objects.Resources() {
			substituted, err := kustomize.SubstituteVariables(context.Background(), nil, flux, object,
				kustomize.SubstituteWithDryRun(true), kustomize.SubstituteWithStrict(true))
			if err != nil {
				return nil, err
			}
			if substituted != nil {
				if _, err := objects.Replace(substituted); err != nil {
					return nil, err
				}
			}
		}
	}
	return objects, nil
}

// copyTree copies the files that a build may read; what Git and tools keep beside them is left out.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != from && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		inner, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, inner)
		switch {
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case entry.Type().IsRegular():
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(target, text, 0o644)
		}
		return nil
	})
}

// fluxKustomizations returns the Flux Kustomizations among the documents of a file.
func fluxKustomizations(file string) ([]unstructured.Unstructured, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found []unstructured.Unstructured
	for _, document := range strings.Split("\n"+string(text), "\n---\n") {
		object := unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(document), &object.Object); err != nil {
			return nil, err
		}
		if isFlux(object) {
			found = append(found, object)
		}
	}
	return found, nil
}

func isFlux(object unstructured.Unstructured) bool {
	return object.GetKind() == "Kustomization" && strings.HasPrefix(object.GetAPIVersion(), fluxGroup)
}

func (t *tally) buildFolders(folders []string) {
	for _, folder := range folders {
		objects, err := build(folder, ".", unstructured.Unstructured{Object: map[string]any{}})
		t.report(folder, objects, err)
	}
}

func (t *tally) applyFiles(source string, files []string) {
	for _, file := range files {
		found, err := fluxKustomizations(file)
		if err == nil && len(found) == 0 {
			err = errors.New("no Flux Kustomization in it")
		}
		if err != nil {
			t.report(file, nil, err)
		}
		for _, flux := range found {
			path, _, _ := unstructured.NestedString(flux.Object, "spec", "path")
			objects, err := build(source, path, flux)
			t.report(fmt.Sprintf("%s %s", file, flux.GetName()), objects, err)
		}
	}
}

// bootstrapped is what flux bootstrap writes below the path that it is given, in short: a folder with a list of its own.
var bootstrapped = map[string]string{
	"gotk-components.yaml": "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: flux-system\n",
	"gotk-sync.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n" +
		"metadata:\n  name: flux-system\n  namespace: flux-system\n",
	"kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" +
		"resources:\n- gotk-components.yaml\n- gotk-sync.yaml\n",
}

// buildCluster does what a cluster's own Flux does, which lives in the folder that it builds. What it made at bootstrap
// has to be among the objects: the Kustomization of the folder prunes.
func (t *tally) buildCluster(repository, folder string) error {
	work, err := os.MkdirTemp("", "fleetc-kustomize-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := copyTree(repository, work); err != nil {
		return err
	}
	flux := filepath.Join(work, folder, "flux-system")
	if err := os.MkdirAll(flux, 0o755); err != nil {
		return err
	}
	for name, text := range bootstrapped {
		if err := os.WriteFile(filepath.Join(flux, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	objects, err := build(work, folder, unstructured.Unstructured{Object: map[string]any{}})
	if err == nil {
		own := 0
		for _, object := range objects.Resources() {
			if object.GetName() == "flux-system" {
				own++
			}
		}
		if own != 2 {
			err = fmt.Errorf("flux would prune itself: %d of the 2 objects of flux bootstrap are left", own)
		}
	}
	t.report(filepath.Join(repository, folder)+" bootstrapped", objects, err)
	t.buildFleet(repository, folder)
	return nil
}

// buildFleet does what the hub does: it builds the hub's folder, then what each Kustomization found there applies. A
// path that the repository does not have is in another source and is counted as skipped.
func (t *tally) buildFleet(repository, hub string) {
	objects, err := build(repository, hub, unstructured.Unstructured{Object: map[string]any{}})
	t.report(filepath.Join(repository, hub), objects, err)
	if err != nil {
		return
	}
	for _, object := range objects.Resources() {
		content, err := object.Map()
		flux := unstructured.Unstructured{Object: content}
		if err != nil || !isFlux(flux) {
			continue
		}
		path, _, _ := unstructured.NestedString(content, "spec", "path")
		if info, err := os.Stat(filepath.Join(repository, path)); err != nil || !info.IsDir() {
			t.skipped++
			continue
		}
		built, err := build(repository, path, flux)
		t.report(fmt.Sprintf("%s %s %s", repository, flux.GetName(), path), built, err)
	}
}

// buildSame builds a folder in two repositories, which has to give the same objects, whatever their order.
func (t *tally) buildSame(folder, one, two string) {
	first, err := objectsByID(one, folder)
	second, errSecond := objectsByID(two, folder)
	if err = errors.Join(err, errSecond); err == nil && !reflect.DeepEqual(first, second) {
		err = fmt.Errorf("%d objects against %d", len(first), len(second))
		for id, object := range first {
			if !reflect.DeepEqual(object, second[id]) {
				err = fmt.Errorf("%s: %v\nagainst %v", id, object, second[id])
			}
		}
	}
	if err != nil {
		t.failed++
		fmt.Printf("FAIL %s and %s %s: %v\n", one, two, folder, err)
		return
	}
	t.passed++
	fmt.Printf("ok %s and %s %s: %d objects\n", one, two, folder, len(first))
}

// objectsByID reads the objects of a build from the text that it gives, as Flux does.
func objectsByID(repository, folder string) (map[string]map[string]any, error) {
	objects, err := build(repository, folder, unstructured.Unstructured{Object: map[string]any{}})
	if err != nil {
		return nil, err
	}
	text, err := readable(objects)
	if err != nil {
		return nil, err
	}
	found := map[string]map[string]any{}
	documents := k8syaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		object := unstructured.Unstructured{}
		if err := documents.Decode(&object.Object); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		found[object.GetKind()+" "+object.GetNamespace()+"/"+object.GetName()] = object.Object
	}
}

func main() {
	flag.Parse()
	var t tally
	arguments := flag.Args()
	switch {
	case len(arguments) >= 2 && arguments[0] == "build":
		t.buildFolders(arguments[1:])
	case len(arguments) >= 3 && arguments[0] == "apply":
		t.applyFiles(arguments[1], arguments[2:])
	case len(arguments) == 3 && arguments[0] == "fleet":
		t.buildFleet(arguments[1], arguments[2])
	case len(arguments) == 3 && arguments[0] == "pull":
		if err := t.buildCluster(arguments[1], arguments[2]); err != nil {
			t.report(arguments[2], nil, err)
		}
	case len(arguments) == 4 && arguments[0] == "same":
		t.buildSame(arguments[1], arguments[2], arguments[3])
	case len(arguments) == 2 && arguments[0] == "strings":
		t.checkStrings(arguments[1])
	default:
		fmt.Fprintln(os.Stderr, "usage: kustomize [-print] build FOLDER... | apply SOURCE FILE... | fleet REPOSITORY HUB | pull REPOSITORY FOLDER | same FOLDER REPOSITORY REPOSITORY | strings CORPUS")
		os.Exit(2)
	}
	fmt.Printf("kustomize: %d passed, %d failed, %d in other sources\n", t.passed, t.failed, t.skipped)
	if t.failed > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

// newFolder is an in-memory file system with one folder that lists the given files.
func newFolder(files map[string]string) (filesys.FileSystem, error) {
	folder := filesys.MakeFsInMemory()
	list := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
	for _, name := range slices.Sorted(maps.Keys(files)) {
		list += "- " + name + "\n"
		if err := folder.WriteFile("/"+name, []byte(files[name])); err != nil {
			return nil, err
		}
	}
	return folder, folder.WriteFile("/kustomization.yaml", []byte(list))
}
