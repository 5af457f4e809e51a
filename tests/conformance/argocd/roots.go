package main

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/syncwaves"
	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/reposerver/repository"
	"github.com/argoproj/argo-cd/v3/util/git"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What stands in the folder of an instance for people.
const healthPatch = "/argocd-cm-health.patch"

// judgeRoots lets the engine read the folder of the root, then those of the roots that it finds there, and holds that
// every object is applied, and by one Application only.
func (given fleet) judgeRoots(found objects) {
	root, there := found.applications[given.folder+"/root.yaml"]
	expect(there, "%s: there is no root", given.Name)
	if !there {
		return
	}
	repository, err := os.MkdirTemp("", "fleet")
	check(err)
	defer os.RemoveAll(repository)
	output := strings.TrimSuffix(root.Spec.Source.Path, given.folder)
	for path, text := range given.Files {
		file := filepath.Join(repository, output, path)
		check(os.MkdirAll(filepath.Dir(file), 0o755))
		check(os.WriteFile(file, []byte(text), 0o644))
	}

	parents := map[string]string{}
	waves := map[string]int{}
	open := []argo.Application{root}
	for len(open) > 0 {
		parent := open[0]
		open = open[1:]
		first, last := math.MaxInt, math.MinInt
		for _, object := range given.applied(repository, parent) {
			key := object.GetKind() + "/" + object.GetName()
			other, twice := parents[key]
			expect(!twice, "%s: %s is applied by %s and by %s", given.Name, key, other, parent.Name)
			parents[key] = parent.Name
			wave := syncwaves.Wave(object)
			last = max(last, wave)
			if object.GetKind() != "Application" {
				continue
			}
			first = min(first, wave)
			waves[object.GetName()] = wave
			var child argo.Application
			text, err := object.MarshalJSON()
			check(err)
			check(json.Unmarshal(text, &child))
			source := child.Spec.GetSource()
			if source.RepoURL == root.Spec.Source.RepoURL && strings.HasPrefix(source.Path, root.Spec.Source.Path+"/") {
				expect(child.Spec.Project == "default", "%s: %s is in a project", given.Name, child.Name)
				expect(child.CascadedDeletion(), "%s: %s would leave its Applications behind", given.Name, child.Name)
				open = append(open, child)
			}
		}
		// No wave comes behind the roots of clusters, so no cluster holds up the others.
		waits := parent.Name == root.Name && len(found.sets) == 0 && first < last
		expect(!waits, "%s: the root waits for the health of clusters", given.Name)
	}

	for path, key := range found.keys {
		_, applied := parents[key]
		expect(applied == (path != given.folder+"/root.yaml"), "%s: %s (%s) is applied: %v", given.Name, path, key, applied)
	}
	expect(len(parents) == len(found.keys)-1, "%s: %d objects of %d are applied", given.Name, len(parents), len(found.keys)-1)
	given.judgeWaves(parents, waves, len(found.sets) == 0)
}

// applied is what the repo server makes of the folder of an Application.
func (given fleet) applied(root string, application argo.Application) []*unstructured.Unstructured {
	source := application.Spec.GetSource()
	request := apiclient.ManifestRequest{Repo: &argo.Repository{Repo: source.RepoURL}, ApplicationSource: &source, AppName: application.Name, NoCache: true}
	path := filepath.Join(root, source.Path)
	response, err := repository.GenerateManifests(context.Background(), path, root, "", &request, true, &git.NoopCredsStore{}, resource.MustParse("0"), nil)
	expect(err == nil, "%s: %s cannot be read: %v", given.Name, source.Path, err)
	if err != nil {
		return nil
	}
	objects := []*unstructured.Unstructured{}
	for _, text := range response.Manifests {
		object := &unstructured.Unstructured{}
		check(object.UnmarshalJSON([]byte(text)))
		objects = append(objects, object)
	}
	return objects
}

// judgeWaves holds the waves of Applications that are written out against `after`.
func (given fleet) judgeWaves(parents map[string]string, waves map[string]int, writtenOut bool) {
	if !writtenOut {
		return
	}
	names := map[[2]string]string{}
	for _, one := range given.Plan.Deployments {
		names[[2]string{one.Component, one.Cluster}] = one.Name
	}
	waiting := false
	for _, one := range given.Plan.Deployments {
		for _, after := range one.After {
			waiting = true
			first := names[[2]string{after, one.Cluster}]
			expect(waves[first] < waves[one.Name], "%s: %s is not before %s", given.Name, first, one.Name)
			same := parents["Application/"+first] == parents["Application/"+one.Name]
			expect(same, "%s: %s and %s are not of one sync", given.Name, first, one.Name)
		}
	}
	_, there := given.Files[given.folder+healthPatch]
	expect(there == waiting, "%s: the health check is there: %v", given.Name, there)
}
