package tile

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/kernel"
)

// Classes meets queries with the keys that lie a multiple of stride before them. A class is all tokens that
// lie stride apart; neighbouring classes, which are neighbours in memory, share a vector, a lane each, so
// that none needs register tiles of its own. That suits many short classes; a few long ones fill the tiles
// of Walk.
//
// Rows count the tokens of a class.
type Classes struct {
	config    *Config
	n, stride int
	lanes     int
	parts     int // jobs of a group, which is as many classes as there are lanes
	groups    int
	workers   []classScratch
}

// classScratch is that of one worker. The leading dimensions of queries, keys and scores are odd numbers of
// vectors, so that the rows of a tile lie in different cache sets.
type classScratch struct {
	q, k          []float32 // [queries or rows][d][lanes]
	s             []float32 // [keys][queries][lanes]: scores, then weights
	copied        bool      // kernels cannot use values and outputs as they are
	values, o     []float32 // [rows or queries][lanes][lde]: copies, where copied
	wide          []float32 // [lanes][d]: float32 of other types
	top, sum      []float32 // [queries][lanes]
	alpha         []float32
	ldk, lds, lde int
}

const (
	classQueries = 12 // rows of queries in a tile of Classes
	classKeys    = 64 // rows of keys that are scored at a time
)

// NewClasses allocates what it needs for heads of n tokens, of which so many are at hand at a time.
func NewClasses(ws *variants.Workspace, c Config, heads, n, stride int) *Classes {
	lanes, rows, threads := c.Kernels.Lanes, ceilDiv(n, stride), c.Pool.Threads()
	a := &Classes{config: &c, n: n, stride: stride, lanes: lanes, groups: ceilDiv(min(stride, n), lanes)}
	a.parts = min(ceilDiv(2*threads, heads*a.groups), ceilDiv(rows, classQueries))
	a.workers = make([]classScratch, threads)
	for i := range a.workers {
		w := &a.workers[i]
		w.ldk, w.lds, w.lde = (c.D|1)*lanes, (classQueries|1)*lanes, c.Kernels.Pad(c.E)
		w.q = variants.Alloc[float32](ws, classQueries*w.ldk)
		w.k = variants.Alloc[float32](ws, roundUp(rows, 4)*w.ldk)
		w.s = variants.Alloc[float32](ws, min(roundUp(rows, 4), classKeys)*w.lds)
		if w.copied = c.Type != variants.F32 || w.lde != c.E; w.copied {
			w.values = variants.Alloc[float32](ws, rows*lanes*w.lde)
			w.o = variants.Alloc[float32](ws, classQueries*lanes*w.lde)
			w.wide = variants.Alloc[float32](ws, lanes*c.D)
		}
		for _, x := range []*[]float32{&w.top, &w.sum, &w.alpha} {
			*x = variants.Alloc[float32](ws, classQueries*lanes)
		}
	}
	return a
}

// Jobs is the number of jobs of a head.
func (a *Classes) Jobs() int { return a.groups * a.parts }

// Begun are the operands of a head whose softmax began in an earlier pass.
type Begun struct {
	Q, K, V, Out  variants.Floats // [n, d], [n, d], [n, e], [n, e]
	Bias          []float32       // as in Keys
	Acc, Top, Sum []float32       // as Walk.Suspend left them; Acc is Out where that is float32
	Stat          []float32       // [n]: takes what Walk.Statistics calls top; nil: nobody asks
}

// Past meets a job's queries with all keys of their class before their own, and ends their softmax.
func (a *Classes) Past(w *Walk, job int, h Begun) {
	c := &a.workers[w.worker]
	first := job / a.parts * a.lanes
	rows := ceilDiv(a.n-first, a.stride)
	start, end := a.part(job%a.parts, rows), a.part(job%a.parts+1, rows)
	for from, to := 0, firstTile(rows); from < end; from, to = to, to+classQueries {
		token := first + from*a.stride
		a.pack(c, c.k[from*c.ldk:], h.K, token, to-from, 1)
		a.copyValues(c, h.V, first, from, to)
		if from < start {
			continue
		}
		a.pack(c, c.q, h.Q, token, to-from, float32(a.config.Scale*log2e))
		t := classTile{Classes: a, classScratch: c, Begun: h, first: first, from: from, to: to}
		t.load()
		w.executed += t.meet()
		t.end()
	}
}

// part is the first row of a part of a group: late queries meet more keys, so parts end closer to each other.
func (a *Classes) part(i, rows int) int {
	lead := firstTile(rows)
	row := int(float64(rows) * math.Sqrt(float64(i)/float64(a.parts)))
	if row < lead {
		return 0
	}
	return lead + (row-lead)/classQueries*classQueries
}

// firstTile is the number of queries in the first tile: the one with the fewest keys is the one that may not
// be full.
func firstTile(rows int) int { return (rows-1)%classQueries + 1 }

// pack brings rows of a token's class and its neighbours' into lanes: the token's row and those behind it.
// Lanes that have no such class, or no such token, hold something else, which nobody looks at.
func (a *Classes) pack(c *classScratch, dst []float32, x variants.Floats, token, rows int, scale float32) {
	set, l, d := a.config.Kernels, a.lanes, a.config.D
	full := 0 // with a token for each lane, and in place
	if x.F32 != nil {
		full = min(rows, max(0, ceilDiv(a.n-l-token+1, a.stride)))
		set.PackBlocks(full, d, dst, l, c.ldk, x.F32[token*d:], d, a.stride*d, scale)
	}
	for r := full; r < rows; r++ {
		at := token + r*a.stride
		count := min(l, a.n-at)
		src := c.wide
		if x.F32 != nil {
			src = x.F32[at*d:]
		} else {
			set.Widen(count, d, src, d, x.BF16[at*d:], d)
		}
		set.Pack(count, d, dst[r*c.ldk:], l, src, d, scale)
	}
}

// copyValues copies the values of the rows [from, to) where kernels cannot read them as they are.
func (a *Classes) copyValues(c *classScratch, v variants.Floats, first, from, to int) {
	if !c.copied {
		return
	}
	e := a.config.E
	for r := from; r < to; r++ {
		at := first + r*a.stride
		count, dst := min(a.lanes, a.n-at), c.values[r*a.lanes*c.lde:]
		if v.BF16 != nil {
			a.config.Kernels.Widen(count, e, dst, c.lde, v.BF16[at*e:], e)
			continue
		}
		for i := range count {
			copy(dst[i*c.lde:], v.F32[(at+i)*e:][:e])
		}
	}
}

// classTile is the queries of the rows [from, to) of a group of classes whose first token is first.
type classTile struct {
	*Classes
	*classScratch
	Begun
	first, from, to int
}

func (t *classTile) rows() int { return t.to - t.from }

// keys is the number of rows of keys that any of them sees: query and key of a row are the same token.
func (t *classTile) keys() int { return t.to - 1 }

// meet meets the queries with the keys before them. It returns the number of floating-point operations.
func (t *classTile) meet() (flops int64) {
	set, cols := t.config.Kernels, t.rows()*t.lanes
	for k := 0; k < t.keys(); k += classKeys {
		count := min(classKeys, t.keys()-k)
		flops += t.score(k, count)
		t.addBias(k, count)
		for key := max(k, t.from); key < k+count; key++ {
			hide(t.s[(key-k)*t.lds:][:(key-t.from+1)*t.lanes])
		}
		copy(t.alpha, t.top)
		set.MaxCols(count, cols, t.s, t.lds, t.top)
		if set.Softmax(count, cols, t.s, t.lds, t.top, t.sum, t.alpha) {
			t.rescale()
		}
		flops += t.weigh(k, count)
	}
	return flops
}

// score multiplies the queries with count keys from row k on, or as many as any of some rows sees.
func (t *classTile) score(k, count int) (flops int64) {
	const together = 6 // rows of queries
	set, l, d := t.config.Kernels, t.lanes, t.config.D
	for r := 0; r < t.rows(); r += together {
		keys := roundUp(min(count, max(0, t.from+r+together-1-k)), 4)
		set.GemmLanes(together, keys, d, t.q[r*t.ldk:], t.ldk, l, t.k[k*t.ldk:], t.ldk, l, t.s[r*l:], l, t.lds)
		flops += 2 * int64(together*l) * int64(keys) * int64(d)
	}
	return flops
}

// addBias adds the biases of count keys from row k on to their scores.
func (t *classTile) addBias(k, count int) {
	if t.Bias == nil {
		return
	}
	for i := range count {
		token := t.first + (k+i)*t.stride
		for l, b := range t.Bias[token:min(token+t.lanes, t.n)] {
			for r := range t.rows() {
				t.s[i*t.lds+r*t.lanes+l] += b * log2e
			}
		}
	}
}

// classesAt is the number of lanes that have a token of their own in a row.
func (t *classTile) classesAt(r int) int {
	return max(0, min(t.lanes, t.stride-t.first, t.n-t.first-r*t.stride))
}

// lanesAt is a matrix of the tile from its first row and class on.
type lanesAt struct {
	x         []float32
	lane, row int // elements from class to class and from row to row
}

// outputs are the unnormalised outputs of the tile.
func (t *classTile) outputs() lanesAt {
	if t.copied {
		return lanesAt{t.o, t.lde, t.lanes * t.lde}
	}
	return lanesAt{t.Acc[(t.first+t.from*t.stride)*t.lde:], t.lde, t.stride * t.lde}
}

// valuesFrom are those of the rows from k on.
func (t *classTile) valuesFrom(k int) lanesAt {
	if t.copied {
		return lanesAt{t.values[k*t.lanes*t.lde:], t.lde, t.lanes * t.lde}
	}
	return lanesAt{t.V.F32[(t.first+k*t.stride)*t.lde:], t.lde, t.stride * t.lde}
}

// weigh adds the weights of count keys from row k on times their values to the outputs. In the last row of a
// head the last classes have no token.
func (t *classTile) weigh(k, count int) (flops int64) {
	o, v, first := t.outputs(), t.valuesFrom(k), 0
	for _, rows := range []int{t.rows(), t.rows() - 1} {
		end := t.classesAt(t.from + rows - 1)
		if rows > 0 && end > first {
			t.config.Kernels.GemmTLanes(end-first, rows, t.lde, count, t.s[first:], t.lds,
				v.x[first*v.lane:], v.lane, v.row, o.x[first*o.lane:], o.lane, o.row, true)
			flops += 2 * int64(end-first) * int64(rows) * int64(t.lde) * int64(count)
		}
		first = max(first, end)
	}
	return flops
}

// rescale multiplies the outputs by alpha.
func (t *classTile) rescale() {
	o := t.outputs()
	for r := t.from; r < t.to; r++ {
		row := o.x[(r-t.from)*o.row:]
		t.config.Kernels.ScaleRows(t.classesAt(r), t.lde, row, o.lane, row, o.lane, t.alpha[(r-t.from)*t.lanes:])
	}
}

// load takes up what the earlier pass left.
func (t *classTile) load() {
	for i := range t.top {
		t.top[i], t.sum[i] = kernel.Lowest, 0
	}
	e := t.config.E
	for r := t.from; r < t.to; r++ {
		token, count, at := t.first+r*t.stride, t.classesAt(r), (r-t.from)*t.lanes
		copy(t.top[at:], t.Top[token:][:count])
		copy(t.sum[at:], t.Sum[token:][:count])
		if t.copied {
			for i := range count {
				copy(t.o[(at+i)*t.lde:], t.Acc[(token+i)*e:][:e])
			}
		}
	}
}

// end divides the outputs by the sums of weights, 0 for a query that saw no key, and brings them to their
// tokens.
func (t *classTile) end() {
	for i, sum := range t.sum {
		if t.alpha[i] = 0; sum != 0 {
			t.alpha[i] = 1 / sum
		}
	}
	t.rescale()
	e, set := t.config.E, t.config.Kernels
	for r := t.from; r < t.to; r++ {
		token, count, at := t.first+r*t.stride, t.classesAt(r), (r-t.from)*t.lanes
		if t.Stat != nil {
			for i := range count {
				t.Stat[token+i] = statistic(t.top[at+i], t.sum[at+i])
			}
		}
		switch {
		case t.Out.BF16 != nil:
			set.Narrow(count, e, t.Out.BF16[token*e:], e, t.o[at*t.lde:], t.lde)
		case t.copied:
			for i := range count {
				copy(t.Out.F32[(token+i)*e:][:e], t.o[(at+i)*t.lde:])
			}
		}
	}
}

func roundUp(a, b int) int { return ceilDiv(a, b) * b }
