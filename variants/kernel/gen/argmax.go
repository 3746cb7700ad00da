package main

import "math"

func argMaxCols(set *isa) *routine {
	r := columnRoutine(set, "ArgMaxCols", columnDoc(set,
		"finds the first position of the largest of x and -x in each column.",
		"if x[r*ld+c] > high[c] { // from -Inf", "	high[c], index[c] = x[r*ld+c], r", "}",
		"if x[r*ld+c] < low[c] { // from +Inf", "	low[c], lowest[c] = x[r*ld+c], r", "}",
		"if r == rows-1 && -low[c] > high[c] {", "	index[c] = rows + lowest[c]", "}"), "index *int32")
	r.load("index", "DI")
	v := r.alloc(3)
	at, one, inf := v[0], v[1], v[2]
	r.splatConst(1, one)
	r.splatConst(math.Float32bits(float32(math.Inf(1))), inf)
	r.columns(2, []string{"DI"}, func(width int) {
		s := extremes{r.alloc(width), r.alloc(width), r.alloc(width), r.alloc(width), r.alloc(width)}
		x := r.alloc(1)[0]
		r.zero(at)
		for i := range width {
			r.copyVec(inf, s.low[i])
			r.zero(s.high[i])
			r.sub(inf, s.high[i], s.high[i])
			r.zero(s.atHigh[i])
			r.zero(s.atLow[i])
		}
		r.eachRow(func() {
			for i := range width {
				r.loadVec(r.at(xAt, i), x)
				r.track(true, x, s.high[i], s.scratch[i], at, s.atHigh[i])
				r.track(false, x, s.low[i], s.scratch[i], at, s.atLow[i])
			}
			r.addInt(one, at, at)
		})
		r.splat(rowCount, at)
		for i := range width {
			r.addInt(at, s.atLow[i], s.atLow[i])
			r.zero(x)
			r.sub(s.low[i], x, x)
			r.track(true, x, s.high[i], s.scratch[i], s.atLow[i], s.atHigh[i])
			r.storeVec(s.atHigh[i], r.at("DI", i))
		}
	})
	return r
}

// extremes holds the largest and smallest elements of some columns and their rows.
type extremes struct{ high, low, atHigh, atLow, scratch []vec }

func marginCols(set *isa) *routine {
	r := columnRoutine(set, "MarginCols", columnDoc(set,
		"finds how far the largest |x| of each column is above the second largest.",
		"v := abs(x[r*ld+c])", "second[c] = max(second[c], min(v, high[c])) // from 0",
		"high[c] = max(high[c], v) // from 0", "if r == rows-1 {", "	margin[c] = high[c] - second[c]", "}"),
		"margin *float32")
	r.load("margin", "DI")
	size := r.alloc(1)[0] // all bits but the sign
	r.splatConst(0x7fffffff, size)
	r.columns(2, []string{"DI"}, func(width int) {
		high, second, x, low := r.alloc(width), r.alloc(width), r.alloc(width), r.alloc(width)
		for i := range width {
			r.zero(high[i])
			r.zero(second[i])
		}
		r.eachRow(func() {
			for i := range width {
				r.and(r.at(xAt, i), size, x[i])
				r.smaller(x[i], high[i], low[i])
				r.larger(low[i], second[i], second[i])
				r.larger(x[i], high[i], high[i])
			}
		})
		for i := range width {
			r.sub(second[i], high[i], high[i])
			r.storeVec(high[i], r.at("DI", i))
		}
	})
	return r
}
