package reformer

import "attnbench/variants"

// part is a run of slots of one round whose tokens serve as keys.
type part struct{ round, from, to int32 }

// schedule says which keys a chunk sees.
type schedule struct {
	rounds, chunk, chunks int
	wrap                  string
	inBucket              bool // only keys of the query's own bucket and round
	causal                bool
}

func newSchedule(p *variants.Problem, o *order) schedule {
	return schedule{
		rounds: o.rounds, chunk: o.chunk, chunks: o.chunks,
		wrap: p.Text("wrap"), inBucket: p.Bool("same_bucket_only"), causal: p.Shape.Causal,
	}
}

// parts returns what a chunk sees in the order in which it meets it: the chunk before it and itself, as one
// run where they are neighbours. Only the first valid slots of a round hold tokens.
func (s *schedule) parts(round, chunk, valid int) (list [2]part, count int) {
	from := chunk - 1
	if chunk == 0 {
		from = 0
		if before := s.before(round); before >= 0 {
			list[0] = s.run(before, s.chunks-1, s.chunks, valid)
			count = 1
		}
	}
	list[count] = s.run(round, from, chunk+1, valid)
	return list, count + 1
}

// before is the round whose last chunk precedes the first chunk of a round: -1 where there is none.
func (s *schedule) before(round int) int {
	switch s.wrap {
	case "none":
		return -1
	case "per_round":
		return round
	}
	return (round + s.rounds - 1) % s.rounds
}

// run is the part that chunks [first, last) of a round make.
func (s *schedule) run(round, first, last, valid int) part {
	from, to := min(first*s.chunk, valid), min(last*s.chunk, valid)
	return part{round: int32(round), from: int32(from), to: int32(to)}
}
