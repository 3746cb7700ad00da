package tile

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// gradients of a random schedule.
type gradients struct{ q, k, v []float64 }

// gradient is the derivative of row, for the rows of a schedule: keys are those that Scale has multiplied.
func (p *problem) gradient(rows Rows, dout []float32) gradients {
	g := gradients{make([]float64, len(p.q)), make([]float64, len(p.k)), make([]float64, len(p.v))}
	for i := range rows.Count {
		r := rows.At(i)
		out, up := p.row(r), dout[r*p.e:(r+1)*p.e]
		top, sum := math.Inf(-1), 0.0
		for range 2 { // the maximum, then the sum
			sum = 0
			p.eachPair(r, func(logit, _ float64, _ int) {
				top = math.Max(top, logit)
				sum += math.Exp(logit - top)
			})
		}
		if math.IsInf(top, -1) {
			continue
		}
		p.eachPair(r, func(logit, scale float64, key int) {
			weight, slope := math.Exp(logit-top)/sum, 0.0
			for c := range p.e {
				g.v[key*p.e+c] += weight * float64(up[c])
				slope += weight * float64(up[c]) * (float64(p.v[key*p.e+c]) - out[c])
			}
			for c := range p.d {
				g.q[r*p.d+c] += 0.3 * slope * scale * float64(p.k[key*p.d+c])
				g.k[key*p.d+c] += 0.3 * slope * float64(p.q[r*p.d+c])
			}
		})
	}
	return g
}

// eachPair visits the keys of one query, those of all visits.
func (p *problem) eachPair(query int, visit func(logit, scale float64, key int)) {
	for _, v := range p.visits {
		for i := range v.keys.Count {
			key, scale := v.keys.At(i), 1.0
			if v.keys.Scale != nil {
				scale = float64(v.keys.Scale[key])
			}
			visit(p.logit(v, query, key), scale, key)
		}
	}
}

// TestBackwardSchedules runs random schedules backwards, in one query tile or two with sums of their own,
// against the derivative of the definition.
func TestBackwardSchedules(t *testing.T) {
	for _, set := range kernel.Available() {
		t.Run(set.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				p := drawProblem(t)
				rows := drawRows(t, "queries", p.n, 33)
				dout := make([]float32, p.n*p.e)
				variants.Normal(variants.Stream(9, "dout", 0), dout, 1)
				pool := work.NewPool(1)
				defer pool.Close()
				c := Config{
					Kernels: set, Pool: pool, D: p.d, E: p.e, Scale: 0.3,
					Queries: rows.Count, Keys: rapid.IntRange(1, 80).Draw(t, "tile keys"),
				}
				tiles := rapid.IntRange(1, min(2, rows.Count)).Draw(t, "tiles")
				got := runBackward(p, c, rows, dout, rapid.Bool().Draw(t, "sums apart"), tiles)
				want := p.gradient(rows, dout)
				compareGradient(t, "dk", got.k, want.k)
				compareGradient(t, "dv", got.v, want.v)
				for i := range rows.Count {
					r := rows.At(i)
					compareGradient(t, "dq", got.q[r*p.d:(r+1)*p.d], want.q[r*p.d:(r+1)*p.d])
				}
			})
		})
	}
}

// runBackward runs a schedule and then its gradients.
func runBackward(p *problem, c Config, rows Rows, dout []float32, apart bool, tiles int) gradients {
	ws := &variants.Workspace{}
	out, top := make([]float32, p.n*p.e), make([]float32, p.n)
	var sum []float32
	if apart {
		sum = make([]float32, p.n)
	}
	visitAll := func(w *Walk) {
		for _, v := range p.visits {
			w.Visit(variants.F32s(p.k), variants.F32s(p.v), v.keys)
		}
	}
	New(ws, c).Run(1, func(w *Walk, _ int) {
		w.Begin(variants.F32s(p.q), rows)
		visitAll(w)
		w.End(variants.F32s(out))
		w.Statistics(top, sum)
	})
	nan := float32(math.NaN())
	fill := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = nan
		}
		return x
	}
	dq, dk, dv := fill(len(p.q)), fill(len(p.k)), fill(len(p.v))
	sums := NewSums(ws, c, 1, p.s, tiles)
	sums.Begin(dk, dv)
	NewGradient(ws, c, nil).Run(sums, tiles, func(w *Walk, _, tile int) {
		u := Upstream{Q: p.q, Out: out, DOut: dout, Top: top, Sum: sum, DQ: dq}
		w.BeginBackward(u, rows.slice(tile*rows.Count/tiles, (tile+1)*rows.Count/tiles))
		visitAll(w)
		w.EndBackward()
	})
	sums.End()
	return gradients{variants.Float64(dq), variants.Float64(dk), variants.Float64(dv)}
}

func compareGradient(t *rapid.T, name string, got, want []float64) {
	top := 1.0
	for _, x := range want {
		top = math.Max(top, math.Abs(x))
	}
	for i, x := range want {
		if d := math.Abs(got[i] - x); !(d <= 3e-5*top) {
			t.Fatalf("%s[%d] is %v, want %v", name, i, got[i], x)
		}
	}
}

// TestBackwardPairs: the gradient of a logit that was replaced goes nowhere, in a visit of several tiles.
func TestBackwardPairs(t *testing.T) {
	const n, s, d = 4, 7, 3
	x := make([]float32, (2*n+2*s)*d)
	variants.Normal(variants.Stream(1, "x", 0), x, 1)
	q, dout, k, v := x[:n*d], x[n*d:2*n*d], x[2*n*d:(2*n+s)*d], x[(2*n+s)*d:]
	pairs := []Pair{
		{Key: 1, Query: 2, Add: 0.5, Replace: true}, {Key: 3, Query: 0, Add: negInf}, {Key: 4, Query: 1, Add: 2},
		{Key: 5, Query: 3, Add: -1, Replace: true}, {Key: 6, Query: 0, Add: 1, Replace: true},
	}
	all := visit{Keys{Rows: Range(0, s), Pairs: pairs}}
	p := &problem{n: n, s: s, d: d, e: d, q: q, k: k, v: v, visits: []visit{all}}
	pool := work.NewPool(1)
	defer pool.Close()
	c := Config{Kernels: kernel.Best(), Pool: pool, D: d, E: d, Scale: 0.3, Queries: n, Keys: 3}
	got, want := runBackward(p, c, Range(0, n), dout, false, 1), make([]float64, n*d)
	for i := range n {
		logits, top, sum := make([]float64, s), math.Inf(-1), 0.0
		for j := range logits {
			logits[j] = p.logit(visit{Keys{}}, i, j)
			for _, pair := range pairs {
				if int(pair.Key) == j && int(pair.Query) == i && pair.Replace {
					logits[j] = 0
				}
				if int(pair.Key) == j && int(pair.Query) == i {
					logits[j] += float64(pair.Add)
				}
			}
			top = math.Max(top, logits[j])
		}
		for _, logit := range logits {
			sum += math.Exp(logit - top)
		}
		products, mean := make([]float64, s), 0.0
		for j := range products {
			for c := range d {
				products[j] += float64(dout[i*d+c]) * float64(v[j*d+c])
			}
			mean += math.Exp(logits[j]-top) / sum * products[j]
		}
		for j := range products {
			replaced := slices.ContainsFunc(pairs, func(p Pair) bool {
				return p.Replace && int(p.Key) == j && int(p.Query) == i
			})
			for c := range d {
				if !replaced {
					want[i*d+c] += 0.3 * math.Exp(logits[j]-top) / sum * (products[j] - mean) * float64(k[j*d+c])
				}
			}
		}
	}
	for i := range want {
		if d := math.Abs(got.q[i] - want[i]); !(d <= 1e-5) {
			t.Errorf("dq[%d] is %v, want %v", i, got.q[i], want[i])
		}
	}
}
