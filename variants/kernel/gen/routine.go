package main

import (
	"fmt"
	"strings"
)

// vec is a vector register by number.
type vec int

// routine is one assembly function under construction.
type routine struct {
	*isa
	backend // the steps that it is made of
	name    string
	doc     string // what it does, from the verb on; the equivalent Go loop
	params  []param
	returns bool  // has the result "changed bool"
	free    []vec // vector registers that hold nothing
	labels  int
	text    strings.Builder
}

// param is a parameter of a routine at its offset from the frame pointer.
type param struct {
	name, typ string
	offset    int
}

// newRoutine starts a routine. Parameters are given as "name type" pairs.
func newRoutine(set *isa, name, doc string, params ...string) *routine {
	r := &routine{isa: set, name: set.name + name, doc: doc}
	offset := 0
	for _, p := range params {
		name, typ, _ := strings.Cut(p, " ")
		size := sizeof(typ)
		offset = (offset + size - 1) / size * size
		r.params = append(r.params, param{name, typ, offset})
		offset += size
	}
	for i := range set.regs {
		r.free = append(r.free, vec(i))
	}
	r.backend = set.backend(r)
	return r
}

func sizeof(typ string) int {
	switch typ {
	case "float32":
		return 4
	case "bool":
		return 1
	}
	return 8
}

// result is the offset of a result from the frame pointer: behind the parameters, at the next word.
func (r *routine) result() int {
	last := r.params[len(r.params)-1]
	return (last.offset + sizeof(last.typ) + 7) / 8 * 8
}

// arg is the memory operand of a parameter.
func (r *routine) arg(name string) string {
	for _, p := range r.params {
		if p.name == name {
			return fmt.Sprintf("%s+%d(FP)", p.name, p.offset)
		}
	}
	panic("no parameter " + name)
}

// load moves parameters into general registers: pairs of a parameter and a register.
func (r *routine) load(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		r.loadArg(pairs[i], pairs[i+1])
	}
}

// alloc takes n vector registers.
func (r *routine) alloc(n int) []vec {
	if n > len(r.free) {
		panic(fmt.Sprintf("%s: %d vector registers wanted, %d free", r.name, n, len(r.free)))
	}
	v := r.free[:n:n]
	r.free = r.free[n:]
	return v
}

// op writes an instruction in the operand order of the Go assembler: sources first, destination last. A
// vec is written as the register of the set's width, an int as an immediate.
func (r *routine) op(name string, args ...any) {
	text := make([]string, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case vec:
			text[i] = r.reg(a)
		case int:
			text[i] = fmt.Sprintf("$%d", a)
		default:
			text[i] = fmt.Sprint(a)
		}
	}
	fmt.Fprintf(&r.text, "\t%s\n", strings.TrimSpace(name+" "+strings.Join(text, ", ")))
}

// reg is the name of a vector register.
func (r *routine) reg(v vec) string { return fmt.Sprintf("%s%d%s", r.letter, v, r.arrangement) }

// comment writes a line of comment.
func (r *routine) comment(format string, args ...any) {
	fmt.Fprintf(&r.text, "\t// "+format+"\n", args...)
}

// newLabel returns a label that is new in the routine.
func (r *routine) newLabel(name string) string {
	r.labels++
	return fmt.Sprintf("%s%d", name, r.labels)
}

func (r *routine) label(name string) { fmt.Fprintf(&r.text, "\n%s:\n", name) }

// loop repeats body until the counter, positive at the start, is zero.
func (r *routine) loop(name, counter string, body func()) {
	top := r.newLabel(name)
	r.op("PCALIGN", 64)
	r.label(top)
	body()
	r.count(-1, counter, unequal, top)
}

// at is the i-th vector behind a pointer.
func (r *routine) at(base string, i int) string {
	return fmt.Sprintf("%d(%s)", i*r.bytes(), r.general(base))
}

// splatConst puts a number, or the bits of one, into every lane. It uses AX.
func (r *routine) splatConst(value uint32, to vec) {
	r.setReg(value, "AX")
	r.splat("AX", to)
}
