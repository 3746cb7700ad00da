package tile

import (
	"math"
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
