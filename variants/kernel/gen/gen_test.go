package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommitted regenerates every file and compares it with the one beside the kernel package.
func TestCommitted(t *testing.T) {
	for name, want := range files() {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		got = bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")) // a checkout may translate line ends
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes: run go generate ./variants/kernel", name)
		}
	}
}

// TestNoApproximations looks for instructions that only estimate a reciprocal or a root.
func TestNoApproximations(t *testing.T) {
	estimate := regexp.MustCompile(`\tV?RSQRT|\tV?RCP|VU?RECPE|\b(fr|ur)(ecp|sqrt)`)
	for name, text := range files() {
		if found := estimate.Find(text); found != nil {
			t.Errorf("%s has %s", name, found)
		}
	}
}

// TestVectorsCleared asks that no routine on amd64 returns with dirty upper halves: code that follows would
// be slow.
func TestVectorsCleared(t *testing.T) {
	bare := regexp.MustCompile(`\n\t(.*)\n\tRET\n`)
	for name, text := range files() {
		if !strings.HasSuffix(name, "_amd64.s") {
			continue
		}
		for _, m := range bare.FindAllSubmatch(text, -1) {
			if string(m[1]) != "VZEROUPPER" {
				t.Errorf("%s: %s before RET", name, m[1])
			}
		}
	}
}
