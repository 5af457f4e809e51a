// Reads every document of a corpus with the YAML readers of Go and compares it with what was meant.
//
// sigs.k8s.io/yaml is what kubectl, Argo CD and Flux read manifests with; the others are what it and kustomize stand on.
// A line of the corpus is a JSON object: "name", "yaml" (the text) and "meant" (the value).
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"strconv"
	"strings"

	forkv2 "go.yaml.in/yaml/v2"
	forkv3 "go.yaml.in/yaml/v3"
	yamlv3 "gopkg.in/yaml.v3"
	k8syaml "sigs.k8s.io/yaml"
)

type testCase struct {
	Name  string          `json:"name"`
	YAML  string          `json:"yaml"`
	Meant json.RawMessage `json:"meant"`
}

type reader struct {
	name string
	read func([]byte) (any, error)
}

var readers = []reader{
	{"sigs.k8s.io/yaml", readAsKubernetes},
	{"go.yaml.in/yaml/v2", func(text []byte) (any, error) {
		var value any
		err := forkv2.UnmarshalStrict(text, &value)
		return value, err
	}},
	{"go.yaml.in/yaml/v3", func(text []byte) (any, error) {
		var value any
		err := forkv3.Unmarshal(text, &value)
		return value, err
	}},
	{"gopkg.in/yaml.v3", func(text []byte) (any, error) {
		var value any
		err := yamlv3.Unmarshal(text, &value)
		return value, err
	}},
}

func readAsKubernetes(text []byte) (any, error) {
	asJSON, err := k8syaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	return decode(asJSON)
}

func decode(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// equal says whether got is what was meant, types included. JSON has one kind of number, so that a float may come
// back from sigs.k8s.io/yaml as `1`; the other readers must give a float for a float.
func equal(meant, got any) bool {
	switch meant := meant.(type) {
	case nil:
		return got == nil
	case map[string]any:
		return equalMaps(meant, got)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(meant) {
			return false
		}
		for i := range meant {
			if !equal(meant[i], list[i]) {
				return false
			}
		}
		return true
	case json.Number:
		return equalNumbers(string(meant), got)
	default:
		return meant == got
	}
}

func equalMaps(meant map[string]any, got any) bool {
	entries := map[string]any{}
	switch got := got.(type) {
	case map[string]any:
		entries = got
	case map[any]any:
		for key, value := range got {
			text, ok := key.(string)
			if !ok {
				return false
			}
			entries[text] = value
		}
	default:
		return false
	}
	if len(entries) != len(meant) {
		return false
	}
	for key, value := range meant {
		found, ok := entries[key]
		if !ok || !equal(value, found) {
			return false
		}
	}
	return true
}

func equalNumbers(meant string, got any) bool {
	if strings.ContainsAny(meant, ".eE") {
		wanted, err := strconv.ParseFloat(meant, 64)
		if err != nil {
			return false
		}
		switch got := got.(type) {
		case float64:
			return got == wanted && math.Signbit(got) == math.Signbit(wanted)
		case json.Number:
			found, err := strconv.ParseFloat(string(got), 64)
			return err == nil && found == wanted && math.Signbit(found) == math.Signbit(wanted)
		}
		return false
	}
	var text string
	switch got := got.(type) {
	case int, int64, uint64:
		text = fmt.Sprint(got)
	case json.Number:
		text = string(got)
	}
	wanted, okWanted := new(big.Int).SetString(meant, 10)
	found, okFound := new(big.Int).SetString(text, 10)
	return okWanted && okFound && wanted.Cmp(found) == 0
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer file.Close()
	passed, failed := 0, 0
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var test testCase
		if err := json.Unmarshal(lines.Bytes(), &test); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		meant, err := decode(test.Meant)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		for _, reader := range readers {
			got, err := reader.read([]byte(test.YAML))
			if err == nil && equal(meant, got) {
				passed++
				continue
			}
			failed++
			fmt.Printf("FAIL %s: %s: got %#v (%v), meant %s, text:\n%s\n", reader.name, test.Name, got, err, test.Meant, test.YAML)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Printf("go: %d readers, %d passed, %d failed\n", len(readers), passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}
