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
}

// power holds the registers of 2^x for a number of vectors at a time.
type power struct {
	x, n, f, p []vec          // argument, rounded argument, fraction, result
	constant   map[string]any // a register, or a memory operand
}

// newPower takes four registers a vector and puts as many constants into registers as are left. Max, the
// last one, is needed only for arguments that may exceed 128.
func (r *routine) newPower(width int, bounded bool) *power {
	e := &power{x: r.alloc(width), n: r.alloc(width), f: r.alloc(width), p: r.alloc(width)}
	e.constant = map[string]any{}
	if !bounded {
		e.constant["Max"] = r.alloc(1)[0]
		r.op("VMOVUPS", set(r, "Max"), e.constant["Max"])
	}
	for _, c := range constants() {
		if c.name == "Max" {
			continue
		}
		e.constant[c.name] = set(r, c.name)
		if len(r.free) > 0 {
			v := r.alloc(1)[0]
			r.op("VMOVUPS", set(r, c.name), v)
			e.constant[c.name] = v
		}
	}
	return e
}

// set is the memory operand of a constant.
func set(r *routine, name string) string { return r.isa.name + name + "<>(SB)" }

// power computes p = 2^x for the first width vectors. With n = round(x) and f = x-n, the polynomial gives
// 2^f, and n is added to its exponent. A result below the smallest normal number becomes 0; a NaN passes
// through the polynomial, and its n is shifted out to 0.
func (r *routine) power(e *power, width int) {
	steps := []func(i int){
		func(i int) { r.op("VCVTPS2DQ", e.x[i], e.n[i]) },
		func(i int) { r.op("VCVTDQ2PS", e.n[i], e.f[i]) },
		func(i int) { r.op("VSUBPS", e.f[i], e.x[i], e.f[i]) },
		func(i int) { r.op("VMOVUPS", e.constant["C6"], e.p[i]) },
	}
	for _, c := range []string{"C5", "C4", "C3", "C2", "C1", "One"} {
		steps = append(steps, func(i int) { r.op("VFMADD213PS", e.constant[c], e.f[i], e.p[i]) })
	}
	steps = append(steps, func(i int) { r.op("VPSLLD", 23, e.n[i], e.n[i]) }, func(i int) { r.scale(e, i) })
	if limit, ok := e.constant["Max"]; ok {
		// min(x, 128) in this order lets a NaN pass; 2^128 comes out as +Inf.
		steps = append([]func(int){func(i int) { r.op("VMINPS", e.x[i], limit, e.x[i]) }}, steps...)
	}
	for _, step := range steps {
		for i := range width {
			step(i)
		}
	}
}

const (
	lessThan    = 0x11 // VCMPPS predicate: false on NaN
	notLessThan = 0x15 // true on NaN
	greaterThan = 0x1e // false on NaN
	notEqual    = 0x04 // true on NaN
)

// scale adds n to the exponent of p where x is not below -126 and clears p elsewhere.
func (r *routine) scale(e *power, i int) {
	if r.masks {
		r.op("VCMPPS", notLessThan, e.constant["Min"], e.x[i], mask(i))
		r.op("VPADDD.Z", e.n[i], e.p[i], mask(i), e.p[i])
		return
	}
	r.op("VCMPPS", lessThan, e.constant["Min"], e.x[i], e.f[i])
	r.op("VPADDD", e.n[i], e.p[i], e.p[i])
	r.op("VANDNPS", e.p[i], e.f[i], e.p[i])
}

// mask is the mask register for the i-th vector of a group.
func mask(i int) string { return fmt.Sprintf("K%d", i+1) }

// powerWidth is how many vectors are raised at a time: as many as leave registers for some constants.
func (s *isa) powerWidth() int { return s.panel }

func exp2(set *isa) *routine {
	r := newRoutine(set, "Exp2", `raises 2 to every element.

	for i := range n {
		dst[i] = 2^src[i]
	}`, "n int", "dst *float32", "src *float32")
	e := r.newPower(set.powerWidth(), false)
	r.load("n", "CX", "dst", "DI", "src", "SI")
	r.elements(set.powerWidth(), "CX", []string{"DI", "SI"}, func(width int, g group) {
		g.load("SI", e.x)
		r.power(e, width)
		g.store(e.p, "DI")
	})
	r.ret()
	return r
}
