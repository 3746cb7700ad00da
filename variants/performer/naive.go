package performer

import (
	"math"

	"attnbench/variants"
)

// token holds the features of one token before a stabiliser is chosen: feature r is
// value[r]·exp(exponent[r] - c) + ε.
type token struct {
	value, exponent []float64
	top             float64 // what c is the largest of
	at              int     // the first feature that has it
}

// definition holds the parameters of naive.
type definition struct {
	kernel string
	eps    float64
	omega  []float64 // [m, d]
	d      int
}

func newDefinition(p *variants.Problem, h variants.Head) definition {
	f := definition{kernel: p.Text("kernel"), eps: p.Float("eps"), d: p.Shape.D}
	f.omega = variants.Float64(p.PerHead("omega", h.Head, 3))
	if f.kernel == "trig" {
		f.eps = 0
	}
	return f
}

// features is spec §3.1 with u = ω·x/d^¼ and h = ‖x‖²/(2√d). c is the largest u, or the largest h of cos
// and sin. With ε = 0 any c gives the same function, and the largest u - h loses least.
func (f definition) features(x []float64) token {
	h := 0.0
	scaled := make([]float64, f.d)
	for c := range scaled {
		scaled[c] = x[c] / math.Pow(float64(f.d), 0.25)
		h += scaled[c] * scaled[c] / 2
	}
	t := token{top: math.Inf(-1)}
	add := func(value, exponent, top float64) {
		if top > t.top {
			t.top, t.at = top, len(t.value)
		}
		t.value, t.exponent = append(t.value, value), append(t.exponent, exponent)
	}
	for r := 0; r < len(f.omega); r += f.d {
		u := 0.0
		for c, a := range scaled {
			u += f.omega[r+c] * a
		}
		switch f.kernel {
		case "trig":
			add(math.Cos(u), h, h)
			add(math.Sin(u), h, h)
		case "relu":
			add(max(u, 0), 0, 0)
		case "hyperbolic":
			add(1, -u-h, f.top(-u, h))
			fallthrough
		default:
			add(1, u-h, f.top(u, h))
		}
	}
	return t
}

// top is what a feature exp(u - h - c) + ε offers for c.
func (f definition) top(u, h float64) float64 {
	if f.eps == 0 {
		return u - h
	}
	return u
}

// sums is what the keys so far amount to, relative to the stabiliser c. What ε adds is kept apart: it
// does not depend on c.
type sums struct {
	c     float64
	part  [][]float64 // by feature: Σ value·exp(exponent - c)·[v, 1]
	plain []float64   // Σ [v, 1]
}

func (s *sums) add(t token, v []float64) {
	if t.top > s.c {
		for _, row := range s.part {
			for c := range row {
				row[c] *= math.Exp(s.c - t.top)
			}
		}
		s.c = t.top
	}
	v1 := append(append([]float64(nil), v...), 1)
	for c, x := range v1 {
		s.plain[c] += x
	}
	for r, part := range s.part {
		weight := t.value[r] * math.Exp(t.exponent[r]-s.c)
		for c, x := range v1 {
			part[c] += weight * x
		}
	}
}

// values are the features of t under the stabiliser c.
func (f definition) values(t token, c float64) []float64 {
	out := make([]float64, len(t.value))
	for r, x := range t.value {
		out[r] = x*math.Exp(t.exponent[r]-c) + f.eps
	}
	return out
}

// total is the product of a query's features with the sums: its numerators and its denominator.
func (s *sums) total(features []float64, eps float64) []float64 {
	total := make([]float64, len(s.plain))
	for r, part := range s.part {
		for c := range total {
			total[c] += features[r] * (part[c] + eps*s.plain[c])
		}
	}
	return total
}

// row is one row of the output. The stabiliser of a query is its own largest.
func (f definition) row(s *sums, t token) []float64 {
	total := s.total(f.values(t, t.top), f.eps)
	e := len(total) - 1
	out := make([]float64, e)
	for c := range out {
		if total[e] != 0 {
			out[c] = total[c] / total[e]
		}
	}
	return out
}

func newSums(features, e int) *sums {
	s := &sums{c: math.Inf(-1), part: make([][]float64, features), plain: make([]float64, e+1)}
	for r := range s.part {
		s.part[r] = make([]float64, e+1)
	}
	return s
}

// naive is spec §3.1 in its recurrent form: sums over the keys, all of them or those at and before the row.
func naive(p *variants.Problem, h variants.Head) []float64 {
	shape := p.Shape
	f := newDefinition(p, h)
	valid := p.ValidKeys(h.Batch)
	key := func(j int) token { return f.features(h.K[j*shape.D:][:shape.D]) }
	s := newSums(columns(p), shape.E)
	for j := range shape.S {
		if p.Text("stabilizer") == "global" && shape.Causal && (valid == nil || valid[j]) {
			s.c = max(s.c, key(j).top)
		}
	}
	var out []float64
	next := 0
	for _, i := range h.Rows {
		end := shape.S
		if shape.Causal {
			end = i + 1
		}
		for ; next < end; next++ {
			if valid == nil || valid[next] {
				s.add(key(next), h.V[next*shape.E:][:shape.E])
			}
		}
		out = append(out, f.row(s, f.features(h.Q[i*shape.D:][:shape.D]))...)
	}
	return out
}
