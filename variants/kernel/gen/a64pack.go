package main

import "fmt"

func (x a64) blockStride(name, reg, _ string) { x.stride(name, reg, 4) }

func (x a64) blockRows(base, stride, _ string, visit func(i int, mem string)) {
	for i := range x.r.lanes {
		visit(i, x.r.at(base, 0))
		x.addReg(stride, base)
	}
}

func (x a64) rowStrides(name, reg, _, _ string) { x.stride(name, reg, 4) }

func (x a64) rowsFrom(rows int, base, stride, _, _ string, visit func(i int, mem string)) {
	visit(0, x.r.at(base, 0))
	for i := 1; i < rows; i++ {
		x.r.op("ADD", x.reg(stride), x.reg(base), scratchReg)
		base = scratchReg
		visit(i, x.r.at(base, 0))
	}
}

// blockAhead does nothing: a block has but four rows.
func (x a64) blockAhead(_, _, _, _ string) {}

// transpose exchanges lanes of neighbouring rows, and then pairs of lanes of rows two apart.
func (x a64) transpose(block []vec, spare vec) []vec {
	swap := func(arrangement string, i, j int) {
		name := func(v vec) string { return fmt.Sprintf("V%d.%s", v, arrangement) }
		x.r.op("VTRN1", name(block[j]), name(block[i]), name(spare))
		x.r.op("VTRN2", name(block[j]), name(block[i]), name(block[j]))
		block[i], spare = spare, block[i]
	}
	swap("S4", 0, 1)
	swap("S4", 2, 3)
	swap("D2", 0, 2)
	swap("D2", 1, 3)
	return block
}
