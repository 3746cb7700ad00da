package main

import (
	"bytes"
	"fmt"
	"math"
)

// writeConstants stores a full vector of each constant, so that an instruction can take it from memory where
// registers are short.
func writeConstants(b *bytes.Buffer, set *isa) {
	for _, c := range constants() {
		name := set.name + c.name
		fmt.Fprintf(b, "\n// %v in every lane\n", c.value)
		for lane := range set.lanes {
			fmt.Fprintf(b, "DATA %s<>+%d(SB)/4, $%#08x\n", name, 4*lane, math.Float32bits(c.value))
		}
		fmt.Fprintf(b, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", name, set.bytes())
	}
	if set.dots {
		writeInterleave(b, set)
	}
}

// writeInterleave writes the permutation of words that puts the lower half of a vector on even places and the
// upper half on odd ones.
func writeInterleave(b *bytes.Buffer, set *isa) {
	fmt.Fprintf(b, "\n// words 0, %d, 1, %d, …\n", set.lanes, set.lanes+1)
	for lane := range set.lanes {
		fmt.Fprintf(b, "DATA %sInterleave<>+%d(SB)/4, $%#08x\n", set.name, 4*lane, (set.lanes+lane)<<16|lane)
	}
	fmt.Fprintf(b, "GLOBL %sInterleave<>(SB), RODATA|NOPTR, $%d\n", set.name, set.bytes())
}

func (x avx) power(e *power) {
	r := x.r
	if limit, ok := e.constant["Max"]; ok {
		r.op("VMINPS", e.x, limit, e.x) // in this order a NaN stays; 2^128 comes out as +Inf
	}
	x.round(e.x, e.n)
	r.op("VSUBPS", e.n, e.x, e.f)
	if r.masks {
		x.horner(e)
		return
	}
	r.op("VCVTPS2DQ", e.n, e.n)
	r.op("VMULPS", e.f, e.f, e.s)
	pair := func(to vec, high, low string) {
		r.op("VMOVUPS", e.constant[high], to)
		r.op("VFMADD213PS", e.constant[low], e.f, to)
	}
	pair(e.p, "C6", "C5")
	pair(e.a, "C4", "C3")
	r.op("VFMADD213PS", e.a, e.s, e.p)
	pair(e.a, "C2", "C1")
	r.op("VFMADD213PS", e.a, e.s, e.p)
	r.op("VFMADD213PS", e.constant["One"], e.f, e.p)
	r.op("VPSLLD", 23, e.n, e.n)
	r.op("VCMPPS", lessThan, e.constant["Min"], e.x, e.a)
	r.op("VPADDD", e.n, e.p, e.p)
	r.op("VANDNPS", e.p, e.a, e.p)
}

func (x avx) powers(e *powers) {
	r := x.r
	x.round(e.x, e.n)
	r.op("VSUBPS", e.n, e.x, e.f)
	r.op("VMULPS", e.f, e.f, e.s)
	terms := func(to vec, first string, others ...string) {
		r.op("VMOVUPS", e.constant[first], to)
		for _, c := range others {
			r.op("VFMADD213PS", e.constant[c], e.s, to)
		}
	}
	terms(e.up, "C6", "C4", "C2", "One")
	terms(e.a, "C5", "C3", "C1")
	x.copyVec(e.up, e.down)
	r.op("VFMADD231PS", e.a, e.f, e.up)
	r.op("VFNMADD231PS", e.a, e.f, e.down)
	if r.masks {
		r.op("VSCALEFPS", e.n, e.up, e.up)
		r.op("VSUBPS", e.x, e.f, e.n) // -n
		r.op("VSCALEFPS", e.n, e.down, e.down)
		return
	}
	r.op("VCVTPS2DQ", e.n, e.n)
	r.op("VPSLLD", 23, e.n, e.n)
	r.op("VPADDD", e.n, e.up, e.up)
	r.op("VPSUBD", e.n, e.down, e.down)
}

// horner is the end of power where an instruction scales by powers of 2: it leaves more room for the
// multiplications of others, which this order of evaluation has the fewest of. The scaling knows what becomes
// of -Inf, of which the fraction is NaN.
func (x avx) horner(e *power) {
	r := x.r
	r.op("VMOVUPS", e.constant["C6"], e.p)
	for _, c := range []string{"C5", "C4", "C3", "C2", "C1", "One"} {
		r.op("VFMADD213PS", e.constant[c], e.f, e.p)
	}
	r.op("VSCALEFPS", e.n, e.p, e.p)
}

// round rounds to the nearest integer.
func (x avx) round(from, to vec) {
	if x.r.masks {
		x.r.op("VRNDSCALEPS", 0, from, to)
		return
	}
	x.r.op("VROUNDPS", 0, from, to)
}
