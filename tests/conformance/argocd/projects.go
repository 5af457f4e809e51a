package main

import (
	"encoding/json"
	"strings"

	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/glob"
)

// judgeProject asks the engine's AppProject which Applications its window and its role are for, and the engine's parser
// whether it reads a schedule.
func judgeProject(line []byte) {
	var given struct {
		Project      *argo.AppProject `json:"project"`
		Applications []struct {
			Application argo.Application `json:"application"`
			Window      bool             `json:"window"`
			Role        bool             `json:"role"`
		} `json:"applications"`
		Schedule string `json:"schedule"`
		Taken    bool   `json:"taken"`
	}
	check(json.Unmarshal(line, &given))
	if given.Project == nil {
		window := argo.SyncWindow{Kind: "deny", Schedule: given.Schedule, Duration: "1h", Applications: []string{"*"}}
		err := window.Validate()
		expect((err == nil) == given.Taken, "the engine says %v of the schedule %q", err, given.Schedule)
		return
	}
	err := given.Project.ValidateProject()
	expect(err == nil, "the engine refuses the project: %v: %s", err, line)
	for _, each := range given.Applications {
		name := each.Application.Name
		matched := given.Project.Spec.SyncWindows.Matches(&each.Application)
		expect((matched != nil) == each.Window, "the window is for %s: %v: %s", name, matched != nil, line)
		allowed := false
		for _, role := range given.Project.Spec.Roles {
			for _, policy := range role.Policies {
				object := strings.Trim(strings.Split(policy, ",")[4], " ")
				allowed = allowed || glob.Match(object, given.Project.Name+"/"+name)
			}
		}
		expect(allowed == each.Role, "the role is for %s: %v: %s", name, allowed, line)
	}
}
