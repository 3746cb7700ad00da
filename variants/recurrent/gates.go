package recurrent

import (
	"math"

	"attnbench/variants"
)

// gates reads side inputs.
type gates struct {
	Config
	p     *variants.Problem
	shape variants.Shape
}

// byToken reports whether all rows of the state have the same decay.
func (g *gates) byToken() bool { return g.Decay == PerHead || g.Decay == PerToken }

// constant is the base-2 logarithm of a head's decay where all tokens have the same.
func (g *gates) constant(head int) float64 {
	return math.Log2(float64(g.p.PerHead(g.Gate, head, 1)[0]))
}

// tokens are the logarithms of decays by token, [n].
func (g *gates) tokens(head int) []float32 { return g.p.PerHead(g.Gate, head, 2) }

// channels are the logarithms of decays by row of the state, [n, d].
func (g *gates) channels(head int) []float32 { return g.p.PerHead(g.Gate, head, 3) }

// steps are β of the delta rule, [n].
func (g *gates) steps(head int) []float32 { return g.p.PerHead(g.Step, head, 2) }

// reach is how far L may fall within a run, in base 2.
const reach = 64

// decays are those of a run.
type decays struct {
	sums       []float64 // [chunk]: L
	shrink     []float32 // [chunk]: scale·2^L, of rows of the output; 1 where no token has a decay for all rows
	grow, fall []float32 // [chunk]: 2^-L, of values, and its negative; ±scale where there is no decay, else 1
	// carry [d] is what the state behind the run is multiplied by: 2^L of the last token, times the decay of the
	// next.
	carry []float32
	logs  []float32 // [chunk, ldk]: L where decay is by row

	same     float64   // of the open head: the logarithm of a decay of all tokens
	perToken []float32 // or those of each, natural
	made     likeRun   // whose decays these are, where all tokens have the same
	count    int       // of that run's tokens
}

// likeRun is what the decays of a run depend on where all tokens of a head have the same.
type likeRun struct {
	decay    float64
	tokens   int  // that were there to take
	followed bool // by another token
}

func newDecays(e *Engine, ws *variants.Workspace) decays {
	floats := func(n int) []float32 { return variants.Alloc[float32](ws, n) }
	d := decays{shrink: floats(e.chunk), grow: floats(e.chunk), fall: floats(e.chunk), carry: floats(e.shape.D)}
	switch e.Decay {
	case PerHead, PerToken:
		d.sums = variants.Alloc[float64](ws, e.chunk)
	case PerChannel:
		d.logs = floats(e.chunk * stride(e.kernels.Pad(e.shape.D)))
	}
	return d
}

// prepareDecays fills in what a mixer without decays of tokens never changes.
func (w *worker) prepareDecays() {
	factor := float32(1)
	if w.Decay == None {
		factor = float32(w.scale)
	}
	for i := range w.shrink {
		w.shrink[i], w.grow[i], w.fall[i] = 1, factor, -factor
	}
}

// countTokens counts the tokens of the run that starts at from, below to, and makes their decays. The token
// behind the run is there where it is below end.
func (w *worker) countTokens(from, to, end int) int {
	switch w.Decay {
	case PerHead, PerToken:
		return w.tokenDecays(from, to, end)
	case PerChannel:
		return w.channelDecays(from, to, end)
	}
	return to - from
}

func (w *worker) tokenDecays(from, to, end int) int {
	like := likeRun{w.same, to - from, to < end}
	if w.Decay == PerHead && like == w.made {
		return w.count
	}
	sum, count := 0.0, 1
	w.sums[0] = 0
	for token := from + 1; token < to; token++ {
		sum += w.log2(token)
		if sum < -reach {
			break
		}
		w.sums[count] = sum
		count++
	}
	sum = w.sums[count-1]
	for i, l := range w.sums[:count] {
		power := exp2(l)
		w.shrink[i] = float32(w.scale * power)
		w.grow[i] = float32(1 / power)
		w.fall[i] = -w.grow[i]
	}
	if from+count < end {
		sum += w.log2(from + count)
	}
	carry := float32(exp2(sum))
	for i := range w.carry {
		w.carry[i] = carry
	}
	w.made, w.count = like, count
	return count
}

// log2 is the base-2 logarithm of the decay of a token of the open head.
func (w *worker) log2(token int) float64 {
	if w.Decay == PerHead {
		return w.same
	}
	return math.Log2E * float64(w.perToken[token])
}

// exp2 is 2^x for x ≤ 0, to 1e-9 of it; 0 below the normal numbers of float32: arithmetic on others is slow.
// math.Exp2 is as exact as float64 can be and takes several times as long, for every token.
func exp2(x float64) float64 {
	if x < -126 {
		return 0
	}
	const bias, mantissa = 1023, 52
	whole := math.Floor(x + 0.5)
	f := (x - whole) * math.Ln2
	p := 1 + f*(1+f/2*(1+f/3*(1+f/4*(1+f/5*(1+f/6*(1+f/7*(1+f/8)))))))
	return p * math.Float64frombits(uint64(int64(whole)+bias)<<mantissa)
}

func (w *worker) channelDecays(from, to, end int) int {
	d, count := w.shape.D, to-from
	all := w.channels(w.head)
	clear(w.logs[:d])
	w.kernels.SumDown(count-1, d, w.logs, w.ldk, all[min(from+1, len(all)/d-1)*d:], d, math.Log2E)
	for count > 1 && !within(w.logs[(count-1)*w.ldk:][:d]) {
		count-- // sums only fall: the last token that fits is the last one that all channels fit
	}
	copy(w.carry, w.logs[(count-1)*w.ldk:][:d])
	if from+count < end {
		for c, log := range all[(from+count)*d:][:d] {
			w.carry[c] += math.Log2E * log
		}
	}
	for c, x := range w.carry {
		if x < -126 {
			w.carry[c] = -200 // 0, not a number below the normal ones
		}
	}
	w.kernels.Exp2(w.carry, w.carry)
	return count
}

func within(logs []float32) bool {
	for _, x := range logs {
		if x < -reach {
			return false
		}
	}
	return true
}
