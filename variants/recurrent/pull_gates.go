package recurrent

// sumBehind makes the sum of G ∘ S behind the run, where decay is by token: pulled holds K G.
func (p *puller) sumBehind(r run) {
	if p.Decay != PerHead && p.Decay != PerToken {
		return
	}
	p.behind = 0
	for c := range p.shape.D {
		p.behind += float64(dot(p.slope[c*p.lde:][:p.shape.E], p.state[c*p.lde:]))
	}
	for i := range r.count {
		p.behind += float64(dot(p.values[i*p.lde:][:p.shape.E], p.pulled[i*p.lde:]))
	}
}

// sumChannels makes the sums of rows of G ∘ S behind the run, where decay is by row: dk holds Ũ Gᵀ.
func (p *puller) sumChannels(r run) {
	for c := range p.sums {
		p.sums[c] = float64(dot(p.slope[c*p.lde:][:p.shape.E], p.state[c*p.lde:]))
	}
	for i := range r.count {
		keys, dk := r.k.at(i), p.dk[i*p.ldk:]
		for c := range p.sums {
			p.sums[c] += float64(keys[c] * dk[c])
		}
	}
}

// writeDecays stores the gradients of the logarithms of the run's decays, or adds those of a further batch
// element.
func (p *puller) writeDecays(r run) {
	switch p.Decay {
	case PerHead, PerToken:
		p.writeTokenDecays(r)
	case PerChannel:
		p.writeChannelDecays(r)
	}
}

func (p *puller) writeTokenDecays(r run) {
	s, sum := p.shape, p.behind
	for i := r.count - 1; i >= 0; i-- {
		at := (p.slice*s.N + r.from + i) * s.E
		sum += float64(dot(p.b.result[at:][:s.E], p.b.dout[at:]))
		sum -= float64(dot(p.v.F32[at:][:s.E], p.b.g.V[at:]))
		if p.Decay == PerHead {
			p.share += sum
		} else {
			p.put(&p.b.g.Inputs[p.Gate][p.head*s.N+r.from+i], float32(sum))
		}
	}
}

func (p *puller) writeChannelDecays(r run) {
	d := p.shape.D
	for i := r.count - 1; i >= 0; i-- {
		q, k := r.q.at(i)[:d], r.k.at(i)[:d]
		dq, dk := p.dq[i*p.ldk:][:d], p.dk[i*p.ldk:][:d]
		to := p.b.g.Inputs[p.Gate][(p.head*p.shape.N+r.from+i)*d:][:d]
		for c, sum := range p.sums {
			sum += float64(q[c]*dq[c]) - float64(k[c]*dk[c])
			p.sums[c] = sum
			p.put(&to[c], float32(sum))
		}
	}
}

// put stores a gradient of a side input, to which every batch element adds.
func (p *puller) put(to *float32, x float32) {
	if p.slice == p.head { // the first one
		*to = 0
	}
	*to += x
}

// dot is the sum of products of x and as many elements of y.
func dot(x, y []float32) float32 {
	var a, b, c, d float32
	for ; len(x) >= 4 && len(y) >= 4; x, y = x[4:], y[4:] {
		a += x[0] * y[0]
		b += x[1] * y[1]
		c += x[2] * y[2]
		d += x[3] * y[3]
	}
	for i, v := range x {
		a += v * y[i]
	}
	return (a + c) + (b + d)
}
