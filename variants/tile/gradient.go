package tile

import "attnbench/variants"

// Gradient runs schedules for their gradients: the same visits as forward, with BeginBackward and
// EndBackward around them. A walk computes the weights of each tile again from the statistics of its
// queries, so nothing of size n×s is kept (Dao et al. 2022, algorithm 4), and adds to the sums of the keys
// that it meets in a fixed order.
type Gradient struct {
	config  Config
	walks   []Walk
	forward *Engine // that keeps the scores
	sums    *Sums
	tiles   int
	visit   func(w *Walk, head, tile int)
	run     func(worker, job int)
}

// NewGradient allocates scratch for each worker. Where c.Scores is set, forward is the engine that keeps
// them, and has query tiles of the same size.
func NewGradient(ws *variants.Workspace, c Config, forward *Engine) *Gradient {
	g := &Gradient{config: c, forward: forward, walks: make([]Walk, c.Pool.Threads())}
	for i := range g.walks {
		g.walks[i].worker = i
		g.walks[i].allocateBackward(ws, &g.config)
	}
	g.run = g.step
	return g
}

// Run calls visit for every tile of every head of the sums, in ascending order within a segment. A visit is a
// whole query tile: BeginBackward, Visit and EndBackward. Pass a function that was made once.
func (g *Gradient) Run(sums *Sums, tiles int, visit func(w *Walk, head, tile int)) {
	for i := range g.walks {
		g.walks[i].executed = 0
	}
	g.Continue(sums, tiles, visit)
}

// Continue is Run as a further pass of the same call: Executed goes on counting.
func (g *Gradient) Continue(sums *Sums, tiles int, visit func(w *Walk, head, tile int)) {
	g.sums, g.tiles, g.visit = sums, tiles, visit
	g.config.Pool.Run(sums.heads*sums.segments, g.run)
	g.sums = nil
}

// step takes the tiles of one segment, which lie as many apart as there are segments: all have alike much to
// do where tiles at one end have less.
func (g *Gradient) step(worker, job int) {
	w, s := &g.walks[worker], g.sums
	head, segment := job/s.segments, job%s.segments
	w.back.dk, w.back.dv = s.k.at(s, head, segment), s.v.at(s, head, segment)
	for tile := segment; tile < g.tiles; tile += s.segments {
		if g.config.Scores > 0 {
			w.kept = g.forward.kept(head*g.tiles+tile, w.ldq)
		}
		g.visit(w, head, tile)
	}
	w.back.dk, w.back.dv = nil, nil
}

// Executed is the number of floating-point operations of the tile products since Run began.
func (g *Gradient) Executed() int64 {
	var sum int64
	for i := range g.walks {
		sum += g.walks[i].executed
	}
	return sum
}
