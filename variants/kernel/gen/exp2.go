package main

// constants of 2^x by name: minimax coefficients of 2^f - 1 on [-½, ½], and the limits of the range.
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

// power holds the registers of 2^x. With n = round(x) and f = x-n, a polynomial gives 2^f, and n is added to
// its exponent. A result below the smallest normal number becomes 0; a NaN passes through the polynomial, and
// its n is shifted out to 0. The polynomial is (C6·f+C5)·f⁴ + (C4·f+C3)·f² + (C2·f+C1) times f plus 1: its
// chain of dependent instructions is four long, where Horner's rule makes six.
type power struct {
	x, p       vec // argument and result
	n, f, s, a vec // rounded argument, fraction, its square, a part of the polynomial
	constant   map[string]any
}

// newPower takes six registers and puts as many constants into registers as keep others free; the rest is
// taken from memory, or must fit where there are no such operands. Bounded arguments never exceed 128: they
// need no Max.
func (r *routine) newPower(bounded bool, keep int) *power {
	v := r.alloc(6)
	e := &power{x: v[0], p: v[1], n: v[2], f: v[3], s: v[4], a: v[5], constant: map[string]any{}}
	if !bounded {
		e.constant["Max"] = r.alloc(1)[0]
		r.loadConstant("Max", e.constant["Max"].(vec))
	}
	r.placeConstants(e.constant, keep, "C6", "C5", "C4", "C3", "C2", "C1", "One", "Min")
	return e
}

// placeConstants puts as many constants into registers as keep others free.
func (r *routine) placeConstants(at map[string]any, keep int, names ...string) {
	for _, name := range names {
		if len(r.free) <= keep && r.inMemory {
			at[name] = r.constant(name)
			continue
		}
		v := r.alloc(1)[0]
		r.loadConstant(name, v)
		at[name] = v
	}
}

// powers holds the registers of 2^x and 2^-x, for -126 ≤ x ≤ 126. The even and the odd terms of power's
// polynomial, whose sum gives 2^f, have 2^-f for their difference.
type powers struct {
	x, up, down vec // argument and results
	n, f, s, a  vec // as power's
	constant    map[string]any
}

// newPowers takes seven registers, and others for constants as newPower does.
func (r *routine) newPowers(keep int) *powers {
	v := r.alloc(7)
	e := &powers{x: v[0], up: v[1], down: v[2], n: v[3], f: v[4], s: v[5], a: v[6], constant: map[string]any{}}
	r.placeConstants(e.constant, keep, "C6", "C5", "C4", "C3", "C2", "C1", "One")
	return e
}

// constant is the memory operand of a constant: a full vector of it, where inMemory.
func (r *routine) constant(name string) string { return r.isa.name + name + "<>(SB)" }

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
