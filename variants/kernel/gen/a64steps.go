package main

import (
	"fmt"
	"math"
	"math/bits"
)

// a64 writes the instructions of NEON.
type a64 struct{ r *routine }

func newA64(r *routine) backend { return a64{r} }

// fromMemory holds an operand that comes from memory: no routine may keep anything in it.
const fromMemory vec = 31

const scratchReg = "R25" // means nothing from one step to the next

// a64Registers are the registers of the steps by their amd64 names, where arm64 has others. Nothing here uses
// R18, which belongs to the operating system, R27 (the assembler) and R28 (the Go runtime).
func a64Registers() map[string]string {
	return map[string]string{"AX": "R0", "BX": "R1", "CX": "R2", "DX": "R3", "SI": "R4", "DI": "R5"}
}

func (x a64) reg(name string) string { return x.r.general(name) }

// scalar is the name of the lowest lane of a vector register, or all of it, in loads and stores; lanes is its
// name as 16 bytes.
func scalar(v vec) string  { return fmt.Sprintf("F%d", v) }
func bytes16(v vec) string { return fmt.Sprintf("V%d.B16", v) }

func (x a64) loadArg(name, reg string)  { x.r.op("MOVD", x.r.arg(name), x.reg(reg)) }
func (x a64) storeArg(reg, name string) { x.r.op("MOVD", x.reg(reg), x.r.arg(name)) }

func (x a64) stride(name, reg string, size int) {
	x.loadArg(name, reg)
	x.r.op("LSL", size/2, x.reg(reg)) // log2
}

func (x a64) setReg(value uint32, reg string) { x.r.op("MOVD", fmt.Sprintf("$%#x", value), x.reg(reg)) }
func (x a64) copyReg(from, to string)         { x.r.op("MOVD", x.reg(from), x.reg(to)) }
func (x a64) mulReg(by, reg string)           { x.r.op("MUL", x.reg(by), x.reg(reg)) }
func (x a64) orReg(by, reg string)            { x.r.op("ORR", x.reg(by), x.reg(reg)) }
func (x a64) loadInt32(base, reg string)      { x.r.op("MOVW", "("+x.reg(base)+")", x.reg(reg)) }
func (x a64) prefetch(base string)            { x.r.op("PRFM", "("+x.reg(base)+")", "PLDL1KEEP") }
func (x a64) prefetchL2(base string)          { x.r.op("PRFM", "("+x.reg(base)+")", "PLDL2KEEP") }

func (x a64) addReg(by any, reg string) { x.r.op("ADD", x.numberOrReg(by), x.reg(reg)) }
func (x a64) subReg(by any, reg string) { x.r.op("SUB", x.numberOrReg(by), x.reg(reg)) }

func (x a64) numberOrReg(by any) any {
	if name, ok := by.(string); ok {
		return x.reg(name)
	}
	return by
}

func (x a64) addTimes(times int, by, reg string) {
	x.r.op("ADD", fmt.Sprintf("%s<<%d", x.reg(by), bits.TrailingZeros(uint(times))), x.reg(reg))
}

func (x a64) jumpIf(reg string, c cond, n int, label string) {
	x.r.op("CMP", n, x.reg(reg))
	x.r.op("B"+string(c), label)
}

func (x a64) count(by int, reg string, c cond, label string) {
	if by < 0 {
		x.r.op("SUBS", -by, x.reg(reg))
	} else {
		x.r.op("ADDS", by, x.reg(reg))
	}
	x.r.op("B"+string(c), label)
}

func (x a64) jumpUnless(name, label string) {
	x.r.op("MOVBU", x.r.arg(name), scratchReg)
	x.r.op("CBZ", scratchReg, label)
}

func (x a64) returnTruth(reg string) {
	x.r.op("CMP", 0, x.reg(reg))
	x.r.op("CSET", "NE", x.reg(reg))
	x.r.op("MOVB", x.reg(reg), fmt.Sprintf("changed+%d(FP)", x.r.result()))
}

func (x a64) ret() { x.r.op("RET") }

// operand loads what is in memory.
func (x a64) operand(from any) vec {
	if mem, ok := from.(string); ok {
		x.loadVec(mem, fromMemory)
		return fromMemory
	}
	return from.(vec)
}

func (x a64) loadVec(mem string, to vec)     { x.r.op("FMOVQ", mem, scalar(to)) }
func (x a64) storeVec(from vec, mem string)  { x.r.op("FMOVQ", scalar(from), mem) }
func (x a64) loadLane(mem string, to vec)    { x.r.op("FMOVS", mem, scalar(to)) }
func (x a64) storeLane(from vec, mem string) { x.r.op("FMOVS", scalar(from), mem) }
func (x a64) splat(reg string, to vec)       { x.r.op("VDUP", x.reg(reg), to) }
func (x a64) copyVec(from, to vec)           { x.r.op("VMOV", bytes16(from), bytes16(to)) }
func (x a64) zero(to vec)                    { x.r.op("VMOVI", 0, bytes16(to)) }
func (x a64) add(a any, b, to vec)           { x.raw("fadd", x.operand(a), b, to) }
func (x a64) sub(a any, b, to vec)           { x.raw("fsub", x.operand(a), b, to) }
func (x a64) mul(a any, b, to vec)           { x.raw("fmul", x.operand(a), b, to) }
func (x a64) mulAdd(a any, b, sum vec)       { x.r.op("VFMLA", x.operand(a), b, sum) }
func (x a64) addInt(a, b, to vec)            { x.r.op("VADD", a, b, to) }

func (x a64) addLane(mem string, to vec) {
	x.loadLane(mem, fromMemory)
	x.r.op("FADDS", scalar(fromMemory), scalar(to), scalar(to))
}

func (x a64) broadcast(mem string, to vec) {
	x.loadLane(mem, to)
	x.r.op("VDUP", fmt.Sprintf("V%d.S[0]", to), to)
}

// loadConstant makes a constant of its bits: there are registers for all of them, so none is read twice.
func (x a64) loadConstant(name string, to vec) {
	for _, c := range constants() {
		if c.name == name {
			x.setReg(math.Float32bits(c.value), scratchReg)
			x.splat(scratchReg, to)
		}
	}
}

func (x a64) larger(a any, b, to vec)  { x.raw("fmax", x.operand(a), b, to) }
func (x a64) smaller(a any, b, to vec) { x.raw("fmin", x.operand(a), b, to) }

func (x a64) and(a any, b, to vec) {
	x.r.op("VAND", bytes16(x.operand(a)), bytes16(b), bytes16(to))
}

// raise compares and selects: fmax would keep a NaN and fmaxnm drop one that high holds.
func (x a64) raise(a, high vec) {
	x.raw("fcmgt", high, a, fromMemory)
	x.pick(fromMemory, a, high)
}

// pick replaces lanes of to by those of from where the mask is set.
func (x a64) pick(mask, from, to vec) { x.r.op("VBIT", bytes16(mask), bytes16(from), bytes16(to)) }

func (x a64) track(greater bool, a, best, scratch, row, at vec) {
	if greater {
		x.raw("fcmgt", best, a, scratch)
	} else {
		x.raw("fcmgt", a, best, scratch)
	}
	x.pick(scratch, row, at)
	x.pick(scratch, a, best)
}

func (x a64) fold(v []vec, _ vec) {
	x.raw("fadd", v[1], v[0], v[0])
	x.raw("fadd", v[3], v[2], v[2])
	x.raw("fadd", v[2], v[0], v[0])
	x.raw("faddp", v[0], v[0], v[0])
	x.raw("faddp", v[0], v[0], v[0])
}

func (x a64) differs(a, b any, scratch vec, reg string) {
	x.raw("fcmeq", b.(vec), a.(vec), scratch)
	x.r.op("VMOV", fmt.Sprintf("V%d.D[0]", scratch), x.reg(reg))
	x.r.op("VMOV", fmt.Sprintf("V%d.D[1]", scratch), scratchReg)
	x.r.op("AND", scratchReg, x.reg(reg))
	x.r.op("MVN", x.reg(reg), x.reg(reg))
}

// power has a fused multiply-add that adds to its destination: the three pairs of the polynomial begin with a
// copy of their constant.
func (x a64) power(e *power) {
	r := x.r
	if limit, ok := e.constant["Max"]; ok {
		x.raw("fmin", limit.(vec), e.x, e.x) // a NaN stays; 2^128 comes out as +Inf
	}
	x.raw("frintn", e.x, e.n)
	x.raw("fsub", e.n, e.x, e.f)
	x.raw("fcvtns", e.x, e.n)
	x.raw("fmul", e.f, e.f, e.s)
	pair := func(to vec, high, low string) {
		x.copyVec(e.constant[low].(vec), to)
		x.mulAdd(e.constant[high], e.f, to)
	}
	pair(e.a, "C6", "C5")
	pair(e.p, "C4", "C3")
	x.mulAdd(e.a, e.s, e.p)
	pair(e.a, "C2", "C1")
	x.mulAdd(e.p, e.s, e.a)
	x.copyVec(e.constant["One"].(vec), e.p)
	x.mulAdd(e.a, e.f, e.p)
	r.op("VSHL", 23, e.n, e.n)
	x.addInt(e.n, e.p, e.p)
	x.raw("fcmgt", e.x, e.constant["Min"].(vec), e.a) // x is below: false on NaN
	x.raw("bic", e.a, e.p, e.p)
}

func (x a64) powers(e *powers) {
	r := x.r
	x.raw("frintn", e.x, e.n)
	x.raw("fsub", e.n, e.x, e.f)
	x.raw("fcvtns", e.x, e.n)
	x.raw("fmul", e.f, e.f, e.s)
	term := func(to vec, before any, constant string) { // to = constant + before·f²
		x.copyVec(e.constant[constant].(vec), to)
		x.mulAdd(before, e.s, to)
	}
	term(e.a, e.constant["C6"], "C4")
	term(e.down, e.a, "C2")
	term(e.up, e.down, "One")
	term(e.down, e.constant["C5"], "C3")
	term(e.a, e.down, "C1")
	x.copyVec(e.up, e.down)
	x.mulAdd(e.a, e.f, e.up)
	r.op("VFMLS", e.a, e.f, e.down)
	r.op("VSHL", 23, e.n, e.n)
	x.addInt(e.n, e.up, e.up)
	r.op("VSUB", e.n, e.down, e.down)
}

func (x a64) loadBF16(mem string, to vec) {
	x.r.op("FMOVD", mem, scalar(to))
	x.r.op("VUXTL", fmt.Sprintf("V%d.H4", to), to)
	x.r.op("VSHL", 16, to, to)
}

func (x a64) storeBF16(n *rounding, mem string) {
	r := x.r
	r.op("VUSHR", 16, n.x, n.y)
	x.and(n.one, n.y, n.y)
	x.addInt(n.half, n.y, n.y)
	x.addInt(n.x, n.y, n.y)
	x.raw("fcmeq", n.x, n.x, n.mask) // false for a NaN
	r.op("VORR", bytes16(n.quiet), bytes16(n.x), bytes16(n.x))
	r.op("VBIF", bytes16(n.mask), bytes16(n.x), bytes16(n.y))
	halves := fmt.Sprintf("V%d.H8", n.y)
	r.op("VUZP2", halves, halves, halves) // the upper half of each lane
	r.op("FMOVD", scalar(n.y), mem)
}
