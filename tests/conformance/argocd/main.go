// Command argocd expands ApplicationSets as the ApplicationSet controller of Argo CD 3.5 does and compares the result
// with the Applications that were meant.
//
// The walk is written after applicationset/utils/utils.go, Render.deeplyReplace: every string and every key of a map is
// a template of its own, an entry of a map that is null is left out, and JSON numbers go through float64.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"
)

type corpus struct {
	Sets         []set            `json:"sets"`
	Applications []map[string]any `json:"applications"`
}

type set struct {
	Spec struct {
		GoTemplateOptions []string `json:"goTemplateOptions"`
		Generators        []struct {
			List struct {
				Elements []map[string]any `json:"elements"`
			} `json:"list"`
		} `json:"generators"`
		Template map[string]any `json:"template"`
	} `json:"spec"`
}

func main() {
	file, err := os.Open(os.Args[1])
	check(err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 1<<28)
	passed, failed := 0, 0
	for lines.Scan() {
		var plan corpus
		check(json.Unmarshal(lines.Bytes(), &plan))
		actual := map[string]any{}
		for _, set := range plan.Sets {
			for _, element := range set.Spec.Generators[0].List.Elements {
				application := replace(set.Spec.Template, element, set.Spec.GoTemplateOptions).(map[string]any)
				readValues(application)
				actual[name(application)] = application
			}
		}
		for _, expected := range plan.Applications {
			if reflect.DeepEqual(any(expected), actual[name(expected)]) {
				passed++
			} else {
				failed++
				fmt.Printf("meant %v\n  got %v\n", expected, actual[name(expected)])
			}
			delete(actual, name(expected))
		}
		for _, extra := range actual {
			failed++
			fmt.Printf("not meant: %v\n", extra)
		}
	}
	check(lines.Err())
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}

func name(application map[string]any) string {
	return application["metadata"].(map[string]any)["name"].(string)
}

func replace(value any, element map[string]any, options []string) any {
	switch value := value.(type) {
	case string:
		parsed, err := template.New("").Option(options...).Parse(value)
		check(err)
		var text strings.Builder
		check(parsed.Execute(&text, element))
		return text.String()
	case []any:
		list := make([]any, len(value))
		for index, item := range value {
			list[index] = replace(item, element, options)
		}
		return list
	case map[string]any:
		replaced := map[string]any{}
		for key, item := range value {
			if item != nil {
				replaced[replace(key, element, options).(string)] = replace(item, element, options)
			}
		}
		return replaced
	default:
		return value
	}
}

// Helm reads values as text and as an object the same.
func readValues(application map[string]any) {
	spec := application["spec"].(map[string]any)
	source, ok := spec["source"].(map[string]any)
	if !ok {
		source = spec["sources"].([]any)[0].(map[string]any)
	}
	helm, ok := source["helm"].(map[string]any)
	if !ok {
		return
	}
	if text, ok := helm["values"].(string); ok {
		var values any
		check(yaml.Unmarshal([]byte(text), &values))
		delete(helm, "values")
		helm["valuesObject"] = values
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
