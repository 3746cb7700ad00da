package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEncodings has a disassembler read every instruction that is written as bytes, and compares what it says
// with the comment before it.
func TestEncodings(t *testing.T) {
	objdump, err := exec.LookPath("objdump")
	if err != nil {
		t.Skip("objdump is missing: install binutils")
	}
	var code []byte
	var want []string
	raw := regexp.MustCompile(`\t// (V.*)\n\t(BYTE .*)\n`)
	for _, text := range files() {
		for _, m := range raw.FindAllSubmatch(text, -1) {
			want = append(want, string(m[1]))
			for field := range strings.SplitSeq(string(m[2]), ";") {
				var b byte
				if _, err := fmt.Sscanf(strings.TrimSpace(field), "BYTE $0x%x", &b); err != nil {
					t.Fatalf("%s: %v", field, err)
				}
				code = append(code, b)
			}
		}
	}
	if len(want) == 0 {
		t.Fatal("no instruction is written as bytes")
	}
	got := disassemble(t, objdump, code)
	if len(got) != len(want) {
		t.Fatalf("%d instructions are read, %d were written", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("instruction %d is read as %s, written as %s", i, got[i], want[i])
		}
	}
}

// disassemble returns the instructions as the Go assembler would write them.
func disassemble(t *testing.T, objdump string, code []byte) []string {
	file := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(file, code, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(objdump, "-D", "-w", "-b", "binary", "-m", "i386:x86-64", file).Output()
	if err != nil {
		t.Skipf("objdump reads no x86-64: %v", err)
	}
	var list []string
	for line := range bytes.Lines(out) {
		fields := strings.Split(strings.TrimSpace(string(line)), "\t")
		if len(fields) < 3 {
			continue
		}
		name, operands, _ := strings.Cut(fields[2], " ")
		operands = strings.NewReplacer("%zmm", "Z", ",", ", ").Replace(strings.TrimSpace(operands))
		list = append(list, strings.ToUpper(name)+" "+operands)
	}
	return list
}

// TestEncodeAllRegisters lets every operand take every register.
func TestEncodeAllRegisters(t *testing.T) {
	objdump, err := exec.LookPath("objdump")
	if err != nil {
		t.Skip("objdump is missing: install binutils")
	}
	var code []byte
	var want []string
	add := func(op evexOp, x, y, to vec) {
		code = append(code, op.encode(x, y, to)...)
		want = append(want, fmt.Sprintf("%s Z%d, Z%d, Z%d", op.name, x, y, to))
	}
	for v := range vec(32) {
		for _, op := range []evexOp{dotPairs, roundPairs} {
			add(op, v, 1, 2)
			add(op, 30, v, 9)
			add(op, 17, 8, v)
		}
	}
	for i, got := range disassemble(t, objdump, code) {
		if got != want[i] {
			t.Errorf("instruction %d is read as %s, written as %s", i, got, want[i])
		}
	}
}
