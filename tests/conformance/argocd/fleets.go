package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"sigs.k8s.io/yaml"
)

type fleet struct {
	Name  string            `json:"name"`
	Plan  plan              `json:"plan"`
	Files map[string]string `json:"files"`
}

type plan struct {
	Clusters []struct {
		Name   string  `json:"name"`
		Server *string `json:"server"`
	} `json:"clusters"`
	Deployments []deployment `json:"deployments"`
	Rollouts    []struct {
		Name   string `json:"name"`
		Stages []struct {
			Name string `json:"name"`
		} `json:"stages"`
	} `json:"rollouts"`
}

type deployment struct {
	Component string  `json:"component"`
	Cluster   string  `json:"cluster"`
	Name      string  `json:"name"`
	Project   *string `json:"project"`
	Namespace *string `json:"namespace"`
	Source    struct {
		URL      string  `json:"url"`
		Revision *string `json:"revision"`
		Path     *string `json:"path"`
		Chart    *string `json:"chart"`
	} `json:"source"`
	// The objects that are written for it, as `apiVersion/Kind/namespace/name`.
	Objects []string `json:"objects"`
	After   []string `json:"after"`
	Rollout *string  `json:"rollout"`
	Stage   *string  `json:"stage"`
}

// judgeFleet lets the engine read and expand a whole output folder and compares the result with the plan.
func judgeFleet(line []byte) {
	var given fleet
	check(json.Unmarshal(line, &given))
	read := given.read()
	if read.files == 0 {
		// A fleet that Flux alone builds.
		return
	}
	given.judgeRoots(read)
	generated := read.writtenOut()
	steps := map[string]int{}
	for _, set := range read.sets {
		applications, err := applicationsOf(set)
		expect(err == nil, "%s: the set %s: %v", given.Name, set.Name, err)
		for _, application := range applications {
			_, twice := generated[application.Name]
			expect(!twice, "%s: two Applications are named %s", given.Name, application.Name)
			generated[application.Name] = application
		}
		given.judgeSteps(set, applications, steps)
	}
	for _, meant := range given.Plan.Deployments {
		application, there := generated[meant.Name]
		expect(there, "%s: %s is in the plan and not generated", given.Name, meant.Name)
		if there {
			given.judgeApplication(meant, application)
			given.judgePermission(read.projects, application)
		}
		delete(generated, meant.Name)
	}
	for name := range generated {
		expect(false, "%s: %s is generated and not in the plan", given.Name, name)
	}
	if len(read.sets) > 0 {
		given.judgeOrder(steps)
	}
}

type objects struct {
	files    int
	sets     []argo.ApplicationSet
	projects map[string]argo.AppProject
	// By path.
	applications map[string]argo.Application
	// Kind and name of what each file holds.
	keys map[string]string
}

// writtenOut is the Applications that no ApplicationSet makes and that are no root.
func (found objects) writtenOut() map[string]argo.Application {
	applications := map[string]argo.Application{}
	for path, application := range found.applications {
		if strings.Count(path, "/") == 3 {
			applications[application.Name] = application
		}
	}
	return applications
}

// read decodes every manifest of Argo CD strictly into the engine's own types.
func (given fleet) read() objects {
	found := objects{projects: map[string]argo.AppProject{}, applications: map[string]argo.Application{}, keys: map[string]string{}}
	paths := []string{}
	for path := range given.Files {
		if strings.HasPrefix(path, engineFolder+"/") && path != healthPatch {
			paths = append(paths, path)
		}
	}
	sort.Strings(paths)
	found.files = len(paths)
	for _, path := range paths {
		text := []byte(given.Files[path])
		var kind struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		check(yaml.Unmarshal(text, &kind))
		found.keys[path] = kind.Kind + "/" + kind.Metadata.Name
		switch kind.Kind {
		case "ApplicationSet":
			var set argo.ApplicationSet
			err := strict(text, &set)
			expect(err == nil, "%s: %s: %v", given.Name, path, err)
			found.sets = append(found.sets, set)
		case "AppProject":
			var project argo.AppProject
			err := strict(text, &project)
			expect(err == nil, "%s: %s: %v", given.Name, path, err)
			err = project.ValidateProject()
			expect(err == nil, "%s: %s: %v", given.Name, path, err)
			found.projects[project.Name] = project
		case "Application":
			var application argo.Application
			err := strict(text, &application)
			expect(err == nil, "%s: %s: %v", given.Name, path, err)
			found.applications[path] = application
		default:
			if strings.HasPrefix(path, engineFolder+"/objects/") {
				// What the fleet itself has on the hub: the root applies each object of the file.
				delete(found.keys, path)
				for place, document := range strings.Split(string(text), "\n---\n") {
					check(yaml.Unmarshal([]byte(document), &kind))
					found.keys[fmt.Sprint(path, "#", place)] = kind.Kind + "/" + kind.Metadata.Name
				}
				break
			}
			expect(false, "%s: %s is a %q", given.Name, path, kind.Kind)
		}
	}
	return found
}

func (given fleet) judgeApplication(meant deployment, application argo.Application) {
	destination := application.Spec.Destination
	cluster := destination.Name
	for _, known := range given.Plan.Clusters {
		if destination.Server != "" && known.Server != nil && *known.Server == destination.Server {
			cluster = known.Name
		}
	}
	expect(cluster == meant.Cluster, "%s: %s goes to %v", given.Name, meant.Name, destination)
	expect(destination.Namespace == text(meant.Namespace), "%s: %s goes to %v", given.Name, meant.Name, destination)
	project := text(meant.Project)
	if project == "" {
		project = "default"
	}
	expect(application.Spec.Project == project, "%s: %s has the project %s", given.Name, meant.Name, application.Spec.Project)
	source := application.Spec.GetSource()
	for _, other := range application.Spec.Sources {
		if other.Ref == "" {
			source = other
		}
	}
	url := strings.TrimPrefix(meant.Source.URL, "oci://")
	same := strings.TrimPrefix(source.RepoURL, "oci://") == url || strings.HasSuffix(url, "/"+source.Chart)
	expect(same, "%s: %s is read from %s, not %s", given.Name, meant.Name, source.RepoURL, meant.Source.URL)
	if len(meant.Objects) > 0 {
		given.judgeObjects(meant, application)
		return
	}
	expect(source.Path == text(meant.Source.Path), "%s: %s has the path %q", given.Name, meant.Name, source.Path)
	if meant.Source.Chart != nil && *meant.Source.Chart != "" {
		expect(source.Chart == *meant.Source.Chart, "%s: %s has the chart %q", given.Name, meant.Name, source.Chart)
	}
	if meant.Source.Revision != nil {
		expect(source.TargetRevision == *meant.Source.Revision, "%s: %s has the revision %q", given.Name, meant.Name, source.TargetRevision)
	}
}

// judgeObjects lets the repo server read the folder of objects that fleetc writes, which are those of the plan and permitted.
func (given fleet) judgeObjects(meant deployment, application argo.Application) {
	repository, err := os.MkdirTemp("", "fleet")
	check(err)
	defer os.RemoveAll(repository)
	folder := "objects/" + meant.Cluster + "/" + meant.Component + "/"
	path := application.Spec.GetSource().Path
	expect(strings.HasSuffix("/"+path+"/", "/"+folder), "%s: %s has the path %q", given.Name, meant.Name, path)
	for name, text := range given.Files {
		if below, ok := strings.CutPrefix(name, folder); ok {
			file := filepath.Join(repository, path, below)
			check(os.MkdirAll(filepath.Dir(file), 0o755))
			check(os.WriteFile(file, []byte(text), 0o644))
		}
	}
	project := given.read().projects[application.Spec.Project]
	objects := []string{}
	for _, object := range given.applied(repository, application) {
		parts := []string{object.GetAPIVersion(), object.GetKind(), object.GetNamespace(), object.GetName()}
		objects = append(objects, strings.ReplaceAll(strings.Join(parts, "/"), "//", "/"))
		permitted := project.IsGroupKindNamePermitted(object.GroupVersionKind().GroupKind(), object.GetName(), object.GetNamespace() != "")
		expect(permitted, "%s: %s may not have %v", given.Name, meant.Name, objects)
	}
	expect(slices.Equal(objects, meant.Objects), "%s: %s has the objects %v, not %v", given.Name, meant.Name, objects, meant.Objects)
}

// judgePermission asks the engine's own AppProject, as the application controller does before it syncs.
func (given fleet) judgePermission(projects map[string]argo.AppProject, application argo.Application) {
	if application.Spec.Project == "default" {
		return
	}
	project, there := projects[application.Spec.Project]
	expect(there, "%s: no project %s", given.Name, application.Spec.Project)
	for _, source := range application.Spec.GetSources() {
		expect(project.IsSourcePermitted(source), "%s: %s may not read %s", given.Name, application.Name, source.RepoURL)
	}
	destination := application.Spec.Destination
	cluster := &argo.Cluster{Name: destination.Name, Server: destination.Server}
	for _, known := range given.Plan.Clusters {
		server := text(known.Server)
		if server == "" {
			// A Secret always has a server; where the fleet does not say which, no pattern but `*` can depend on it.
			server = "https://" + known.Name + ".invalid"
		}
		if known.Name == destination.Name || server == destination.Server {
			cluster = &argo.Cluster{Name: known.Name, Server: server}
		}
	}
	none := func(string) ([]*argo.Cluster, error) { return nil, nil }
	permitted, err := project.IsDestinationPermitted(cluster, destination.Namespace, none)
	expect(err == nil && permitted, "%s: %s may not go to %v (%v)", given.Name, application.Name, destination, err)
}

// judgeSteps asks the engine which step each Application is in: exactly one, where there are steps.
func (given fleet) judgeSteps(set argo.ApplicationSet, applications []argo.Application, steps map[string]int) {
	lists, step := buildAppDependencyList(silent, set, applications)
	if len(lists) == 0 {
		return
	}
	times := map[string]int{}
	for _, list := range lists {
		for _, name := range list {
			times[name]++
		}
	}
	for _, application := range applications {
		expect(times[application.Name] == 1, "%s: %s is in %d steps", given.Name, application.Name, times[application.Name])
		steps[application.Name] = step[application.Name]
	}
}

// judgeOrder holds the steps of a component against the stages of its rollout.
func (given fleet) judgeOrder(steps map[string]int) {
	stage := map[string]map[string]int{}
	for _, rollout := range given.Plan.Rollouts {
		stage[rollout.Name] = map[string]int{}
		for place, one := range rollout.Stages {
			stage[rollout.Name][one.Name] = place
		}
	}
	byComponent := map[string][]deployment{}
	for _, one := range given.Plan.Deployments {
		if one.Rollout != nil && one.Stage != nil {
			byComponent[one.Component] = append(byComponent[one.Component], one)
		}
	}
	for _, all := range byComponent {
		for _, one := range all {
			_, there := steps[one.Name]
			expect(there, "%s: %s is in no step", given.Name, one.Name)
			for _, other := range all {
				mine, theirs := stage[*one.Rollout][*one.Stage], stage[*other.Rollout][*other.Stage]
				agree := sign(mine-theirs) == sign(steps[one.Name]-steps[other.Name])
				expect(agree, "%s: %s and %s are in other steps than stages", given.Name, one.Name, other.Name)
			}
		}
	}
}

func sign(number int) int {
	switch {
	case number < 0:
		return -1
	case number > 0:
		return 1
	}
	return 0
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}
