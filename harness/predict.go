package harness

import (
	"fmt"
	"runtime"
	"time"

	"attnbench/variants"
)

// Prediction is what a cell is expected to take.
type Prediction struct {
	Call  time.Duration // one call of the block's pass
	Start time.Duration // of the process of a peer, or of a cell that has one
	Gate  time.Duration // its verification
	Bytes int64         // its plan: workspace and parameters
}

// Rates that predictions start from, before anything was measured. Every measured cell corrects them.
const (
	startEfficiency = 0.4  // of the FMA peak
	flopsPerExp     = 20   // what one exponential costs in the time of multiply-adds
	bytesPerSecond  = 4e9  // of memory, for what mechanisms do beside arithmetic
	oracleRate      = 2e9  // float64 operations a second of one core in the exact oracle
	naiveRate       = 5e8  // the same in definitions
	callOverhead    = 2e-6 // seconds
	sampleFloor     = 1500 * time.Microsecond
	startTime       = 6 * time.Second       // of a peer
	childTime       = 10 * time.Millisecond // of a cell's own process, and its end
)

// predictor expects the times of cells: by what their mechanism says of its work, corrected by the last
// measurement of the same variant on the same kernels.
type predictor struct {
	peak peakOf
	call map[string]float64 // measured / modelled, by cell label, kernels and threads
	gate map[string]float64 // the same of verification, by what is verified

	start map[string]time.Duration // of peers, by name
	child time.Duration            // of a cell's own process; 0 where cells have none
}

// peakOf is the FMA peak at a thread count on a number format, in FLOP/s.
type peakOf func(threads int, t variants.ElementType) float64

func newPredictor(peak peakOf) *predictor {
	return &predictor{peak: peak, call: map[string]float64{}, gate: map[string]float64{},
		start: map[string]time.Duration{}}
}

// predict fills in what the cell is expected to take.
func (p *predictor) predict(c *Cell) {
	c.Predicted = Prediction{
		Call: seconds(p.modelCall(c) * ratio(p.call, engineKey(c))),
		Gate: seconds(modelGate(c)*ratio(p.gate, gateKey(c)) +
			modelGradientGate(c)*ratio(p.gate, gradientKey(c))),
		Bytes: c.bytes,
		Start: p.child,
	}
	if c.Peer != nil {
		c.Predicted.Start = startTime
		if seen, ok := p.start[c.Peer.Name]; ok {
			c.Predicted.Start = seen
		}
	}
}

// learnStart notes how long it took to start a cell's peer.
func (p *predictor) learnStart(c *Cell, took time.Duration) { p.start[c.Peer.Name] = took }

// learn corrects later predictions by what a cell took. A gate that was served from results that other cells
// needed too teaches nothing.
func (p *predictor) learn(c *Cell, call, gate time.Duration) {
	if model := p.modelCall(c); call > 0 && model > 0 {
		p.call[engineKey(c)] = call.Seconds() / model
	}
	if model := modelGate(c); gate > 0 && model > 0 {
		p.gate[gateKey(c)] = gate.Seconds() / model
	}
}

// learnGradients corrects later predictions by what the comparison of a cell's gradients took.
func (p *predictor) learnGradients(c *Cell, gate time.Duration) {
	if model := modelGradientGate(c); gate > 0 && model > 0 {
		p.gate[gradientKey(c)] = gate.Seconds() / model
	}
}

func engineKey(c *Cell) string {
	b := c.Block
	return fmt.Sprintf("%s/%s/%d/%v/%s", c.Label(), b.Kernels.Name, b.Threads, b.Type, b.Pass)
}

// gateKey keeps rows of decoding apart: they are the last ones, which need all keys.
func gateKey(c *Cell) string {
	if c.Block.decode() {
		return "tokens of " + c.Label()
	}
	return c.Label()
}

func gradientKey(c *Cell) string { return "gradients of " + c.Label() }

func ratio(learnt map[string]float64, key string) float64 {
	if r, ok := learnt[key]; ok {
		return r
	}
	return 1
}

// modelCall is the time of one call in seconds, from the mechanism's own cost.
func (p *predictor) modelCall(c *Cell) float64 {
	rate := max(startEfficiency*p.peak(c.Block.Threads, c.Block.Type), 1)
	arithmetic := operations(c.cost()) / rate
	bytes := operandBytes(c.Block)
	if c.Block.decode() {
		bytes = c.state
	}
	return callOverhead + arithmetic + float64(bytes)/bytesPerSecond
}

// operations are all of a cost in the time of multiply-adds.
func operations(c variants.Cost) float64 { return c.FLOPs + flopsPerExp*c.Exps }

// modelGate is the time of a cell's own definition in seconds.
func modelGate(c *Cell) float64 { return definitionWork(c) / float64(runtime.GOMAXPROCS(0)) }

// modelGradientGate is the time of the definition's gradient in seconds, 0 in pass forward.
func modelGradientGate(c *Cell) float64 { return gradientWork(c) / float64(runtime.GOMAXPROCS(0)) }

// definitionWork is the time of a cell's own definition in seconds of one core.
func definitionWork(c *Cell) float64 { return modelDefinition(c, c.forward, len(c.Block.gateRows())) }

// gradientWork is the time of the definition's gradient in seconds of one core, 0 in pass forward.
func gradientWork(c *Cell) float64 {
	if !c.Block.backward() {
		return 0
	}
	return modelDefinition(c, sum(c.forward, c.backward), len(c.Block.gradientRows()))
}

// modelDefinition is the time of so much work in float64 on some rows, in seconds of one core. Exact
// attention takes these rows only; others may have to do something with all keys before any row.
func modelDefinition(c *Cell, work variants.Cost, rows int) float64 {
	if c.Mechanism.Definition == nil { // a peer with a function of its own
		return 0
	}
	part := float64(rows) / float64(c.Block.Shape.N)
	if c.Mechanism.Role != variants.Exact {
		const keys = 0.25 // of the work, whatever the rows
		part = keys + (1-keys)*part
	}
	return part * operations(work) / naiveRate
}

// target is the time of the block's exact result, which its cells share; 0 where they need none.
func target(b *Block) time.Duration { return seconds(exactWork(b) / float64(runtime.GOMAXPROCS(0))) }

// exactWork is the same in seconds of one core.
func exactWork(b *Block) float64 {
	if !b.scored() {
		return 0
	}
	part := float64(len(b.errorRows())) / float64(b.Shape.N)
	pairs := float64(b.Shape.AllowedPairs()) * float64(b.Shape.Slices()) * part
	work := pairs * (2*float64(b.Shape.D+b.Shape.E) + flopsPerExp)
	return work / oracleRate
}

// operandBytes is the size of q, k, v and out, in passes with gradients of those too, and of some rows of
// that of out.
func operandBytes(b *Block) int64 {
	s := b.Shape
	rows := int64(s.N)*int64(s.D+s.E) + int64(s.S)*int64(s.D+s.E)
	if b.decode() { // the token's row of out only
		rows -= int64(s.N-1) * int64(s.E)
	}
	if b.backward() {
		rows += rows + int64(s.N)*int64(s.E)
	}
	return b.Type.Size() * rows * int64(s.Slices())
}

func seconds(s float64) time.Duration {
	const most = 1e9 // a prediction past 30 years is as good as any
	return time.Duration(min(s, most) * float64(time.Second))
}

// sampling is the time that a cell spends beside its verification: set-up, warm-up and samples.
func (c *Cell) sampling(samples int) time.Duration {
	call := c.Predicted.Call
	return 3*call + time.Duration(samples)*max(call, sampleFloor)
}

// gating is the time of a cell's verification: its definition, and another call where causality is tested.
// Gradients take two calls more, for their parts and their sum; decoding takes in its context. A peer must be
// started for it, and so must a cell's own process.
func (c *Cell) gating() time.Duration {
	if c.Peer != nil {
		return c.Predicted.Start + c.Predicted.Gate
	}
	if c.Block.decode() {
		const passes = 2 // over the context, to take it in
		return c.Predicted.Start + c.Predicted.Gate + seconds(passes*float64(operandBytes(c.Block))/bytesPerSecond)
	}
	calls := 0
	if c.Block.Shape.Causal {
		calls++
	}
	if c.Block.backward() {
		calls += 2
	}
	return c.Predicted.Start + c.Predicted.Gate + time.Duration(calls)*c.Predicted.Call
}

// gatingOnOneCore is gating where nothing is spread over the machine's cores.
func (c *Cell) gatingOnOneCore() time.Duration {
	return c.gating() + time.Duration(runtime.GOMAXPROCS(0)-1)*c.Predicted.Gate
}
