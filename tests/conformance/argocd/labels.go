package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/argoproj/argo-cd/v3/applicationset/controllers/template"
	"github.com/argoproj/argo-cd/v3/applicationset/generators"
	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"
)

// A fleet whose clusters are found by labels, the Secrets of its clusters, and the same fleet with all of them listed.
type labelled struct {
	Name string `json:"name"`
	Open bool   `json:"open"`
	// Whether every cluster of the fleet must have some label.
	Required bool              `json:"required"`
	Secrets  []secret          `json:"secrets"`
	Labels   map[string]string `json:"labels"`
	Listed   map[string]string `json:"listed"`
}

type secret struct {
	Name        string            `json:"name"`
	Server      string            `json:"server"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Joined      bool              `json:"joined"`
}

// judgeLabels lets the engine find the clusters by the labels of their Secrets, and compares what it generates with what it
// generates when the clusters are listed. Where a fleet is closed, a cluster that joined may get less, but nothing else.
func judgeLabels(line []byte) {
	var given labelled
	check(json.Unmarshal(line, &given))
	secrets := given.objects()
	listed := given.expand(given.Listed, nil)
	found := given.expand(given.Labels, secrets)
	joined := map[string]bool{}
	for _, one := range given.Secrets {
		joined[one.Name] = one.Joined
	}
	for name, meant := range listed.said {
		actual, there := found.said[name]
		if listed.rolls[name] || found.rolls[name] {
			// A rollout has one answer to what happens to workloads: that of a protected cluster, which may join only here. A
			// cluster that joins may also be the first of a rollout.
			withoutFinalizers(meant)
			withoutFinalizers(actual)
		}
		if there || given.Open || !joined[listed.cluster[name]] {
			expect(there, "%s: %s is not generated", given.Name, name)
			if there {
				expect(reflect.DeepEqual(meant, actual), "%s: %s is meant as\n  %v\nand is\n  %v", given.Name, name, meant, actual)
			}
		}
		if there {
			delete(found.said, name)
		}
	}
	for name := range found.said {
		expect(false, "%s: %s is generated and not meant", given.Name, name)
	}
	// The numbers of steps may differ where a fleet does not reach all stages; their order may not.
	for one := range found.step {
		for other := range found.step {
			if found.set[one] == found.set[other] {
				agree := sign(found.step[one]-found.step[other]) == sign(listed.step[one]-listed.step[other])
				expect(agree, "%s: %s and %s are in another order", given.Name, one, other)
			}
		}
	}
}

func (given labelled) objects() []runtime.Object {
	var secrets []runtime.Object
	for _, one := range given.Secrets {
		labels := map[string]string{"argocd.argoproj.io/secret-type": "cluster"}
		for key, value := range one.Labels {
			labels[key] = value
		}
		secrets = append(secrets, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "cluster-" + one.Name, Namespace: "argocd", Labels: labels, Annotations: one.Annotations},
			Data:       map[string][]byte{"name": []byte(one.Name), "server": []byte(one.Server), "config": []byte("{}")},
		})
	}
	if !given.Required {
		return secrets
	}
	// Argo CD knows clusters of other fleets, too.
	return append(secrets, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "stranger", Namespace: "argocd", Labels: map[string]string{"argocd.argoproj.io/secret-type": "cluster"}},
		Data:       map[string][]byte{"name": []byte("stranger"), "server": []byte("https://stranger.example.com"), "config": []byte("{}")},
	})
}

type expanded struct {
	said    map[string]map[string]any
	cluster map[string]string
	set     map[string]string
	step    map[string]int
	rolls   map[string]bool
}

func withoutFinalizers(application map[string]any) {
	if metadata, ok := application["metadata"].(map[string]any); ok {
		delete(metadata, "finalizers")
	}
}

func (given labelled) expand(files map[string]string, secrets []runtime.Object) expanded {
	all := expanded{map[string]map[string]any{}, map[string]string{}, map[string]string{}, map[string]int{}, map[string]bool{}}
	client := fake.NewClientBuilder().WithRuntimeObjects(secrets...).Build()
	paths := []string{}
	for path := range files {
		if strings.Contains(path, "/applicationsets/") {
			paths = append(paths, path)
		}
	}
	sort.Strings(paths)
	for _, path := range paths {
		var set argo.ApplicationSet
		err := strict([]byte(files[path]), &set)
		expect(err == nil, "%s: %s: %v", given.Name, path, err)
		known := map[string]generators.Generator{
			"List":     generators.NewListGenerator(),
			"Clusters": generators.NewClusterGenerator(client, "argocd"),
		}
		applications, _, err := template.GenerateApplications(silent, set, known, &utils.Render{}, client)
		expect(err == nil, "%s: %s: %v", given.Name, path, err)
		_, step := buildAppDependencyList(silent, set, applications)
		for _, application := range applications {
			_, twice := all.said[application.Name]
			expect(!twice, "%s: %s is generated twice", given.Name, application.Name)
			destination := application.Spec.Destination
			all.cluster[application.Name] = destination.Name
			for _, one := range given.Secrets {
				if destination.Server != "" && one.Server == destination.Server {
					all.cluster[application.Name] = one.Name
				}
			}
			all.set[application.Name] = set.Name
			if set.Spec.Strategy != nil {
				all.step[application.Name] = step[application.Name]
			}
			all.said[application.Name] = meaning(application)
			all.rolls[application.Name] = set.Spec.Strategy != nil
		}
	}
	return all
}

// meaning is what an Application says without what says nothing: fields that only make Applications of one set alike, and
// the number of a step.
func meaning(application argo.Application) map[string]any {
	said := comparable(application)
	metadata := said["metadata"].(map[string]any)
	if labels, ok := metadata["labels"].(map[string]any); ok {
		for key := range labels {
			if strings.HasSuffix(key, "/step") {
				delete(labels, key)
			}
		}
	}
	if annotations, ok := metadata["annotations"].(map[string]any); ok {
		if annotations["argocd.argoproj.io/skip-reconcile"] == "false" {
			delete(annotations, "argocd.argoproj.io/skip-reconcile")
		}
		if len(annotations) == 0 {
			delete(metadata, "annotations")
		}
	}
	spec := said["spec"].(map[string]any)
	// What is ignored has no order; the order of the source is another one in each fleet.
	ignored := list(spec["ignoreDifferences"])
	sort.Slice(ignored, func(i, j int) bool { return fmt.Sprint(ignored[i]) < fmt.Sprint(ignored[j]) })
	sources := []any{spec["source"]}
	if several, ok := spec["sources"].([]any); ok {
		sources = several
	}
	for _, source := range sources {
		source, _ := source.(map[string]any)
		if helm, ok := source["helm"].(map[string]any); ok {
			if values, ok := helm["valuesObject"].(map[string]any); ok && len(values) == 0 || helm["valuesObject"] == nil {
				delete(helm, "valuesObject")
			}
			if files, ok := helm["valueFiles"].([]any); ok {
				helm["valueFiles"] = withoutRepeats(files)
			}
		}
		if block, ok := source["kustomize"].(map[string]any); ok {
			plainKustomize(block)
			if len(block) == 0 {
				delete(source, "kustomize")
			}
		}
	}
	return said
}

// plainKustomize takes out patches of nothing and images of nothing, and reads the YAML of patches.
func plainKustomize(block map[string]any) {
	patches := []any{}
	for _, patch := range list(block["patches"]) {
		patch := patch.(map[string]any)
		if patch["target"].(map[string]any)["name"] == "^$" {
			continue
		}
		var body any
		check(yaml.Unmarshal([]byte(patch["patch"].(string)), &body))
		patch["patch"] = body
		patches = append(patches, patch)
	}
	images := []any{}
	for _, image := range list(block["images"]) {
		if image != "fleetc.dev/none:none" {
			images = append(images, image)
		}
	}
	delete(block, "patches")
	delete(block, "images")
	if len(patches) > 0 {
		block["patches"] = patches
	}
	if len(images) > 0 {
		block["images"] = withoutRepeats(images)
	}
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}

// withoutRepeats leaves out what follows itself.
func withoutRepeats(items []any) []any {
	kept := []any{}
	for _, item := range items {
		if len(kept) == 0 || kept[len(kept)-1] != item {
			kept = append(kept, item)
		}
	}
	return kept
}
