package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"

	helm "github.com/fluxcd/helm-controller/api/v2"
	flux "github.com/fluxcd/kustomize-controller/api/v1"
	images "github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/apis/meta"
)

const (
	ssa        = "kustomize.toolkit.fluxcd.io/ssa"
	substitute = "kustomize.toolkit.fluxcd.io/substitute"
)

// judgeFleet lets Flux's packages read and build what one fleet became and compares it with the plan.
func judgeFleet(line []byte) {
	var given fleet
	check(json.Unmarshal(line, &given))
	if len(given.files("flux/")) == 0 {
		// A fleet that Argo CD alone builds.
		return
	}
	given.judgeFiles()
	work := given.write(given.home())
	defer os.RemoveAll(work.root)
	told, all := given.told(work)
	for _, hub := range told {
		expect(len(hub.others) == len(given.Plan.HubObjects), "%s: the hub has %d objects", given.Name, len(hub.others))
	}

	gates := map[string]*flux.Kustomization{}
	left := maps.Clone(all)
	for name, one := range all {
		if one.Spec.CommonMetadata != nil && one.Spec.CommonMetadata.Annotations[ssa] == "Ignore" {
			gates[name] = one
			delete(left, name)
			given.judgeGate(one)
		}
	}
	names := identities{}
	for _, meant := range given.Plan.Deployments {
		one, there := left[meant.Name]
		expect(there, "%s: %s is in the plan and has no Kustomization", given.Name, meant.Name)
		delete(left, meant.Name)
		if !there {
			continue
		}
		given.judgeKustomization(meant, one)
		hub := told[meant.Cluster]
		if meant.isObjects() {
			given.judgeObjects(meant, one, hub, work, names)
		} else if meant.isChart() {
			given.judgeRelease(meant, one, hub, work, names)
		} else {
			given.judgeFolder(meant, one, hub, names)
		}
	}
	for name := range left {
		expect(false, "%s: the Kustomization %s is not in the plan", given.Name, name)
	}
	given.judgeReleaseFolders()
	given.judgeOrder(all, gates)
}

// isPull says whether each cluster has a Flux of its own.
func (given fleet) isPull() bool { return len(given.files("flux/hub/")) == 0 }

// told builds what Flux is pointed at: the hub's folder, or that of each cluster. It gives the objects that the Flux of each
// cluster knows, and all Kustomizations.
func (given fleet) told(work workspace) (map[string]objects, map[string]*flux.Kustomization) {
	told, all := map[string]objects{}, map[string]*flux.Kustomization{}
	read := func(folder string) objects {
		built, err := work.build(path.Join(work.home, folder), nil)
		expect(err == nil, "%s: %s: %v", given.Name, folder, err)
		if err != nil {
			return newObjects()
		}
		expect(len(built.releases)+len(built.configMaps) == 0, "%s: %s holds more than Flux is told by it", given.Name, folder)
		for name, one := range built.kustomizations {
			expect(all[name] == nil, "%s: two Kustomizations are named %s", given.Name, name)
			all[name] = one
			for _, other := range one.Spec.DependsOn {
				expect(built.kustomizations[other.Name] != nil, "%s: %s waits for %s, which its Flux does not know", given.Name, name, other.Name)
			}
		}
		return built
	}
	if !given.isPull() {
		hub := read("flux/hub")
		for _, one := range given.Plan.Deployments {
			told[one.Cluster] = hub
		}
		return told, all
	}
	for _, one := range given.Plan.Deployments {
		if _, done := told[one.Cluster]; !done {
			told[one.Cluster] = read(path.Join("flux/clusters", one.Cluster))
		}
	}
	return told, all
}

// home is where in its repository the output folder is: what the paths of charts begin with.
func (given fleet) home() string {
	for _, name := range given.files("flux/") {
		for line := range strings.Lines(given.Files[name]) {
			if before, _, ok := strings.Cut(line, "/flux/releases/"); ok {
				if _, home, ok := strings.Cut(before, "./"); ok {
					return home
				}
			}
		}
	}
	return ""
}

// judgeKustomization compares what folders and charts have in common.
func (given fleet) judgeKustomization(meant deployment, one *flux.Kustomization) {
	same := given.comparer(meant)
	same("suspend", one.Spec.Suspend, given.isSuspended(meant))
	given.judgeRaw(meant, "Kustomization", one.Spec, meant.Flux)
	if meant.raw("decryption") == nil {
		same("decryption", one.Spec.Decryption, (*flux.Decryption)(nil))
	}
	policy := map[string]string{"keep": "Orphan", "cascade": "Delete"}[meant.OnDelete]
	same("deletionPolicy", one.Spec.DeletionPolicy, policy)
	if meant.Interval != nil {
		same("interval", one.Spec.Interval.Duration, duration(*meant.Interval))
	}
	expect(one.Spec.RetryInterval != nil && one.Spec.Timeout != nil, "%s: %s leaves its rhythm to Flux", given.Name, meant.Name)
	for key, value := range meant.Labels {
		if !strings.HasSuffix(key, "/component") && !strings.HasSuffix(key, "/cluster") {
			same("label "+key, one.Labels[key], value)
		}
	}
	for key, value := range meant.Annotations {
		same("annotation "+key, one.Annotations[key], value)
	}
	same("annotation "+substitute, one.Annotations[substitute], "disabled")
}

// judgeFolder compares the Kustomization of a folder with the plan.
func (given fleet) judgeFolder(meant deployment, one *flux.Kustomization, hub objects, names identities) {
	same := given.comparer(meant)
	url, revision := hub.origin(one.Spec.SourceRef, one.Namespace)
	same("the source", one.Spec.SourceRef.Kind,
		map[string]string{"git": "GitRepository", "oci": "OCIRepository", "bucket": "Bucket"}[meant.Source.Kind])
	same("the URL", url, strings.TrimSuffix(meant.Source.URL, "/"))
	wanted := text(meant.Source.Revision)
	if meant.Source.Kind == "oci" && wanted == "" {
		wanted = "latest"
	}
	same("the revision", revision, wanted)
	same("path", one.Spec.Path, "./"+strings.TrimPrefix(path.Clean("/"+text(meant.Source.Path)), "/"))
	same("targetNamespace", one.Spec.TargetNamespace, text(meant.Namespace))
	same("prune", one.Spec.Prune, meant.Prune)
	same("force", one.Spec.Force, meant.Force)
	same("wait", one.Spec.Wait, meant.Wait)
	var health []string
	for _, check := range one.Spec.HealthChecks {
		health = append(health, strings.Join([]string{check.APIVersion, check.Kind, check.Namespace, check.Name}, "/"))
	}
	if meant.Wait {
		// Flux looks at everything then, and reads no list.
		same("healthChecks", len(health), 0)
	} else {
		same("healthChecks", fmt.Sprint(health), fmt.Sprint(meant.Health))
	}
	if meant.Timeout != nil {
		same("timeout", one.Spec.Timeout.Duration, duration(*meant.Timeout))
	}
	same("serviceAccountName", one.Spec.ServiceAccountName, given.account(meant))
	names.judge(given, meant, one.Spec.KubeConfig)
	same("images", fmt.Sprint(one.Spec.Images), fmt.Sprint(meant.images()))
	same("the number of patches", len(one.Spec.Patches), len(meant.Patches))
	given.judgeVariables(meant, one)
	given.judgePatches(meant, one.Spec.Patches, one.Spec.PostBuild)
}

// judgeRelease builds the folder that the Kustomization of a chart names and compares the HelmRelease there with the plan.
func (given fleet) judgeRelease(meant deployment, one *flux.Kustomization, hub objects, work workspace, names identities) {
	same := given.comparer(meant)
	url, _ := hub.origin(one.Spec.SourceRef, one.Namespace)
	expect(url != "", "%s: %s reads %v, which is not there", given.Name, meant.Name, one.Spec.SourceRef)
	same("path", one.Spec.Path, "./"+path.Join(work.home, "flux/releases", meant.Cluster, meant.Component))
	same("kubeConfig on the hub", one.Spec.KubeConfig, (*meta.KubeConfigReference)(nil))
	same("targetNamespace on the hub", one.Spec.TargetNamespace, "")
	same("prune on the hub", one.Spec.Prune, true)
	same("patches on the hub", len(one.Spec.Patches)+len(one.Spec.Images), 0)
	if given.isPull() && len(meant.Health) > 0 {
		// The cluster's own Flux sees what the release becomes, and the release itself.
		same("wait", one.Spec.Wait, false)
		same("the number of health checks", len(one.Spec.HealthChecks), 1+len(meant.Health))
	} else {
		same("wait", one.Spec.Wait, meant.isWatched())
		same("health checks on the hub", len(one.Spec.HealthChecks), 0)
	}
	built, err := work.build(one.Spec.Path, one)
	expect(err == nil, "%s: %s: %v", given.Name, meant.Name, err)
	if err != nil {
		return
	}
	release, there := built.releases[meant.Name]
	expect(there && len(built.releases) == 1 && built.size() == 1+len(built.configMaps),
		"%s: %s: %d objects in %s", given.Name, meant.Name, built.size(), one.Spec.Path)
	if !there {
		return
	}
	same("the HelmRelease's namespace", release.Namespace, one.Namespace)
	spec := release.Spec
	chart := helm.HelmChartTemplateSpec{}
	if spec.Chart != nil {
		chart = spec.Chart.Spec
	}
	repository := hub.helm[chart.SourceRef.Name]
	expect(chart.SourceRef.Kind == "HelmRepository" && repository != nil && repository.Namespace == release.Namespace,
		"%s: %s reads %v, which is not there", given.Name, meant.Name, chart.SourceRef)
	if repository != nil {
		location, whole := repository.Spec.URL, strings.TrimSuffix(meant.Source.URL, "/")
		if text(meant.Source.Chart) == "" {
			location += "/" + chart.Chart
		}
		fits := strings.TrimSuffix(location, "/") == whole || repository.Spec.URL+"/"+chart.Chart == whole
		expect(fits, "%s: %s: the chart %s at %s, wanted %s", given.Name, meant.Name, chart.Chart, repository.Spec.URL, whole)
		same("the repository's type", repository.Spec.Type == "oci", strings.HasPrefix(whole, "oci://"))
	}
	if text(meant.Source.Chart) != "" {
		same("chart", chart.Chart, *meant.Source.Chart)
	}
	same("version", chart.Version, text(meant.Source.Revision))
	same("targetNamespace", spec.TargetNamespace, text(meant.Namespace))
	same("storageNamespace", spec.StorageNamespace, text(meant.Namespace))
	same("releaseName", spec.ReleaseName, text(meant.Release))
	same("suspend", spec.Suspend, false)
	same("serviceAccountName", spec.ServiceAccountName, given.account(meant))
	names.judge(given, meant, spec.KubeConfig)
	values := release.GetValues()
	same("the number of values", len(values), len(meant.Values))
	expect(len(values) == 0 || reflect.DeepEqual(values, meant.Values), "%s: %s: values are %v, wanted %v",
		given.Name, meant.Name, values, meant.Values)
	same("createNamespace", release.GetInstall().CreateNamespace, meant.Create)
	same("disableWait", release.GetInstall().DisableWait, !meant.isWatched())
	same("disableWait of upgrades", release.GetUpgrade().DisableWait, !meant.isWatched())
	same("force", release.GetUpgrade().Force, meant.Force)
	same("drift detection", release.GetDriftDetection().MustDetectChanges(), meant.SelfHeal || meant.raw("release", "driftDetection") != nil)
	raw, _ := meant.raw("release").(map[string]any)
	given.judgeRaw(meant, "HelmRelease", spec, raw)
	if meant.Timeout != nil {
		same("timeout", spec.Timeout.Duration, duration(*meant.Timeout))
	}
	expect(spec.Timeout.Duration < one.Spec.Timeout.Duration, "%s: %s gives Helm no time", given.Name, meant.Name)
	given.judgePostRenderer(meant, spec.PostRenderers)
	given.judgeValuesFiles(meant, release, built)
}

func (given fleet) judgePostRenderer(meant deployment, renderers []helm.PostRenderer) {
	if meant.raw("release", "postRenderers") != nil {
		return
	}
	same := given.comparer(meant)
	wanted := len(meant.Patches)
	if !meant.Prune {
		wanted++
	}
	var patches []images.Patch
	var replaced []images.Image
	for _, renderer := range renderers {
		patches = append(patches, renderer.Kustomize.Patches...)
		replaced = append(replaced, renderer.Kustomize.Images...)
	}
	same("the number of patches", len(patches), wanted)
	given.judgePatches(meant, patches[:min(len(meant.Patches), len(patches))], nil)
	same("images", fmt.Sprint(replaced), fmt.Sprint(meant.images()))
}

// judgeValuesFiles says that each values file is an entry of the ConfigMap beside the release, and none else is.
func (given fleet) judgeValuesFiles(meant deployment, release *helm.HelmRelease, built objects) {
	if meant.raw("release", "valuesFrom") != nil {
		return
	}
	same := given.comparer(meant)
	same("the number of values files", len(release.Spec.ValuesFrom), len(meant.ValuesFiles))
	entries := 0
	for _, one := range built.configMaps {
		entries += len(one.Data)
	}
	same("the number of entries", entries, len(meant.ValuesFiles))
	for place, reference := range release.Spec.ValuesFrom {
		one := built.configMaps[reference.Name]
		there := one != nil && one.Namespace == release.Namespace && reference.Kind == "ConfigMap"
		if there {
			_, there = one.Data[reference.GetValuesKey()]
		}
		expect(there, "%s: %s: no entry for %v", given.Name, meant.Name, reference)
		if place < len(meant.ValuesFiles) {
			same("a values file", strings.HasSuffix(reference.GetValuesKey(), path.Base(meant.ValuesFiles[place].Path)), true)
		}
	}
}

// judgeReleaseFolders says that every release folder is a deployment's.
func (given fleet) judgeReleaseFolders() {
	wanted := map[string]bool{}
	for _, one := range given.Plan.Deployments {
		wanted[path.Join("flux/releases", one.Cluster, one.Component)] = one.isChart() || one.isObjects()
	}
	for _, name := range given.files("flux/releases/") {
		expect(wanted[path.Dir(name)], "%s: %s belongs to no deployment", given.Name, name)
	}
}

// judgeGate says that a gate applies and deletes nothing.
func (given fleet) judgeGate(gate *flux.Kustomization) {
	harmless := !gate.Spec.Prune && gate.Spec.DeletionPolicy == "Orphan" && !gate.Spec.Wait &&
		len(gate.Spec.HealthChecks) == 0 && !gate.Spec.Force
	expect(harmless, "%s: the gate %s may change something", given.Name, gate.Name)
	for _, one := range given.Plan.Deployments {
		expect(one.Name != gate.Name, "%s: the gate %s has the name of a deployment", given.Name, gate.Name)
	}
}

// origin is the URL and the revision of what a Kustomization reads.
func (all objects) origin(from flux.CrossNamespaceSourceReference, namespace string) (url, revision string) {
	if from.Namespace != "" {
		namespace = from.Namespace
	}
	if one := all.git[from.Name]; from.Kind == "GitRepository" && one != nil && one.Namespace == namespace {
		if one.Spec.Reference == nil {
			return one.Spec.URL, ""
		}
		at := *one.Spec.Reference
		return one.Spec.URL, at.Branch + at.Tag + at.SemVer + at.Name + at.Commit
	}
	if one := all.oci[from.Name]; from.Kind == "OCIRepository" && one != nil && one.Namespace == namespace {
		at := *one.Spec.Reference
		return one.Spec.URL, at.Digest + at.SemVer + at.Tag
	}
	if one := all.buckets[from.Name]; from.Kind == "Bucket" && one != nil && one.Namespace == namespace {
		scheme := map[bool]string{false: "https://", true: "http://"}[one.Spec.Insecure]
		switch one.Spec.Provider {
		case "aws":
			url = "s3://" + one.Spec.BucketName
		case "gcp":
			url = "gs://" + one.Spec.BucketName
		case "azure":
			url = one.Spec.Endpoint + "/" + one.Spec.BucketName
		default:
			url = scheme + one.Spec.Endpoint + "/" + one.Spec.BucketName
		}
		return strings.TrimSuffix(url+"/"+one.Spec.Prefix, "/"), ""
	}
	return "", ""
}

// images are the replaced images as Flux takes them.
func (one deployment) images() (found []images.Image) {
	for _, image := range one.Images {
		found = append(found, images.Image{
			Name: image.Name, NewName: text(image.NewName), NewTag: text(image.Tag), Digest: text(image.Digest),
		})
	}
	return found
}

// identities are the kubeconfigs of the clusters: the plan does not say which, but each cluster has its own.
type identities map[string]string

func (known identities) judge(given fleet, meant deployment, reference *meta.KubeConfigReference) {
	if given.isPull() {
		expect(reference == nil, "%s: %s goes to another cluster: %v", given.Name, meant.Name, reference)
		return
	}
	one := ""
	if reference != nil && reference.SecretRef != nil {
		one += fmt.Sprintf("Secret %s %s", reference.SecretRef.Name, reference.SecretRef.Key)
	}
	if reference != nil && reference.ConfigMapRef != nil {
		one += "ConfigMap " + reference.ConfigMapRef.Name
	}
	expect(strings.Contains(one, meant.Cluster), "%s: %s goes to the cluster of %q", given.Name, meant.Name, one)
	for cluster, other := range known {
		expect((cluster == meant.Cluster) == (one == other),
			"%s: %s goes to the cluster of %q, and %s is %q", given.Name, meant.Name, one, cluster, other)
	}
	known[meant.Cluster] = one
}

// comparer compares one field after the other of a deployment.
func (given fleet) comparer(meant deployment) func(what string, actual, wanted any) {
	return func(what string, actual, wanted any) {
		expect(reflect.DeepEqual(actual, wanted), "%s: %s: %s is %#v, wanted %#v", given.Name, meant.Name, what, actual, wanted)
	}
}

func sorted[V any](all map[string]V) []string { return slices.Sorted(maps.Keys(all)) }

// judgeRaw says that every raw field is in the object as the controller's own types read it.
func (given fleet) judgeRaw(meant deployment, kind string, spec any, raw map[string]any) {
	written, err := json.Marshal(spec)
	check(err)
	var read any
	check(json.Unmarshal(written, &read))
	var holds func(path string, read, raw any)
	holds = func(path string, read, raw any) {
		fields, ok := raw.(map[string]any)
		if !ok {
			expect(reflect.DeepEqual(read, raw), "%s: %s: %s%s is %v, wanted %v", given.Name, meant.Name, kind, path, read, raw)
			return
		}
		for key, value := range fields {
			if path != "" || key != "release" {
				within, _ := read.(map[string]any)
				holds(path+"."+key, within[key], value)
			}
		}
	}
	holds("", read, raw)
}
