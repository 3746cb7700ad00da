package main

import (
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
)

// TestA64Words disassembles every instruction of the set that is written as a number.
func TestA64Words(t *testing.T) {
	checkA64Words(t, string(files()["neon_arm64.s"]))
}

// TestA64Fields does so with the largest value of every field beside the smallest of the others.
func TestA64Fields(t *testing.T) {
	r := newRoutine(neon(), "Fields", "")
	x := a64{r}
	for name := range a64Opcodes() {
		switch name {
		case "frintn", "fcvtns": // one source
			x.raw(name, 31, 0)
			x.raw(name, 0, 31)
		default:
			x.raw(name, 31, 0, 0)
			x.raw(name, 0, 31, 0)
			x.raw(name, 0, 0, 31)
		}
	}
	for lane := range 4 {
		x.fmlaLane(31, 0, lane, 0)
		x.fmlaLane(0, 31, lane, 0)
		x.fmlaLane(0, 0, lane, 31)
	}
	checkA64Words(t, r.text.String())
}

// checkA64Words compares the instructions of a text that are written as numbers with their comments.
func checkA64Words(t *testing.T, text string) {
	t.Helper()
	word := regexp.MustCompile(`^\tWORD \$0x([0-9a-f]{8}) // (.+)$`)
	comments := map[string]string{} // by number
	for line := range strings.Lines(text) {
		if m := word.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			comments[m[1]] = m[2]
		} else if strings.Contains(line, "WORD") {
			t.Errorf("%q is not a number and a comment", line)
		}
	}
	if len(comments) == 0 {
		t.Error("there are no instructions to look at")
	}
	for number, comment := range comments {
		code, err := hex.DecodeString(number)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(code) // the first byte in memory is the last of the number
		inst, err := arm64asm.Decode(code)
		if err != nil {
			t.Errorf("%s, %s: %v", number, comment, err)
		} else if got := arm64asm.GNUSyntax(inst); got != comment {
			t.Errorf("%s is %s, not %s", number, got, comment)
		}
	}
}

// TestA64Reserved looks for registers that belong to others: R18 to the operating system, R27 to the
// assembler, R28 to the runtime, R29 and R30 to the call.
func TestA64Reserved(t *testing.T) {
	reserved := regexp.MustCompile(`\bR(18|27|28|29|30|31)\b|\bg\b`)
	if line := reserved.Find(files()["neon_arm64.s"]); line != nil {
		t.Errorf("%s is used", line)
	}
}
