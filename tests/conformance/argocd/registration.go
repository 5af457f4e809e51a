package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"sort"
	"strings"
	"text/template"

	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/db"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// A fleet whose clusters are registered by Secrets and by ExternalSecrets, the same with all clusters listed, and what is said
// of each cluster.
type registered struct {
	Name     string            `json:"name"`
	Secrets  map[string]string `json:"secrets"`
	External map[string]string `json:"external"`
	Listed   map[string]string `json:"listed"`
	Clusters []described       `json:"clusters"`
}

type described struct {
	Name        string                   `json:"name"`
	Server      string                   `json:"server"`
	Labels      map[string]string        `json:"labels"`
	Annotations map[string]string        `json:"annotations"`
	Project     string                   `json:"project"`
	Namespaces  []string                 `json:"namespaces"`
	Shard       *int64                   `json:"shard"`
	Aws         *argo.AWSAuthConfig      `json:"aws"`
	Exec        *argo.ExecProviderConfig `json:"exec"`
	Ca          string                   `json:"ca"`
}

// An ExternalSecret, as far as it is written.
type externalSecret struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		RefreshInterval string `json:"refreshInterval"`
		SecretStoreRef  struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"secretStoreRef"`
		Target struct {
			Name           string `json:"name"`
			CreationPolicy string `json:"creationPolicy"`
			Template       struct {
				EngineVersion string `json:"engineVersion"`
				Type          string `json:"type"`
				Metadata      struct {
					Labels      map[string]string `json:"labels"`
					Annotations map[string]string `json:"annotations"`
				} `json:"metadata"`
				Data map[string]string `json:"data"`
			} `json:"template"`
		} `json:"target"`
		Data []struct {
			SecretKey string `json:"secretKey"`
			RemoteRef struct {
				Key      string `json:"key"`
				Property string `json:"property"`
				// What the operator fills in where it is not said.
				ConversionStrategy string `json:"conversionStrategy"`
				DecodingStrategy   string `json:"decodingStrategy"`
				MetadataPolicy     string `json:"metadataPolicy"`
			} `json:"remoteRef"`
		} `json:"data"`
	} `json:"spec"`
}

// What is written onto each Secret besides, for the root that applies it.
var kept = []string{"argocd.argoproj.io/sync-options", "argocd.argoproj.io/sync-wave"}

// judgeRegistration lets the engine read every Secret, lets templates of Go render those of ExternalSecrets, and lets the
// generators find the clusters by the Secrets.
func judgeRegistration(line []byte) {
	var given registered
	check(json.Unmarshal(line, &given))
	secrets := given.secrets(given.Secrets)
	expect(len(secrets) == len(given.Clusters), "%s: %d Secrets for %d clusters", given.Name, len(secrets), len(given.Clusters))
	external := given.secrets(given.External)
	var objects []runtime.Object
	for _, meant := range given.Clusters {
		secret, there := secrets[meant.Name]
		expect(there, "%s has no Secret", meant.Name)
		if !there {
			continue
		}
		objects = append(objects, secret)
		judgeSecret(meant, secret)
		rendered, there := external[meant.Name]
		expect(there, "%s has no ExternalSecret", meant.Name)
		if there {
			meant.Ca = "from the store"
			judgeSecret(meant, rendered)
		}
	}
	all := labelled{Name: given.Name, Open: true}
	found, listed := all.expand(given.Secrets, objects), all.expand(given.Listed, nil)
	expect(len(listed.said) > 0, "%s: nothing is deployed", given.Name)
	for name, meant := range listed.said {
		expect(reflect.DeepEqual(meant, found.said[name]), "%s is meant as\n  %v\nand is\n  %v", name, meant, found.said[name])
		delete(found.said, name)
	}
	for name := range found.said {
		expect(false, "%s is generated and not meant", name)
	}
}

func judgeSecret(meant described, secret *corev1.Secret) {
	expect(secret.Labels["argocd.argoproj.io/secret-type"] == "cluster", "%s is no cluster", meant.Name)
	cluster, err := db.SecretToCluster(secret)
	expect(err == nil, "%s cannot be read: %v", meant.Name, err)
	if err != nil {
		return
	}
	server := strings.TrimSuffix(meant.Server, "/")
	expect(cluster.Name == meant.Name && cluster.Server == server, "%s is %s at %s", meant.Name, cluster.Name, cluster.Server)
	expect(reflect.DeepEqual(cluster.Labels, meant.Labels), "%s has the labels %v, not %v", meant.Name, cluster.Labels, meant.Labels)
	annotations := maps.Clone(cluster.Annotations)
	for _, key := range kept {
		delete(annotations, key)
	}
	expect(reflect.DeepEqual(annotations, meant.Annotations), "%s has the annotations %q, not %q", meant.Name, annotations, meant.Annotations)
	expect(cluster.Project == meant.Project, "%s has the project %q, not %q", meant.Name, cluster.Project, meant.Project)
	expect(len(cluster.Namespaces) == len(meant.Namespaces), "%s has the namespaces %v, not %v", meant.Name, cluster.Namespaces, meant.Namespaces)
	for index, namespace := range cluster.Namespaces {
		expect(namespace == meant.Namespaces[index], "%s has the namespaces %v, not %v", meant.Name, cluster.Namespaces, meant.Namespaces)
	}
	expect(reflect.DeepEqual(cluster.Shard, meant.Shard), "%s has the shard %v, not %v", meant.Name, cluster.Shard, meant.Shard)
	config := cluster.Config
	expect(reflect.DeepEqual(config.AWSAuthConfig, meant.Aws), "%s signs in to AWS as %v, not %v", meant.Name, config.AWSAuthConfig, meant.Aws)
	expect(reflect.DeepEqual(config.ExecProviderConfig, meant.Exec), "%s signs in by %v, not %v", meant.Name, config.ExecProviderConfig, meant.Exec)
	expect(config.Username+config.Password+config.BearerToken == "" && !config.Insecure && len(config.KeyData) == 0, "%s holds a credential", meant.Name)
	if meant.Ca != "from the store" {
		expect(string(config.CAData) == meant.Ca, "%s has the CA %q, not %q", meant.Name, config.CAData, meant.Ca)
	}
	if server == argo.KubernetesInternalAPIServerAddr {
		return // only inside of a pod
	}
	client, err := cluster.RawRestConfig()
	expect(err == nil && client.Host == server, "%s cannot be called: %v", meant.Name, err)
}

// secrets is the Secret of each cluster as the API server keeps it.
func (given registered) secrets(files map[string]string) map[string]*corev1.Secret {
	all := map[string]*corev1.Secret{}
	paths := []string{}
	for path := range files {
		if strings.HasPrefix(path, "argocd/clusters/") {
			paths = append(paths, path)
		}
	}
	sort.Strings(paths)
	for _, path := range paths {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "argocd/clusters/"), ".yaml")
		if strings.Contains(files[path], "kind: ExternalSecret") {
			all[name] = rendered(path, files[path])
			continue
		}
		var secret corev1.Secret
		err := strict([]byte(files[path]), &secret)
		expect(err == nil, "%s: %v", path, err)
		secret.Data = map[string][]byte{}
		for key, text := range secret.StringData {
			secret.Data[key] = []byte(text)
		}
		secret.StringData = nil
		all[name] = &secret
	}
	return all
}

// rendered is the Secret that the operator makes: labels, annotations and data are templates over what the store gives.
func rendered(path, text string) *corev1.Secret {
	var external externalSecret
	err := strict([]byte(text), &external)
	expect(err == nil, "%s: %v", path, err)
	store := map[string]string{"caData": "Q0E=", "config": `{"tlsClientConfig":{"insecure":false}}`}
	given := map[string]string{}
	for _, one := range external.Spec.Data {
		expect(one.RemoteRef.Key == "clusters/"+strings.TrimPrefix(external.Metadata.Name, "cluster-"), "%s asks for %s", path, one.RemoteRef.Key)
		given[one.SecretKey] = store[one.RemoteRef.Property]
	}
	expect(len(given) > 0, "%s asks the store for nothing", path)
	render := func(texts map[string]string) map[string]string {
		all := map[string]string{}
		for key, text := range texts {
			parsed, err := template.New("").Option("missingkey=error").Parse(text)
			expect(err == nil, "%s: %s: %v", path, key, err)
			var out bytes.Buffer
			if err == nil {
				err = parsed.Execute(&out, given)
				expect(err == nil, "%s: %s: %v", path, key, err)
			}
			all[key] = out.String()
		}
		return all
	}
	template := external.Spec.Target.Template
	var secret corev1.Secret
	secret.Name, secret.Namespace = external.Spec.Target.Name, external.Metadata.Namespace
	secret.Labels, secret.Annotations = render(template.Metadata.Labels), render(template.Metadata.Annotations)
	secret.Data = map[string][]byte{}
	for key, text := range render(template.Data) {
		secret.Data[key] = []byte(text)
	}
	return &secret
}
