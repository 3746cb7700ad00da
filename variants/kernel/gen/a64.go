package main

import (
	"fmt"
	"strings"
)

// a64Opcodes are the instructions that the Go assembler has no name for, with all registers 0. All work on
// four lanes, but for bic, which works on bytes.
func a64Opcodes() map[string]uint32 {
	return map[string]uint32{
		"fadd": 0x4e20d400, "fsub": 0x4ea0d400, "fmul": 0x6e20dc00, "faddp": 0x6e20d400,
		"fmax": 0x4e20f400, "fmin": 0x4ea0f400, // a NaN in either operand is the result
		"fcmeq": 0x4e20e400, "fcmgt": 0x6ea0e400, // false on NaN
		"frintn": 0x4e218800, "fcvtns": 0x4e21a800, // to the nearest integer, ties to even
		"bic": 0x4e601c00,
	}
}

// raw writes an instruction of a64Opcodes. Its registers are given in the order of the Go assembler, and
// stand in the comment in that of the architecture's manual.
func (x a64) raw(name string, regs ...vec) {
	code, known := a64Opcodes()[name]
	if !known {
		panic("no encoding of " + name)
	}
	lanes := "4s"
	if name == "bic" {
		lanes = "16b"
	}
	var text []string
	for i, v := range regs {
		field := (len(regs) - 1 - i) * 5 // destination, first and second source
		if field == 10 {
			field = 16
		}
		code |= uint32(v) << field
		text = append([]string{fmt.Sprintf("v%d.%s", v, lanes)}, text...)
	}
	x.word(code, name+" "+strings.Join(text, ", "))
}

// fmlaLane writes sum += b · a[lane]: a product of a vector with one lane of another.
func (x a64) fmlaLane(b, a vec, lane int, sum vec) {
	l, h := uint32(lane&1), uint32(lane>>1)
	x.word(0x4f801000|l<<21|uint32(a)<<16|h<<11|uint32(b)<<5|uint32(sum),
		fmt.Sprintf("fmla v%d.4s, v%d.4s, v%d.s[%d]", sum, b, a, lane))
}

// word writes an encoded instruction, its mnemonic in a comment.
func (x a64) word(code uint32, mnemonic string) {
	x.r.op("WORD", fmt.Sprintf("$%#08x // %s", code, mnemonic))
}
