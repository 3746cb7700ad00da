package variants

import "errors"

// Decoder is a causal mechanism planned to take one token at a time: the plan of a problem with Decode set,
// whose n is the most tokens that it will see. What it keeps between tokens comes from State and Recurrent.
type Decoder interface {
	// Prefill makes the first count tokens of every head the context, in place of whatever was kept: k [batch,
	// heads, n, d] and v [batch, heads, n, e].
	Prefill(k, v Floats, count int)

	// Decode takes the token at a position, numbered from 0, after those before it, and computes its row of
	// causal attention: q and k are [batch, heads, d], v and out [batch, heads, e]. It allocates nothing and
	// gives the same bits whatever the number of threads. A position may be decoded again: keys and values are
	// replaced, recurrent state takes the token once more.
	Decode(position int, out, q, k, v Floats)

	// Executed is Attention's, of the last Decode.
	Executed() int64
}

// State is Alloc for what a Decoder keeps between tokens, by position: decoding a position again replaces it.
func State[T any](w *Workspace, n int) []T {
	w.state += int64(n) * sizeOf[T]()
	return allocate[T](w, n)
}

// Recurrent is State for sums that a token changes for good. A Snapshot restores them.
func Recurrent[T any](w *Workspace, n int) []T {
	x := State[T](w, n)
	w.copied += int64(n) * sizeOf[T]()
	w.recurrent = append(w.recurrent, &sums[T]{live: x})
	return x
}

// sums are recurrent state and a copy of it.
type sums[T any] struct{ live, saved []T }

func (s *sums[T]) save() {
	if s.saved == nil {
		s.saved = make([]T, len(s.live))
	}
	copy(s.saved, s.live)
}

func (s *sums[T]) restore() { copy(s.live, s.saved) }

// Snapshot keeps the recurrent state of a Decoder, so that one position can be decoded again and again from
// the same context. Other state needs no copy.
type Snapshot struct{ parts []recurrent }

// recurrent is state of whatever element type.
type recurrent interface {
	save()
	restore()
}

// Save takes a copy of the state.
func (s *Snapshot) Save() {
	for _, part := range s.parts {
		part.save()
	}
}

// Restore puts the state back as Save found it.
func (s *Snapshot) Restore() {
	for _, part := range s.parts {
		part.restore()
	}
}

// PlanDecoder is Plan for a problem with Decode set.
func (p *Problem) PlanDecoder() (Decoder, *Snapshot, Memory) {
	p.DrawInputs()
	ws := &Workspace{}
	decoder := p.Mechanism.NewDecoder(p, ws)
	if prepared, ok := decoder.(Preparer); ok {
		prepared.Prepare()
	}
	return decoder, &Snapshot{ws.recurrent}, p.memory(ws)
}

// DenseDecodeCost is the work of one token of exact attention: a pair with every token up to its own.
func DenseDecodeCost(p *Problem) Cost {
	return PairsCost(p.Shape, int64(p.Shape.Slices()*p.Shape.N))
}

// checkDecode refuses what cannot be taken token by token.
func (p *Problem) checkDecode(r Request) error {
	_, masked := r.Inputs[KeyMask]
	switch m := p.Mechanism; {
	case !r.Decode:
		return nil
	case m.NewDecoder == nil:
		return errors.New("does not decode: " + m.NoDecode)
	case !r.Shape.Causal || r.Shape.Cross():
		return errors.New("decodes causal self-attention only: use causal inputs of equal length")
	case r.Backward:
		return errors.New("decoding has no gradients: use pass both")
	case masked:
		return errors.New("decoding takes no key mask: leave masked tokens out of the context")
	}
	return nil
}

// callCost is the work of a call. A token uses each number of its state once, so that its operations wait for
// them: twice as long as in a product of matrices where a cache has them, ten times where it has not.
func (p *Problem) callCost() Cost {
	if !p.Decode {
		return p.Mechanism.Cost(p)
	}
	const wait = 3
	return Cost{FLOPs: wait * p.Mechanism.DecodeCost(p).FLOPs}
}
