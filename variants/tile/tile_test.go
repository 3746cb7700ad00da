package tile

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// visit is one visit of a query tile in a random schedule.
type visit struct{ keys Keys }

// problem is a random schedule over one head, and its operands.
type problem struct {
	n, s, d, e int
	visits     []visit
	q, k, v    []float32
}

func drawRows(t *rapid.T, name string, n, most int) Rows {
	if rapid.Bool().Draw(t, name+" listed") {
		count := rapid.IntRange(1, min(n, most)).Draw(t, name+" count")
		index := rapid.SliceOfNDistinct(rapid.Int32Range(0, int32(n-1)), count, count, rapid.ID).Draw(t,
			name+" index")
		return List(index)
	}
	stride := rapid.IntRange(1, 3).Draw(t, name+" stride")
	start := rapid.IntRange(0, n-1).Draw(t, name+" start")
	fit := (n - start + stride - 1) / stride
	return Rows{Start: start, Stride: stride, Count: rapid.IntRange(1, min(fit, most)).Draw(t, name+" count")}
}

func drawVisit(t *rapid.T, i int, p *problem) visit {
	name := fmt.Sprint("visit ", i)
	k := Keys{Rows: drawRows(t, name, p.s, p.s)}
	if rapid.Bool().Draw(t, name+" band") {
		k.Band = true
		k.Lo = rapid.SampledFrom([]int{-Unlimited, -9, 0, 3}).Draw(t, name+" lo")
		k.Hi = rapid.SampledFrom([]int{Unlimited, 11, 3}).Draw(t, name+" hi")
	}
	if rapid.Bool().Draw(t, name+" bias") {
		k.Bias = make([]float32, p.s)
		for j := range k.Bias {
			k.Bias[j] = rapid.SampledFrom([]float32{0, 0, 1.5, negInf}).Draw(t, "bias")
		}
	}
	if rapid.Bool().Draw(t, name+" add") {
		k.Add = float32(math.Log(3))
	}
	if k.Index != nil && rapid.Bool().Draw(t, name+" scale") {
		k.Scale = make([]float32, p.s)
		variants.Normal(variants.Stream(uint64(i), "scale", 0), k.Scale, 1)
	}
	return visit{k}
}

func drawProblem(t *rapid.T) *problem {
	p := &problem{n: rapid.IntRange(1, 70).Draw(t, "n"), s: rapid.IntRange(1, 70).Draw(t, "s")}
	p.d, p.e = rapid.IntRange(1, 20).Draw(t, "d"), rapid.IntRange(1, 20).Draw(t, "e")
	for i := range rapid.IntRange(1, 4).Draw(t, "visits") {
		p.visits = append(p.visits, drawVisit(t, i, p))
	}
	draw := func(name string, n int) []float32 {
		x := make([]float32, n)
		variants.Normal(variants.Stream(uint64(n), name, 0), x, 1)
		return x
	}
	p.q, p.k, p.v = draw("q", p.n*p.d), draw("k", p.s*p.d), draw("v", p.s*p.e)
	return p
}

// logit is the definition of what a visit adds to a pair; -Inf where it hides it.
func (p *problem) logit(v visit, query, key int) float64 {
	k := v.keys
	if k.Band && (key-query < k.Lo || key-query > k.Hi) {
		return math.Inf(-1)
	}
	var dot float64
	for c := range p.d {
		dot += float64(p.q[query*p.d+c]) * float64(p.k[key*p.d+c])
	}
	dot *= 0.3
	if k.Scale != nil {
		dot *= float64(k.Scale[key])
	}
	if k.Bias != nil {
		dot += float64(k.Bias[key])
	}
	return dot + float64(k.Add)
}

// row is the softmax over all visits' keys, a key counted once for each visit that shows it.
func (p *problem) row(query int) []float64 {
	var logits []float64
	var values []int
	for _, v := range p.visits {
		for i := range v.keys.Count {
			logits = append(logits, p.logit(v, query, v.keys.At(i)))
			values = append(values, v.keys.At(i))
		}
	}
	out, sum, top := make([]float64, p.e), 0.0, slices.Max(logits)
	if math.IsInf(top, -1) {
		return out
	}
	for i, x := range logits {
		w := math.Exp(x - top)
		sum += w
		for c := range out {
			out[c] += w * float64(p.v[values[i]*p.e+c])
		}
	}
	for c := range out {
		out[c] /= sum
	}
	return out
}

// TestSchedules runs random schedules, in one pass or suspended after each visit, against the definition.
func TestSchedules(t *testing.T) {
	for _, set := range kernel.Available() {
		t.Run(set.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				p := drawProblem(t)
				rows := drawRows(t, "queries", p.n, 33)
				pool := work.NewPool(1)
				defer pool.Close()
				e := New(&variants.Workspace{}, Config{
					Kernels: set, Pool: pool, D: p.d, E: p.e, Scale: 0.3,
					Queries: rows.Count, Keys: rapid.IntRange(1, 80).Draw(t, "tile keys"),
				})
				got := runSchedule(p, e, rows, rapid.Bool().Draw(t, "suspend"))
				compareRows(t, p, rows, got)
			})
		})
	}
}

func runSchedule(p *problem, e *Engine, rows Rows, suspend bool) []float32 {
	out := make([]float32, p.n*p.e)
	acc, top, sum := make([]float32, p.n*p.e), make([]float32, p.n), make([]float32, p.n)
	e.Run(1, func(w *Walk, _ int) {
		w.Begin(variants.F32s(p.q), rows)
		for _, v := range p.visits {
			w.Visit(variants.F32s(p.k), variants.F32s(p.v), v.keys)
			if suspend {
				w.Suspend(acc, top, sum)
				w.Resume(variants.F32s(p.q), rows, acc, top, sum)
			}
		}
		w.End(variants.F32s(out))
	})
	return out
}

func compareRows(t *rapid.T, p *problem, rows Rows, got []float32) {
	for i := range rows.Count {
		r := rows.At(i)
		for c, want := range p.row(r) {
			if d := math.Abs(float64(got[r*p.e+c]) - want); !(d <= 2e-5) {
				t.Fatalf("row %d column %d is %v, want %v", r, c, got[r*p.e+c], want)
			}
		}
	}
}

// TestPairs weights, replaces and masks single pairs, and limits keys to ranges of queries, in a visit that
// is split into tiles.
func TestPairs(t *testing.T) {
	const n, d = 19, 4
	x := make([]float32, n*d)
	variants.Normal(variants.Stream(1, "x", 0), x, 1)
	pairs := []Pair{
		{Key: 0, Query: 3, Add: negInf}, {Key: 4, Query: 2, Add: 2}, {Key: 5, Query: 8, Add: negInf},
		{Key: 8, Query: 8, Add: -1}, {Key: 18, Query: 18, Add: -2, Replace: true},
	}
	spans := make([]Span, n)
	for j := range spans {
		spans[j] = Span{From: int32(j / 2), To: int32(n - j%3)}
	}
	spans[6], spans[7] = Span{}, Span{From: 12, To: 12} // a whole tile that nobody sees
	pool := work.NewPool(1)
	defer pool.Close()
	e := New(&variants.Workspace{}, Config{Kernels: kernel.Best(), Pool: pool, D: d, E: d, Scale: 1, Queries: n,
		Keys: 2})
	got := make([]float32, n*d)
	e.Run(1, func(w *Walk, _ int) {
		w.Begin(variants.F32s(x), Range(0, n))
		w.Visit(variants.F32s(x), variants.F32s(x), Keys{Rows: Range(0, n), Pairs: pairs, Spans: spans})
		w.End(variants.F32s(got))
	})
	for i := range n {
		want, sum := make([]float64, d), 0.0
		for j := range n {
			if i < int(spans[j].From) || i >= int(spans[j].To) {
				continue
			}
			var logit float64
			for c := range d {
				logit += float64(x[i*d+c]) * float64(x[j*d+c])
			}
			for _, p := range pairs {
				if int(p.Key) != j || int(p.Query) != i {
					continue
				}
				if p.Replace {
					logit = float64(p.Add)
				} else {
					logit += float64(p.Add)
				}
			}
			for c := range want {
				want[c] += math.Exp(logit) * float64(x[j*d+c])
			}
			sum += math.Exp(logit)
		}
		for c := range want {
			if math.Abs(float64(got[i*d+c])-want[c]/sum) > 1e-5 {
				t.Fatalf("row %d: %v, want %v", i, got[i*d:(i+1)*d], want)
			}
		}
	}
}

// TestBandSkipsTiles counts the work of a narrow band: tiles outside of it cost nothing.
func TestBandSkipsTiles(t *testing.T) {
	const n, d = 512, 8
	x := make([]float32, n*d)
	pool := work.NewPool(1)
	defer pool.Close()
	e := New(&variants.Workspace{}, Config{Kernels: kernel.Best(), Pool: pool, D: d, E: d, Scale: 1, Queries: 64,
		Keys: 32})
	out := make([]float32, n*d)
	e.Run(e.Tiles(n), func(w *Walk, job int) {
		w.Begin(variants.F32s(x), e.Rows(job, n))
		w.Visit(variants.F32s(x), variants.F32s(x), Keys{Rows: Range(0, n), Band: true, Lo: -32, Hi: 0})
		w.End(variants.F32s(out))
	})
	if got, most := e.Executed(), int64(4*d*n*(32+64+32)*2); got > most {
		t.Errorf("a band of 33 keys executes %d operations, at most %d expected", got, most)
	}
}

// TestBandWork: a band costs little more than its pairs, whatever the tiles.
func TestBandWork(t *testing.T) {
	const n, d, half = 1000, 16, 64
	for _, queries := range []int{32, 96, 300} {
		pool := work.NewPool(1)
		e := New(&variants.Workspace{}, Config{
			Kernels: kernel.Generic(), Pool: pool, D: d, E: d, Scale: 1, Queries: queries, Keys: 96,
		})
		x := make([]float32, n*d)
		e.Run(e.Tiles(n), func(w *Walk, job int) {
			w.Begin(variants.F32s(x), e.Rows(job, n))
			w.Visit(variants.F32s(x), variants.F32s(x), Keys{Rows: Range(0, n), Band: true, Lo: -half, Hi: half})
			w.End(variants.F32s(make([]float32, n*d)))
		})
		useful := 4 * d * (n*(2*half+1) - half*(half+1))
		if excess := float64(e.Executed()) / float64(useful); excess < 1 || excess > 1.2 {
			t.Errorf("tiles of %d queries: %.2f times the useful work", queries, excess)
		}
		pool.Close()
	}
}
