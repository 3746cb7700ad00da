package main

import (
	"fmt"
	"strings"
)

// evexOp is an instruction on three full vector registers that the Go assembler does not know, as Intel's
// manual writes it: EVEX.512.PREFIX.0F38.W0 OPCODE /r.
type evexOp struct {
	name   string
	prefix byte // 1: 66, 2: F3, 3: F2
	opcode byte
}

var (
	dotPairs   = evexOp{"VDPBF16PS", 2, 0x52}      // adds the two products of each pair of lanes
	roundPairs = evexOp{"VCVTNE2PS2BF16", 3, 0x72} // rounds two vectors: the first into the lower half
)

// evex writes an instruction as bytes, with its name in the operand order of the Go assembler in a comment.
func (r *routine) evex(op evexOp, x, y, to vec) {
	r.comment("%s %s, %s, %s", op.name, r.reg(x), r.reg(y), r.reg(to))
	var bytes []string
	for _, b := range op.encode(x, y, to) {
		bytes = append(bytes, fmt.Sprintf("BYTE $%#02x", b))
	}
	fmt.Fprintf(&r.text, "\t%s\n", strings.Join(bytes, "; "))
}

// encode returns the bytes of the instruction on zmm registers: x is the r/m operand, y the one in the
// prefix, both unmasked.
func (op evexOp) encode(x, y, to vec) []byte {
	inverted := func(v vec, bit, at int) byte { return byte(^v>>bit&1) << at }
	const (
		map0F38 = 2
		always  = 1 << 2
		wide    = 2 << 5 // 512 bits
		direct  = 3 << 6 // r/m is a register
	)
	return []byte{
		0x62,
		inverted(to, 3, 7) | inverted(x, 4, 6) | inverted(x, 3, 5) | inverted(to, 4, 4) | map0F38,
		byte(^y&15)<<3 | always | op.prefix,
		wide | inverted(y, 4, 3),
		op.opcode,
		direct | byte(to&7)<<3 | byte(x&7),
	}
}
