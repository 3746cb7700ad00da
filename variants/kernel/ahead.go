package kernel

// Ahead is memory that a caller reads soon, and all at once, so that it would wait for it. The products of
// Set.Ahead ask for it a few cache lines at a time while they compute: a core has few requests under way. The
// zero Ahead asks for nothing.
type Ahead struct {
	parts [5][]float32
	first int     // part that is not asked for altogether
	rate  float64 // cache lines for an operation
	due   float64 // cache lines
}

// Plan replaces what is asked for: up to five parts, spread evenly over so many floating-point operations.
func (a *Ahead) Plan(flops int64, parts ...[]float32) {
	*a = Ahead{}
	lines := 0
	for i, x := range parts {
		a.parts[i] = x
		lines += linesOf(x)
	}
	if flops > 0 {
		a.rate = float64(lines) / float64(flops)
	}
}

// line is the number of float32 in a cache line.
const line = 16

func linesOf(x []float32) int { return (len(x) + line - 1) / line }

// take returns what to ask for during so many operations in so many tiles: cache lines for each tile, from at
// on. Memory behind the last part may be asked for, as no request can fail.
func (a *Ahead) take(tiles int, flops float64) (lines int, at *float32) {
	if a.rate == 0 {
		return 0, nil
	}
	for len(a.parts[a.first]) == 0 {
		if a.first++; a.first == len(a.parts) {
			*a = Ahead{}
			return 0, nil
		}
	}
	a.due += a.rate * flops
	x := &a.parts[a.first]
	lines = min(int(a.due)/tiles, (linesOf(*x)+tiles-1)/tiles)
	if lines == 0 {
		return 0, nil
	}
	at = &(*x)[0]
	a.due -= float64(lines * tiles)
	*x = (*x)[min(lines*tiles*line, len(*x)):]
	return lines, at
}

// Ahead returns s with float32 products that ask for what a plans. It is for one caller at a time, and makes
// a Set each time.
func (s *Set) Ahead(a *Ahead) *Set {
	if s.ahead == nil {
		return s
	}
	return s.ahead(a)
}
