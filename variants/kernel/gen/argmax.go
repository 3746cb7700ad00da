package main

func argMaxCols(set *isa) *routine {
	r := columnRoutine(set, "ArgMaxCols", columnDoc(set,
		"finds the first position of the largest of x and -x in each column.",
		"if x[r*ld+c] > high[c] { // from -Inf", "	high[c], index[c] = x[r*ld+c], r", "}",
		"if x[r*ld+c] < low[c] { // from +Inf", "	low[c], lowest[c] = x[r*ld+c], r", "}",
		"if r == rows-1 && -low[c] > high[c] {", "	index[c] = rows + lowest[c]", "}"), "index *int32")
	r.load("index", "DI")
	v := r.alloc(3)
	at, one, inf := v[0], v[1], v[2]
	r.op("MOVL", 1, "AX")
	r.splat("AX", one)
	r.op("MOVL", "$0x7f800000", "AX") // +Inf
	r.splat("AX", inf)
	r.columns(2, []string{"DI"}, func(width int) {
		s := extremes{r.alloc(width), r.alloc(width), r.alloc(width), r.alloc(width), r.alloc(width)}
		x := r.alloc(1)[0]
		r.zero(at)
		for i := range width {
			r.op("VMOVUPS", inf, s.low[i])
			r.zero(s.high[i])
			r.op("VSUBPS", inf, s.high[i], s.high[i])
			r.zero(s.atHigh[i])
			r.zero(s.atLow[i])
		}
		r.eachRow(func() {
			for i := range width {
				r.op("VMOVUPS", r.at(xAt, i), x)
				r.pick(greaterThan, s.high[i], x, s.scratch[i], at, s.atHigh[i])
				r.op("VMAXPS", s.high[i], x, s.high[i])
				r.pick(lessThan, s.low[i], x, s.scratch[i], at, s.atLow[i])
				r.op("VMINPS", s.low[i], x, s.low[i])
			}
			r.op("VPADDD", one, at, at)
		})
		r.splat(rowCount, at)
		for i := range width {
			r.op("VPADDD", at, s.atLow[i], s.atLow[i])
			r.zero(x)
			r.op("VSUBPS", s.low[i], x, x)
			r.pick(greaterThan, s.high[i], x, s.scratch[i], s.atLow[i], s.atHigh[i])
			r.op("VMOVUPS", s.atHigh[i], r.at("DI", i))
		}
	})
	return r
}

// extremes holds the largest and smallest elements of some columns and their rows.
type extremes struct{ high, low, atHigh, atLow, scratch []vec }

// pick replaces lanes of to by those of from where "x predicate y" holds.
func (r *routine) pick(predicate int, y, x, scratch, from, to vec) {
	if r.masks {
		r.op("VCMPPS", predicate, y, x, "K1")
		r.op("VMOVUPS", from, "K1", to)
		return
	}
	r.op("VCMPPS", predicate, y, x, scratch)
	r.op("VBLENDVPS", scratch, from, to, to)
}

// splat puts the 32-bit integer of a general register into every lane.
func (r *routine) splat(reg string, to vec) {
	if r.masks {
		r.op("VPBROADCASTD", reg, to)
		return
	}
	r.op("VMOVD", reg, low(to))
	r.op("VPBROADCASTD", low(to), to)
}

func marginCols(set *isa) *routine {
	r := columnRoutine(set, "MarginCols", columnDoc(set,
		"finds how far the largest |x| of each column is above the second largest.",
		"v := abs(x[r*ld+c])", "second[c] = max(second[c], min(v, high[c])) // from 0",
		"high[c] = max(high[c], v) // from 0", "if r == rows-1 {", "	margin[c] = high[c] - second[c]", "}"),
		"margin *float32")
	r.load("margin", "DI")
	sign := r.alloc(1)[0]
	r.op("MOVL", "$0x7fffffff", "AX")
	r.splat("AX", sign)
	r.columns(2, []string{"DI"}, func(width int) {
		high, second, x, low := r.alloc(width), r.alloc(width), r.alloc(width), r.alloc(width)
		for i := range width {
			r.zero(high[i])
			r.zero(second[i])
		}
		r.eachRow(func() {
			for i := range width {
				r.op(r.bitwise("VPAND"), r.at(xAt, i), sign, x[i])
				r.op("VMINPS", x[i], high[i], low[i])
				r.op("VMAXPS", low[i], second[i], second[i])
				r.op("VMAXPS", x[i], high[i], high[i])
			}
		})
		for i := range width {
			r.op("VSUBPS", second[i], high[i], high[i])
			r.op("VMOVUPS", high[i], r.at("DI", i))
		}
	})
	return r
}
