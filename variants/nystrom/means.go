package nystrom

import "attnbench/variants"

// stepRows is the number of rows that are weighed at a time, and copied where kernels cannot read them in
// place.
const stepRows = 64

// means computes the landmarks, the means of segments of queries and keys. Its buffers do not grow with the
// number of tokens.
type means struct {
	p    *variants.Problem
	l    int
	q, k []float32 // [slices, L, d]: the landmarks

	forKeys []float32 // [batch, L]: the weight of a segment's keys that are not masked; [1, L] without a mask

	copies, sums, weights [][]float32 // by worker: [stepRows, padded d], [padded d], [stepRows]
	sources               [2]variants.Floats
	first                 int // of the heads at hand
	step                  func(worker, job int)
}

func newMeans(p *variants.Problem, ws *variants.Workspace) *means {
	s, l := p.Shape, p.Int("landmarks")
	m := &means{p: p, l: l}
	m.q, m.k = keeper(p)(ws, s.Slices()*l*s.D), keeper(p)(ws, s.Slices()*l*s.D)
	m.forKeys = variants.Alloc[float32](ws, max(s.S, len(p.Valid))/(s.S/l))
	padded := p.Kernels.Pad(s.D)
	for range p.Pool.Threads() {
		m.copies = append(m.copies, variants.Alloc[float32](ws, stepRows*padded))
		m.sums = append(m.sums, variants.Alloc[float32](ws, padded))
		m.weights = append(m.weights, variants.Alloc[float32](ws, stepRows))
	}
	m.step = m.mean
	return m
}

// prepare fills the weights.
func (m *means) prepare() {
	size := m.p.Shape.S / m.l
	for segment := range m.forKeys {
		count := size
		if m.p.Valid != nil {
			count = 0
			for _, valid := range m.p.Valid[segment*size:][:size] {
				if valid {
					count++
				}
			}
		}
		if m.forKeys[segment] = 0; count > 0 {
			m.forKeys[segment] = 1 / float32(count)
		}
	}
}

// run computes the landmarks of so many heads of q [batch, heads, n, d] and k [batch, heads, s, d].
func (m *means) run(q, k variants.Floats, first, count int) {
	m.sources, m.first = [2]variants.Floats{q, k}, first
	m.p.Pool.Run(2*count, m.step)
	m.sources = [2]variants.Floats{}
}

// mean computes the landmarks of the queries or of the keys of one head.
func (m *means) mean(worker, job int) {
	job += 2 * m.first
	s, head := m.p.Shape, job/2
	into, size := m.q, s.N/m.l
	if job%2 == 1 {
		into, size = m.k, s.S/m.l
	}
	for segment := range m.l {
		row := into[(head*m.l+segment)*s.D:][:s.D]
		first := (head*m.l + segment) * size * s.D
		m.sum(worker, job, segment, row, m.sources[job%2].Slice(first, first+size*s.D))
	}
}

// weight is that of a row of a segment.
func (m *means) weight(job, segment, row int) float32 {
	if job%2 == 0 {
		return 1 / float32(m.p.Shape.N/m.l)
	}
	if m.p.Valid == nil {
		return m.forKeys[segment]
	}
	at := job/2/m.p.Shape.Heads*m.l + segment
	if !m.p.Valid[at*(m.p.Shape.S/m.l)+row] {
		return 0
	}
	return m.forKeys[at]
}

// sum stores the weighted sum of the rows of a segment.
func (m *means) sum(worker, job, segment int, into []float32, rows variants.Floats) {
	set, d := m.p.Kernels, m.p.Shape.D
	padded, size := set.Pad(d), rows.Len()/d
	inPlace := rows.F32 != nil && d == padded
	sums, copies := m.sums[worker], m.copies[worker]
	if inPlace {
		sums = into
	}
	clear(sums)
	alike := m.p.Valid == nil || job%2 == 0 // all rows have the same weight
	if alike {
		weight := m.weight(job, segment, 0)
		for i := range m.weights[worker] {
			m.weights[worker][i] = weight
		}
	}
	for first := 0; first < size; first += stepRows {
		count := min(stepRows, size-first)
		weights := m.weights[worker][:count]
		if !alike {
			for i := range weights {
				weights[i] = m.weight(job, segment, first+i)
			}
		}
		part := rows.Slice(first*d, (first+count)*d)
		if inPlace {
			set.DotCols(count, d, part.F32, d, weights, sums)
			continue
		}
		copyRows(m.p, copies, padded, part, d)
		set.DotCols(count, padded, copies, padded, weights, sums)
	}
	if !inPlace {
		copy(into, sums)
	}
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
