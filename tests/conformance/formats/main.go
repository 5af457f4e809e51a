// Command formats reads what `fleetc check` prints with the packages of those that read it.
//
// Usage: formats SARIF-SCHEMA FOLDER. The folder holds a folder for each format with its outputs. rdjson is decoded strictly
// into reviewdog's own types, SARIF validated against the OASIS schema, which go-sarif carries.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reviewdog/reviewdog/proto/rdf"
	"github.com/xeipuuv/gojsonschema"
	"google.golang.org/protobuf/encoding/protojson"
)

func main() {
	schema, err := gojsonschema.NewSchema(gojsonschema.NewStringLoader(sarifSchema(os.Args[1])))
	check(err)
	passed, failed := 0, 0
	judge := func(format string, judge func([]byte) error) {
		paths, err := filepath.Glob(filepath.Join(os.Args[2], format, "*"))
		check(err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			check(err)
			if err := judge(text); err != nil {
				failed++
				fmt.Printf("FAILED: %s/%s: %.300v\n", format, filepath.Base(path), err)
			} else {
				passed++
			}
		}
	}
	judge("rdjson", rdjson)
	judge("sarif", func(text []byte) error { return sarif(schema, text) })
	fmt.Printf("go: %d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}

// sarifSchema is the text of the schema in a source file of go-sarif.
func sarifSchema(path string) string {
	source, err := os.ReadFile(path)
	check(err)
	parts := strings.Split(string(source), "`")
	if len(parts) < 3 || !strings.Contains(parts[1], "SARIF) Version 2.1.0") {
		fmt.Fprintln(os.Stderr, path, "does not hold the schema of SARIF 2.1.0")
		os.Exit(2)
	}
	return parts[1]
}

func rdjson(text []byte) error {
	var result rdf.DiagnosticResult
	if err := protojson.Unmarshal(text, &result); err != nil {
		return err
	}
	for _, diagnostic := range result.Diagnostics {
		where := diagnostic.GetLocation()
		if where.GetPath() == "" || where.GetRange().GetStart().GetLine() < 1 || where.GetRange().GetStart().GetColumn() < 1 {
			return fmt.Errorf("no place: %v", diagnostic)
		}
		if diagnostic.GetSeverity() == rdf.Severity_UNKNOWN_SEVERITY || diagnostic.GetCode().GetValue() == "" {
			return fmt.Errorf("no severity or code: %v", diagnostic)
		}
	}
	return nil
}

func sarif(schema *gojsonschema.Schema, text []byte) error {
	result, err := schema.Validate(gojsonschema.NewBytesLoader(text))
	if err != nil {
		return err
	}
	if !result.Valid() {
		return fmt.Errorf("%v", result.Errors())
	}
	// What the schema leaves open and readers need: every rule index points to the rule that is named.
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct {
					Rules []struct {
						ID string `json:"id"`
					} `json:"rules"`
				} `json:"driver"`
			} `json:"tool"`
			Results []struct {
				RuleID    string `json:"ruleId"`
				RuleIndex int    `json:"ruleIndex"`
			} `json:"results"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(text, &log); err != nil {
		return err
	}
	for _, run := range log.Runs {
		for _, result := range run.Results {
			if run.Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID {
				return fmt.Errorf("the rule of %s is another one", result.RuleID)
			}
		}
	}
	return nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
