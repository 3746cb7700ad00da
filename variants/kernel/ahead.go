package kernel

// Ahead is memory that a caller reads soon, and all at once, so that it would wait for it. It is asked for
// piece by piece while the caller still works on something else. The zero Ahead asks for nothing.
type Ahead struct {
	parts [4][]float32
	piece int
}

// Plan replaces what is asked for: up to four parts, in so many pieces.
func (a *Ahead) Plan(pieces int, parts ...[]float32) {
	*a = Ahead{}
	total := 0
	for _, x := range parts {
		total += len(x)
	}
	copy(a.parts[:], parts)
	a.piece = (total + pieces - 1) / pieces
}

// Next asks for a piece, by s.
func (a *Ahead) Next(s *Set) {
	for i, x := range a.parts {
		if len(x) > 0 {
			n := min(len(x), a.piece)
			s.Fetch(x[:n])
			a.parts[i] = x[n:]
			return
		}
	}
}
