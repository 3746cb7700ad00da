package recurrent

import "attnbench/variants"

// puller is a worker that also computes gradients.
type puller struct {
	*worker
	runs
	b     *Gradients
	slope []float32 // [d, lde]: by the state behind the run; from scaleSlope to retreat, times the carry

	upstream []float32 // [chunk, lde]: g̃
	pulled   []float32 // [chunk, lde]: dŨ; with the delta rule X
	undone   []float32 // [chunk, lde]: -Y of the delta rule
	turned   []float32 // [cols, ldt]: Ũᵀ
	pairs    []float32 // [chunk, ldt]: P, then M
	across   []float32 // [cols, ldk]: Sᵀ or Gᵀ
	dq, dk   []float32 // [chunk, ldk]
	sums     []float64 // [d]: of the gradient of decays by row
	sum      []float32 // [1]
	behind   float64   // the sum of G ∘ S behind the run, where decay is by token
	share    float64   // of the gradient of log γ

	before, backward int64 // operations of Forward, of Backward
}

func newPuller(w *worker, b *Gradients, ws *variants.Workspace) puller {
	floats := func(n int) []float32 { return variants.Alloc[float32](ws, n) }
	p := puller{worker: w, b: b, runs: newRuns(w, ws), slope: floats(w.shape.D * w.lde)}
	p.upstream, p.pulled = floats(w.chunk*w.lde), floats(w.chunk*w.lde)
	if w.Step != "" {
		p.undone = floats(w.chunk * w.lde)
	}
	p.turned, p.pairs = floats(w.cols*w.ldt), floats(w.chunk*w.ldt)
	p.sum = floats(1)
	p.across = floats(w.cols * w.ldk)
	p.dq, p.dk = floats(w.chunk*w.ldk), floats(w.chunk*w.ldk)
	if w.Decay == PerChannel {
		p.sums = variants.Alloc[float64](ws, w.shape.D)
	}
	return p
}

// upstreamRows makes g̃.
func (p *puller) upstreamRows(r run) { p.valueRows(p.upstream, variants.F32s(p.b.dout), r, p.shrink) }

// scaleSlope multiplies the slope by the run's carry.
func (p *puller) scaleSlope() {
	if p.Decay != None {
		p.kernels.ScaleRows(p.shape.D, p.columns.count, p.slope, p.lde, p.slope, p.lde, p.carry)
	}
}

// pullState makes what dŨ has of the state behind the run.
func (p *puller) pullState(r run) { p.multiply(r.count, p.shape.D, r.k, p.slope, p.pulled, false) }

// pullWeights adds to dŨ what it has of the run's output, and makes X and -Y of the delta rule.
func (p *puller) pullWeights(r run) {
	for from := 0; from < r.count; from += block {
		n := min(block, r.count-from)
		p.weightRows(r, from, n)
		p.multiplyT(from+n, n, rows{p.weights[from*p.ldt:], p.ldt}, p.upstream[from*p.lde:], p.pulled)
	}
	if p.Step != "" {
		p.solveBack(r)
	}
}

// retreat makes the slope that before the run.
func (p *puller) retreat(r run) {
	p.multiplyT(p.shape.D, r.count, r.q, p.upstream, p.slope)
	if p.Step != "" {
		p.multiplyT(p.shape.D, r.count, r.k, p.undone, p.slope)
	}
}

// pullRun computes the gradients of a run from the state before it and the slope behind it.
func (p *puller) pullRun(r *run) {
	p.makeValues(*r)
	p.upstreamRows(*r)
	p.scaleSlope()
	p.loadQueries(r)
	p.pullState(*r)
	p.sumBehind(*r)
	p.pullWeights(*r)
	p.writeValues(*r)
	p.pullQueries(*r)
	p.pullKeys(*r)
	if p.Step != "" {
		p.pullDelta(*r)
		p.writeSteps(*r)
	}
	p.writeTokens(*r)
	p.writeDecays(*r)
}

// writeValues stores dV.
func (p *puller) writeValues(r run) {
	e, from, factors := p.shape.E, p.pulled, p.grow
	if p.Step != "" {
		from, factors = p.undone, p.fall
	}
	p.kernels.ScaleRows(r.count, e, p.b.g.V[(p.slice*p.shape.N+r.from)*e:], e, from, p.lde, factors)
}

// pullQueries makes dQ, and P in pairs.
func (p *puller) pullQueries(r run) {
	d, e := p.shape.D, p.shape.E
	upstream := rows{p.upstream, p.lde}
	p.kernels.Pack(r.count, e, p.turned, p.ldt, p.values, p.lde, 1)
	p.kernels.Pack(d, e, p.across, p.ldk, p.state, p.lde, 1)
	p.acrossRows(r.count, e, upstream, rows{p.across, p.ldk}, p.dq, false)
	for from := 0; from < r.count; from += block {
		n := min(block, r.count-from)
		p.products(from, n, upstream, p.turned, e, p.pairs)
		clearAbove(p.pairs, p.ldt, from, n, 1)
		p.acrossRows(n, from+n, rows{p.pairs[from*p.ldt:], p.ldt}, r.k, p.dq[from*p.ldk:], true)
	}
}

// acrossRows computes c = a·b, or adds it, for b and c with a column for each of d.
func (p *puller) acrossRows(m, k int, a, b rows, c []float32, add bool) {
	cols := p.kernels.Pad(p.shape.D)
	p.kernels.Gemm(m, cols, k, a.x, a.ld, b.x, b.ld, c, p.ldk, add)
	p.executed += flops(m, cols, k)
}

// addAcrossT is acrossRows with a [k, m] transposed, added.
func (p *puller) addAcrossT(m, k int, a, b rows, c []float32) {
	cols := p.kernels.Pad(p.shape.D)
	p.kernels.GemmT(m, cols, k, a.x, a.ld, b.x, b.ld, c, p.ldk, true)
	p.executed += flops(m, cols, k)
}

// pullKeys makes dK but for what comes through ũ of the delta rule: pairs holds P.
func (p *puller) pullKeys(r run) {
	d, e := p.shape.D, p.shape.E
	p.kernels.Pack(d, e, p.across, p.ldk, p.slope, p.lde, 1)
	p.acrossRows(r.count, e, rows{p.values, p.lde}, rows{p.across, p.ldk}, p.dk, false)
	p.sumChannels(r)
	for from := 0; from < r.count; from += block {
		n := min(block, r.count-from)
		p.addAcrossT(from+n, n, rows{p.pairs[from*p.ldt:], p.ldt}, rows{r.q.at(from), r.q.ld}, p.dk)
	}
}

// writeTokens stores dQ and dK.
func (p *puller) writeTokens(r run) {
	d := p.shape.D
	at := (p.slice*p.shape.N + r.from) * d
	if p.Decay == PerChannel {
		p.kernels.PowerRows(r.count, d, p.b.g.Q[at:], d, p.dq, p.ldk, p.b.g.K[at:], d, p.dk, p.ldk, p.logs, p.ldk,
			float32(p.scale))
		return
	}
	for i := range r.count {
		copy(p.b.g.Q[at+i*d:][:d], p.dq[i*p.ldk:])
		copy(p.b.g.K[at+i*d:][:d], p.dk[i*p.ldk:])
	}
}
