package nystrom

import "attnbench/variants"

// stepRows is the number of rows that are copied at a time where kernels cannot read them in place.
const stepRows = 64

// means computes the landmarks, the means of segments of queries and keys.
type means struct {
	p    *variants.Problem
	l    int
	q, k []float32 // [slices, L, d]: the landmarks

	forQueries []float32 // [n/L]: the weight of each row of a segment
	forKeys    []float32 // [batch, s], 0 where a key is masked; [1, s] without a mask

	copies, sums [][]float32 // by worker: [stepRows, padded d], [padded d]
	sources      [2]variants.Floats
	step         func(worker, job int)
}

func newMeans(p *variants.Problem, ws *variants.Workspace) *means {
	s, l := p.Shape, p.Int("landmarks")
	m := &means{p: p, l: l}
	m.q, m.k = keeper(p)(ws, s.Slices()*l*s.D), keeper(p)(ws, s.Slices()*l*s.D)
	m.forQueries = variants.Alloc[float32](ws, s.N/l)
	m.forKeys = variants.Alloc[float32](ws, max(s.S, len(p.Valid)))
	padded := p.Kernels.Pad(s.D)
	for range p.Pool.Threads() {
		m.copies = append(m.copies, variants.Alloc[float32](ws, stepRows*padded))
		m.sums = append(m.sums, variants.Alloc[float32](ws, padded))
	}
	m.step = m.mean
	return m
}

// prepare fills the weights.
func (m *means) prepare() {
	for i := range m.forQueries {
		m.forQueries[i] = 1 / float32(len(m.forQueries))
	}
	valid := func(key int) bool { return m.p.Valid == nil || m.p.Valid[key] }
	size := m.p.Shape.S / m.l
	for first := 0; first < len(m.forKeys); first += size {
		count := 0
		for j := first; j < first+size; j++ {
			if valid(j) {
				count++
			}
		}
		for j := first; j < first+size; j++ {
			if m.forKeys[j] = 0; valid(j) {
				m.forKeys[j] = 1 / float32(count)
			}
		}
	}
}

// run computes the landmarks of q [batch, heads, n, d] and k [batch, heads, s, d].
func (m *means) run(q, k variants.Floats) {
	m.sources = [2]variants.Floats{q, k}
	m.p.Pool.Run(2*m.p.Shape.Slices(), m.step)
	m.sources = [2]variants.Floats{}
}

// mean computes the landmarks of the queries or of the keys of one head.
func (m *means) mean(worker, job int) {
	s, head := m.p.Shape, job/2
	into, size := m.q, s.N/m.l
	if job%2 == 1 {
		into, size = m.k, s.S/m.l
	}
	for segment := range m.l {
		row := into[(head*m.l+segment)*s.D:][:s.D]
		first := (head*m.l + segment) * size * s.D
		m.sum(worker, row, m.sources[job%2].Slice(first, first+size*s.D), m.weights(job, segment))
	}
}

// weights are those of the rows of a segment.
func (m *means) weights(job, segment int) []float32 {
	if job%2 == 0 {
		return m.forQueries
	}
	size, first := m.p.Shape.S/m.l, 0
	if m.p.Valid != nil {
		first = job / 2 / m.p.Shape.Heads * m.p.Shape.S
	}
	return m.forKeys[first+segment*size:][:size]
}

// sum stores the weighted sum of rows.
func (m *means) sum(worker int, into []float32, rows variants.Floats, weights []float32) {
	set, d := m.p.Kernels, m.p.Shape.D
	padded := set.Pad(d)
	if rows.F32 != nil && d == padded {
		clear(into)
		set.DotCols(len(weights), d, rows.F32, d, weights, into)
		return
	}
	sums, copies := m.sums[worker], m.copies[worker]
	clear(sums)
	for i := 0; i < len(weights); i += stepRows {
		count := min(stepRows, len(weights)-i)
		copyRows(m.p, copies, padded, rows.Slice(i*d, (i+count)*d), d)
		set.DotCols(count, padded, copies, padded, weights[i:], sums)
	}
	copy(into, sums)
}

// copyRows copies rows of so many columns side by side to rows of ld float32 numbers.
func copyRows(p *variants.Problem, dst []float32, ld int, rows variants.Floats, columns int) {
	if rows.BF16 != nil {
		p.Kernels.Widen(len(rows.BF16)/columns, columns, dst, ld, rows.BF16, columns)
		return
	}
	for i := range len(rows.F32) / columns {
		copy(dst[i*ld:], rows.F32[i*columns:(i+1)*columns])
	}
}
