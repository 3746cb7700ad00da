package recurrent

// sumBehind makes the sum of G ∘ S behind the run, where decay is by token: pulled holds K G.
func (p *puller) sumBehind(r run) {
	if p.Decay != PerHead && p.Decay != PerToken {
		return
	}
	p.behind = 0
	for c := range p.shape.D {
		p.behind += p.dot(p.slope[c*p.lde:], p.state[c*p.lde:])
	}
	for i := range r.count {
		p.behind += p.dot(p.values[i*p.lde:], p.pulled[i*p.lde:])
	}
}

// sumChannels makes the sums of rows of G ∘ S behind the run, where decay is by row: dk holds Ũ Gᵀ.
func (p *puller) sumChannels(r run) {
	for c := range p.sums {
		p.sums[c] = p.dot(p.slope[c*p.lde:], p.state[c*p.lde:])
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
		sum += p.dot(p.b.result[at:], p.b.dout[at:])
		sum -= p.dot(p.v.F32[at:], p.b.g.V[at:])
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
		if p.slice != p.head { // what is there is of an earlier batch element
			p.addChannels(to, q, dq, k, dk)
			continue
		}
		for c := range to {
			p.sums[c] += float64(q[c]*dq[c]) - float64(k[c]*dk[c])
			to[c] = float32(p.sums[c])
		}
	}
}

// addChannels adds to to where it was stored before.
func (p *puller) addChannels(to, q, dq, k, dk []float32) {
	for c := range to {
		p.sums[c] += float64(q[c]*dq[c]) - float64(k[c]*dk[c])
		to[c] += float32(p.sums[c])
	}
}

// put stores a gradient of a side input, to which every batch element adds.
func (p *puller) put(to *float32, x float32) {
	if p.slice == p.head { // the first one
		*to = 0
	}
	*to += x
}

// dot is the sum of products of e elements of x and y.
func (p *puller) dot(x, y []float32) float64 {
	p.sum[0] = 0
	p.kernels.DotRows(1, p.shape.E, x, p.shape.E, y, p.sum)
	return float64(p.sum[0])
}
