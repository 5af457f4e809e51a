package main

import (
	"errors"
	"io"

	"github.com/argoproj/argo-cd/v3/applicationset/controllers/template"
	"github.com/argoproj/argo-cd/v3/applicationset/generators"
	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	log "github.com/sirupsen/logrus"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
	_ "unsafe" // for go:linkname
)

// logger is what the engine's own functions write to.
type logger = *log.Entry

var silent = func() *log.Entry {
	// The engine also warns of globs that do not compile, which is what some cases are about.
	log.SetOutput(io.Discard)
	log.SetLevel(log.PanicLevel)
	return log.NewEntry(log.StandardLogger())
}()

// The engine keeps to itself how it puts Applications into steps; what fleetc needs to be right about is just that.
//
//go:linkname buildAppDependencyList github.com/argoproj/argo-cd/v3/applicationset/progressivesync.buildAppDependencyList
func buildAppDependencyList(*log.Entry, argo.ApplicationSet, []argo.Application) ([][]string, map[string]int)

// applicationsOf is what the ApplicationSet controller generates.
func applicationsOf(set argo.ApplicationSet) ([]argo.Application, error) {
	known := map[string]generators.Generator{"List": generators.NewListGenerator()}
	applications, _, err := template.GenerateApplications(silent, set, known, &utils.Render{}, nil)
	return applications, err
}

// strict decodes as the API server does: unknown and repeated fields are errors, and other than Go's own JSON it tells upper
// from lower case.
func strict(document []byte, into any) error {
	plain, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	found, err := json.UnmarshalStrict(plain, into)
	return errors.Join(append(found, err)...)
}
