package recurrent

import "attnbench/variants"

// Gradients is an Engine that also computes gradients. A first pass takes the slope of the loss by the state
// from the last chunk of every head to the first; the chunks are independent then. Runs, decays and scaled
// rows are those of the forward pass. With g the gradient of a row of the output, ~ for scaled rows and G the
// slope behind the run, times its carry:
//
//	dŨ = K G + tril(Q Kᵀ)ᵀ g̃
//	Y = dŨ, or diag(β) X with the solution of (I + triu₁(K Kᵀ) diag(β)) X = dŨ
//	dQ = g̃ Sᵀ + P K                         P = tril(g̃ Ũᵀ)
//	dK = Ũ Gᵀ + Pᵀ Q - Y Sᵀ - (M + Mᵀ) K    M = tril₋₁(Y Ũᵀ); what is taken away, with the delta rule
//	dV = 2^-L Y    dβ_i = X_i · ũ_i/β_i
//	G ← G + Qᵀ g̃ - Kᵀ Y                     the last with the delta rule
//
// The logarithm of a token's decay scales all that this token and later ones have of the state before it. Its
// gradient is the sum of q∘dq - k∘dk over the token and the rest of the run, and of rows of G ∘ S behind the
// run; where decay is by token, the sum of out·g - v·dv and of all of G ∘ S.
type Gradients struct {
	*Engine
	slopes []float32 // [slices, chunks, d, cols]: by the state behind every chunk
	pulls  []puller  // of each worker
	shares []float64 // [heads, chunks]: of the gradient of log γ

	result, dout     []float32
	g                variants.Gradients
	scanJob, pullJob func(worker, job int)
}

func newGradients(e *Engine, ws *variants.Workspace) *Gradients {
	s := e.shape
	b := &Gradients{Engine: e}
	b.slopes = variants.Alloc[float32](ws, s.Slices()*e.chunks*s.D*e.cols)
	for i := range e.workers {
		b.pulls = append(b.pulls, newPuller(&e.workers[i], b, ws))
	}
	if e.Decay == PerHead {
		b.shares = variants.Alloc[float64](ws, s.Heads*e.chunks)
	}
	b.scanJob, b.pullJob = b.scanBlock, b.pullChunk
	return b
}

// Backward is variants.Differentiable's.
func (b *Gradients) Backward(g variants.Gradients, dout, out, q, k, v []float32) {
	b.q, b.k, b.v = variants.F32s(q), variants.F32s(k), variants.F32s(v)
	b.g, b.dout, b.result = g, dout, out
	for i := range b.pulls {
		b.pulls[i].before = b.workers[i].executed
	}
	b.pool.Run(b.shape.Slices()*b.blocks, b.scanJob)
	b.pool.Run(b.shape.Heads*b.chunks, b.pullJob)
	b.addShares()
	for i := range b.pulls {
		p := &b.pulls[i]
		p.backward, p.executed = p.executed-p.before, p.before
	}
	b.g, b.dout, b.result = variants.Gradients{}, nil, nil
	b.release()
}

// BackwardExecuted is variants.Differentiable's.
func (b *Gradients) BackwardExecuted() int64 {
	var sum int64
	for i := range b.pulls {
		sum += b.pulls[i].backward
	}
	return sum
}

// scanBlock finds the slopes of some columns of one head.
func (b *Gradients) scanBlock(worker, job int) {
	p, slice := &b.pulls[worker], job/b.blocks
	p.openHead(slice, b.columns(job%b.blocks))
	clear(p.slope)
	for c := b.chunks - 1; c >= 0; c-- {
		p.saveColumns(b.stateOf(b.slopes, slice, c), p.slope)
		for i := p.findRuns(b.bounds(c)) - 1; i >= 0; i-- {
			r := p.reopen(i)
			p.upstreamRows(r)
			p.scaleSlope()
			p.loadQueries(&r)
			if b.Step != "" {
				p.pullState(r)
				p.pullWeights(r)
			}
			p.retreat(r)
		}
	}
}

// pullChunk computes the gradients of a chunk of one head, batch element by batch element.
func (b *Gradients) pullChunk(worker, job int) {
	p, head, chunk := &b.pulls[worker], job/b.chunks, job%b.chunks
	p.share = 0
	for batch := range b.shape.Batch {
		slice := batch*b.shape.Heads + head
		p.openHead(slice, columns{0, b.cols})
		p.loadColumns(p.slope, b.stateOf(b.slopes, slice, chunk))
		p.loadColumns(p.state, b.stateOf(b.states, slice, chunk))
		runs := p.findRuns(b.bounds(chunk))
		p.keepStates(runs)
		for i := runs - 1; i >= 0; i-- {
			p.stateBefore(i, runs)
			r := p.reopen(i)
			p.pullRun(&r)
			if i > 0 {
				p.retreat(r)
			}
		}
	}
	if b.shares != nil {
		b.shares[job] = p.share
	}
}

// addShares adds up the gradient of γ: that of its logarithm over γ.
func (b *Gradients) addShares() {
	if b.shares == nil {
		return
	}
	for head := range b.shape.Heads {
		sum := 0.0
		for _, x := range b.shares[head*b.chunks:][:b.chunks] {
			sum += x
		}
		b.g.Inputs[b.Gate][head] = float32(sum / float64(b.p.PerHead(b.Gate, head, 1)[0]))
	}
}
