package main

import (
	"bytes"
	"fmt"
	"math"
)

// constants of 2^x by name: minimax coefficients of 2^f - 1 on [-½, ½], and the limits of the range. They
// are stored a full vector each, so that an instruction can take them from memory where registers are short.
func constants() []constant {
	return []constant{
		{"C6", 0.00015972914591}, {"C5", 0.00134143758244}, {"C4", 0.00961638706416},
		{"C3", 0.0555028506235}, {"C2", 0.240226624774}, {"C1", 0.693147231597},
		{"One", 1}, {"Min", -126}, {"Max", 128},
	}
}

type constant struct {
	name  string
	value float32
}

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

// power holds the registers of 2^x.
type power struct {
	x, p       vec // argument and result
	n, f, s, a vec // rounded argument, fraction, its square, a part of the polynomial
	constant   map[string]any
}

// newPower takes six registers and puts as many constants into registers as keep others free; the rest is
// taken from memory. Bounded arguments never exceed 128: they need no Max.
func (r *routine) newPower(bounded bool, keep int) *power {
	v := r.alloc(6)
	e := &power{x: v[0], p: v[1], n: v[2], f: v[3], s: v[4], a: v[5], constant: map[string]any{}}
	if !bounded {
		e.constant["Max"] = r.alloc(1)[0]
		r.op("VMOVUPS", r.constant("Max"), e.constant["Max"])
	}
	for _, c := range constants() {
		if c.name == "Max" {
			continue
		}
		e.constant[c.name] = r.constant(c.name)
		if len(r.free) > keep {
			v := r.alloc(1)[0]
			r.op("VMOVUPS", r.constant(c.name), v)
			e.constant[c.name] = v
		}
	}
	return e
}

// constant is the memory operand of a constant.
func (r *routine) constant(name string) string { return r.isa.name + name + "<>(SB)" }

// power computes p = 2^x. With n = round(x) and f = x-n, the polynomial gives 2^f, and n is added to its
// exponent. A result below the smallest normal number becomes 0; a NaN passes through the polynomial, and
// its n is shifted out to 0. The polynomial is (C6·f+C5)·f⁴ + (C4·f+C3)·f² + (C2·f+C1) times f plus 1: its
// chain of dependent instructions is four long, where Horner's rule makes six.
func (r *routine) power(e *power) {
	if limit, ok := e.constant["Max"]; ok {
		r.op("VMINPS", e.x, limit, e.x) // in this order a NaN stays; 2^128 comes out as +Inf
	}
	r.round(e.x, e.n)
	r.op("VSUBPS", e.n, e.x, e.f)
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
	r.scale(e)
}

// round rounds to the nearest integer.
func (r *routine) round(x, to vec) {
	if r.masks {
		r.op("VRNDSCALEPS", 0, x, to)
		return
	}
	r.op("VROUNDPS", 0, x, to)
}

const (
	lessThan    = 0x11 // VCMPPS predicate: false on NaN
	notLessThan = 0x15 // true on NaN
	greaterThan = 0x1e // false on NaN
	notEqual    = 0x04 // true on NaN
)

// scale adds n to the exponent of p where x is not below -126 and clears p elsewhere.
func (r *routine) scale(e *power) {
	if r.masks {
		r.op("VCMPPS", notLessThan, e.constant["Min"], e.x, "K1")
		r.op("VPADDD.Z", e.n, e.p, "K1", e.p)
		return
	}
	r.op("VCMPPS", lessThan, e.constant["Min"], e.x, e.a)
	r.op("VPADDD", e.n, e.p, e.p)
	r.op("VANDNPS", e.p, e.a, e.p)
}

func exp2(set *isa) *routine {
	r := newRoutine(set, "Exp2", `raises 2 to every element.

	for i := range n {
		dst[i] = 2^src[i]
	}`, "n int", "dst *float32", "src *float32")
	e := r.newPower(false, 0)
	r.load("n", "CX", "dst", "DI", "src", "SI")
	r.elements(2, "CX", []string{"DI", "SI"}, func(g group) {
		for i := range g.width {
			g.load("SI", i, e.x)
			r.power(e)
			g.store(e.p, "DI", i)
		}
	})
	r.ret()
	return r
}
