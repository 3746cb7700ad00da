package main

import "fmt"

// avx writes the instructions of AVX2 and AVX-512.
type avx struct{ r *routine }

func newAVX(r *routine) backend { return avx{r} }

// low is the name of the lowest four lanes of a vector register, half that of the lowest eight.
func low(v vec) string  { return fmt.Sprintf("X%d", v) }
func half(v vec) string { return fmt.Sprintf("Y%d", v) }

func (x avx) loadArg(name, reg string)  { x.r.op("MOVQ", x.r.arg(name), reg) }
func (x avx) storeArg(reg, name string) { x.r.op("MOVQ", reg, x.r.arg(name)) }

func (x avx) stride(name, reg string, size int) {
	x.loadArg(name, reg)
	x.r.op("SHLQ", size/2, reg) // log2
}

func (x avx) setReg(value uint32, reg string) { x.r.op("MOVL", fmt.Sprintf("$%#x", value), reg) }
func (x avx) copyReg(from, to string)         { x.r.op("MOVQ", from, to) }
func (x avx) addReg(by any, reg string)       { x.r.op("ADDQ", by, reg) }
func (x avx) subReg(by any, reg string)       { x.r.op("SUBQ", by, reg) }
func (x avx) mulReg(by, reg string)           { x.r.op("IMULQ", by, reg) }
func (x avx) orReg(by, reg string)            { x.r.op("ORQ", by, reg) }
func (x avx) loadInt32(base, reg string)      { x.r.op("MOVLQSX", "("+base+")", reg) }
func (x avx) prefetch(base string)            { x.r.op("PREFETCHT0", "("+base+")") }
func (x avx) prefetchL2(base string)          { x.r.op("PREFETCHT1", "("+base+")") }

// addTimes adds eight times a register, the most that one instruction can, as often as need be.
func (x avx) addTimes(times int, by, reg string) {
	for ; times > 0; times -= 8 {
		x.r.op("LEAQ", indexed(reg, by, min(times, 8), 0), reg)
	}
}

func (x avx) jumpIf(reg string, c cond, n int, label string) {
	if n == 0 {
		x.r.op("TESTQ", reg, reg)
	} else {
		x.r.op("CMPQ", reg, n)
	}
	x.r.op("J"+string(c), label)
}

func (x avx) count(by int, reg string, c cond, label string) {
	switch {
	case by == -1:
		x.r.op("DECQ", reg)
	case by < 0:
		x.r.op("SUBQ", -by, reg)
	default:
		x.r.op("ADDQ", by, reg)
	}
	x.r.op("J"+string(c), label)
}

func (x avx) jumpUnless(name, label string) {
	x.r.op("CMPB", x.r.arg(name), 0)
	x.r.op("JEQ", label)
}

func (x avx) returnTruth(reg string) {
	x.r.op("TESTQ", reg, reg)
	x.r.op("SETNE", fmt.Sprintf("changed+%d(FP)", x.r.result()))
}

func (x avx) ret() {
	x.r.op("VZEROUPPER")
	x.r.op("RET")
}

func (x avx) loadVec(mem string, to vec)       { x.r.op("VMOVUPS", mem, to) }
func (x avx) storeVec(from vec, mem string)    { x.r.op("VMOVUPS", from, mem) }
func (x avx) loadLane(mem string, to vec)      { x.r.op("VMOVSS", mem, low(to)) }
func (x avx) storeLane(from vec, mem string)   { x.r.op("VMOVSS", low(from), mem) }
func (x avx) addLane(mem string, to vec)       { x.r.op("VADDSS", mem, low(to), low(to)) }
func (x avx) broadcast(mem string, to vec)     { x.r.op("VBROADCASTSS", mem, to) }
func (x avx) loadConstant(name string, to vec) { x.loadVec(x.r.constant(name), to) }
func (x avx) copyVec(from, to vec)             { x.r.op("VMOVUPS", from, to) }
func (x avx) zero(to vec)                      { x.r.op("VXORPS", to, to, to) }
func (x avx) add(a any, b, to vec)             { x.r.op("VADDPS", a, b, to) }
func (x avx) sub(a any, b, to vec)             { x.r.op("VSUBPS", a, b, to) }
func (x avx) mul(a any, b, to vec)             { x.r.op("VMULPS", a, b, to) }
func (x avx) mulAdd(a any, b, sum vec)         { x.r.op("VFMADD231PS", a, b, sum) }
func (x avx) addInt(a, b, to vec)              { x.r.op("VPADDD", a, b, to) }

// Of two numbers of which one is a NaN, VMAXPS and VMINPS take the one that is named first here.
func (x avx) larger(a any, b, to vec)  { x.r.op("VMAXPS", a, b, to) }
func (x avx) smaller(a any, b, to vec) { x.r.op("VMINPS", a, b, to) }
func (x avx) raise(a, high vec)        { x.r.op("VMAXPS", high, a, high) }

func (x avx) and(a any, b, to vec) { x.r.op(x.bitwise("VPAND"), a, b, to) }

func (x avx) splat(reg string, to vec) {
	if x.r.masks {
		x.r.op("VPBROADCASTD", reg, to)
		return
	}
	x.r.op("VMOVD", reg, low(to))
	x.r.op("VPBROADCASTD", low(to), to)
}

func (x avx) fold(v []vec, scratch vec) {
	r := x.r
	r.op("VADDPS", v[1], v[0], v[0])
	r.op("VADDPS", v[3], v[2], v[2])
	r.op("VADDPS", v[2], v[0], v[0])
	upper, total := low(scratch), low(v[0])
	if r.lanes == 16 {
		r.op("VEXTRACTF64X4", 1, v[0], half(scratch))
		r.op("VADDPS", half(scratch), half(v[0]), half(v[0]))
	}
	r.op("VEXTRACTF128", 1, half(v[0]), upper)
	r.op("VADDPS", upper, total, total)
	r.op("VMOVHLPS", total, total, upper)
	r.op("VADDPS", upper, total, total)
	r.op("VMOVSHDUP", total, upper)
	r.op("VADDSS", upper, total, total)
}

const (
	lessThan    = 0x11 // VCMPPS predicate: false on NaN
	notLessThan = 0x15 // true on NaN
	greaterThan = 0x1e // false on NaN
	notEqual    = 0x04 // true on NaN
	unordered   = 0x03 // one of the two is NaN
)

func (x avx) differs(a, b any, scratch vec, reg string) {
	if x.r.masks {
		x.r.op("VCMPPS", notEqual, b, a, "K1")
		x.r.op("KMOVW", "K1", reg)
		return
	}
	x.r.op("VCMPPS", notEqual, b, a, scratch)
	x.r.op("VMOVMSKPS", scratch, reg)
}

func (x avx) track(greater bool, a, best, scratch, row, at vec) {
	predicate, extreme := lessThan, "VMINPS"
	if greater {
		predicate, extreme = greaterThan, "VMAXPS"
	}
	if x.r.masks {
		x.r.op("VCMPPS", predicate, best, a, "K1")
		x.r.op("VMOVUPS", row, "K1", at)
	} else {
		x.r.op("VCMPPS", predicate, best, a, scratch)
		x.r.op("VBLENDVPS", scratch, row, at, at)
	}
	x.r.op(extreme, best, a, best)
}

func (x avx) loadBF16(mem string, to vec) {
	x.r.op("VPMOVZXWD", mem, to)
	x.r.op("VPSLLD", 16, to, to)
}

func (x avx) storeBF16(n *rounding, mem string) {
	r := x.r
	r.op("VPSRLD", 16, n.x, n.y)
	x.and(n.one, n.y, n.y)
	r.op("VPADDD", n.half, n.y, n.y)
	r.op("VPADDD", n.x, n.y, n.y)
	if r.masks {
		r.op("VCMPPS", unordered, n.x, n.x, "K1")
		r.op("VPORD", n.quiet, n.x, "K1", n.y)
		r.op("VPSRLD", 16, n.y, n.y)
		r.op("VPMOVDW", n.y, mem)
		return
	}
	r.op("VCMPPS", unordered, n.x, n.x, n.mask)
	r.op("VPOR", n.quiet, n.x, n.x)
	r.op("VBLENDVPS", n.mask, n.x, n.y, n.y)
	r.op("VPSRLD", 16, n.y, n.y)
	r.op("VPACKUSDW", n.y, n.y, n.y)
	r.op("VPERMQ", 0xd8, n.y, n.y)
	r.op("VMOVUPS", low(n.y), mem)
}

// bitwise is the name of a logical instruction on 32-bit lanes.
func (x avx) bitwise(name string) string {
	if x.r.masks {
		return name + "D"
	}
	return name
}
