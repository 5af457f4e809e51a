package main

// The module that carries the schema, so that it is one of ours.
import _ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
