package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/fluxcd/pkg/envsubst"
	"github.com/fluxcd/pkg/envsubst/parse"
	"sigs.k8s.io/yaml"
)

// judgeSubstitution asks Flux's substitution about one text.
func judgeSubstitution(line []byte) {
	var given struct {
		Text      string            `json:"text"`
		Variables map[string]string `json:"variables"`
		Strict    bool              `json:"strict"`
		Result    string            `json:"result"`
		Error     string            `json:"error"`
	}
	check(json.Unmarshal(line, &given))
	result, reason := evaluate(given.Text, given.Variables, given.Strict)
	expect(result == given.Result && reason == given.Error, "%s\n  Flux says %q, error %q", line, result, reason)
}

// evaluate is what kustomize-controller makes of a text, and else why it makes nothing of it, in our words.
func evaluate(text string, variables map[string]string, strict bool) (result, reason string) {
	defer func() {
		if raised, ok := recover().(runtime.Error); ok {
			// The controller's reconciliation ends in an error then.
			if !strings.Contains(raised.Error(), "slice bounds out of range") {
				panic(raised)
			}
			result, reason = "", "Overflow"
		}
	}()
	missing := ""
	result, err := envsubst.Eval(text, func(name string) (string, bool) {
		value, there := variables[name]
		missing = name
		return value, there || !strict
	})
	reasons := map[error]string{
		parse.ErrParseVariableName: "Name", parse.ErrMissingClosingBrace: "Brace",
		parse.ErrParseFuncSubstitution: "Parameter", parse.ErrBadSubstitution: "Grammar",
	}
	for known, reason := range reasons {
		if errors.Is(err, known) {
			return "", reason
		}
	}
	if err != nil {
		if err.Error() != fmt.Sprintf("variable not set (strict mode): %q", missing) {
			return "", err.Error()
		}
		return "", fmt.Sprintf("NotSet(%q)", missing)
	}
	if !utf8.ValidString(result) {
		// What comes out is read as YAML next, in which no such text can stand.
		object := "text: |2\n  " + strings.ReplaceAll(result, "\n", "\n  ") + "\n"
		if _, err := yaml.YAMLToJSON([]byte(object)); err != nil && strings.Contains(err.Error(), "UTF-8") {
			return "", "Encoding"
		}
	}
	return result, ""
}
