package harness

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"attnbench/harness/check"
	"attnbench/harness/machine"
	"attnbench/harness/peers"
	"attnbench/harness/tensorfile"
	"attnbench/variants"
)

// How long a peer is waited for: to start, which may compile code, and to answer. Less where the run's budget
// ends before.
const (
	startPatience  = 3 * time.Minute
	answerPatience = 2 * time.Minute
	leastPatience  = 10 * time.Second
)

// parsePeers reads the axis of external implementations and joins each with the mechanism that it implements.
func (s *Sweep) parsePeers(a Axes, all []*variants.Mechanism) error {
	if a.Peers == "" {
		return nil
	}
	selected, err := peers.Select(a.Peers, peers.All())
	if err != nil {
		return fmt.Errorf("--peers: %w", err)
	}
	for _, p := range selected {
		if slices.ContainsFunc(all, func(m *variants.Mechanism) bool { return m.Name == p.Name }) {
			return fmt.Errorf("--peers: peer %s has the name of a variant: rename it", p.Name)
		}
		adopted, err := peers.Adopt(p, all)
		if err != nil {
			return fmt.Errorf("--peers: %w", err)
		}
		s.peers = append(s.peers, adopted)
	}
	return nil
}

// peerCells are the cells of external implementations in a block.
func (s *Sweep) peerCells(b *Block, p pools) []*Cell {
	var cells []*Cell
	for _, peer := range s.peers {
		for _, asked := range s.peerSettings(peer) {
			cells = append(cells, s.peerCell(b, peer, asked, p))
		}
	}
	return cells
}

// peerSettings are the settings that --set asks a peer for, each under its usual settings of the allocator
// where --set is silent about it.
func (s *Sweep) peerSettings(p *peers.Adopted) [][]variants.Setting {
	var all [][]variants.Setting
	for _, asked := range s.combinations(p.Dials) {
		usual := p.Usual()
		if _, malloc := p.Settings(asked); malloc != "" {
			usual = [][]variants.Setting{nil}
		}
		for _, more := range usual {
			all = append(all, slices.Concat(asked, more))
		}
	}
	return all
}

func (s *Sweep) peerCell(b *Block, p *peers.Adopted, asked []variants.Setting, pool pools) *Cell {
	settings, malloc := p.Settings(asked)
	c, _ := s.resolve(b, p.Mechanism, settings, pool)
	c.Peer, c.malloc, c.Options = p, malloc, s.naming(p.Dials, nil, asked)
	refuse := func(code, reason string) {
		if c.Skip.Code == "" && reason != "" {
			c.Problem, c.Skip = nil, Refusal{code, reason}
		}
	}
	if !slices.Contains(p.Formats(), b.Type.Short()) {
		refuse("unsupported", "it does not compute in "+b.Type.Short())
	}
	if b.backward() && !p.Backward {
		refuse("unsupported", "it computes no gradients")
	}
	refuse("missing", s.launcher.Missing(p.Peer))
	c.bytes = p.Bytes(b.Shape)
	return c
}

// invite starts a peer's process for a cell and takes the output and the peak memory of its first call. What
// the cell is expected to take is known better then: it may turn out not to fit.
func (r *run) invite(ctx context.Context, c *Cell, in *operands) *trial {
	t := newTrial(c)
	c.Problem = c.fresh()
	start := r.Clock.Now()
	err := r.receive(ctx, t, in)
	r.totals.Measured += r.Clock.Now() - start // set-up, nearly all of it
	var skip peers.Skip
	switch {
	case errors.As(err, &skip):
		t.refusal = Refusal{"missing", string(skip)}
	case err != nil:
		t.fail(err)
	default:
		t.accept(in)
		if err := t.checkPeerGradients(ctx, in); err != nil {
			t.fail(err)
		}
		r.plan.predictor.learnStart(c, r.Clock.Now()-start-t.call)
		c.Predicted.Call = t.call
		t.refusal = r.afford(c)
	}
	return t
}

// receive starts the peer and has it compute the cell's output.
func (r *run) receive(ctx context.Context, t *trial, in *operands) error {
	c := t.cell
	request, err := r.request(c, in)
	if err != nil {
		return err
	}
	t.process, err = r.plan.launcher.Start(ctx, c.Peer.Peer, c.Block.Threads, c.malloc)
	if err != nil {
		return err
	}
	t.patience = r.patience
	if t.versions, err = t.process.Prepare(request, r.patience(startPatience)); err != nil {
		return err
	}
	answer, err := t.process.Go(1, r.patience(answerPatience))
	if err != nil {
		return err
	}
	t.call = time.Duration(answer.Nanoseconds)
	if answer.Peak >= 0 {
		s := c.Block.Shape
		inputs := operandBytes(c.Block) - c.Block.Type.Size()*int64(s.Slices()*s.N*s.E)
		t.peakBytes = machine.Figure{Value: float64(answer.Peak + inputs), Known: true}
	}
	os.Remove(request.Output) // what another peer wrote must not pass for its own
	if err := t.process.Output(r.patience(answerPatience)); err != nil {
		return err
	}
	return in.receive(request.Output, c.Block)
}

// request writes what the peer needs and says where.
func (r *run) request(c *Cell, in *operands) (peers.Request, error) {
	dir, err := r.plan.launcher.Folder()
	if err != nil {
		return peers.Request{}, err
	}
	b, s := c.Block, c.Block.Shape
	q := peers.Request{
		Peer: c.Peer.Name, N: s.N, S: s.S, D: s.D, E: s.E, Heads: s.Heads, Batch: s.Batch, Causal: s.Causal,
		DType: b.Type.Short(), Threads: b.Threads, Pass: b.Pass, Options: c.Peer.Values(c.Problem),
		Inputs: filepath.Join(dir, "inputs.safetensors"), Output: filepath.Join(dir, "output.safetensors"),
	}
	if available := r.Host.Available(); available.Known {
		q.Memory = int64(memoryFraction * available.Value)
	}
	if err := in.send(q.Inputs, b); err != nil {
		return q, err
	}
	if side := c.Peer.Inputs(c.Problem); len(side) > 0 {
		q.Side = filepath.Join(dir, "side.safetensors")
		return q, tensorfile.Write(q.Side, side, nil)
	}
	return q, nil
}

// exchanged is a tensor that suite and peers exchange.
type exchanged struct {
	name          string
	rows, columns int
	elements      []float32
}

// dims is its shape in files.
func (x exchanged) dims(s variants.Shape) []int { return []int{s.Batch, s.Heads, x.rows, x.columns} }

// send writes the inputs of a block for its peers, once. Gradients are those of the sampled rows of dout:
// time does not depend on its values, and all of what a peer computes can be compared with the definition.
func (in *operands) send(path string, b *Block) error {
	if in.sent {
		return nil
	}
	in.sent = true
	s := b.Shape
	list := []exchanged{{"q", s.N, s.D, in.Q}, {"k", s.S, s.D, in.K}, {"v", s.S, s.E, in.V}}
	if b.backward() {
		in.sampleUpstream(b)
		list = append(list, exchanged{"dout", s.N, s.E, in.part})
	}
	tensors := map[string]variants.Tensor{}
	for _, x := range list {
		tensors[x.name] = variants.Tensor{Dims: x.dims(s), F32: x.elements}
	}
	return tensorfile.Write(path, tensors, nil)
}

// sampleUpstream leaves the sampled rows of dout in part.
func (in *operands) sampleUpstream(b *Block) {
	check.CopyRows(in.part, in.dout, b.Shape, b.gradientRows())
}

// receive reads a peer's output, and gradients where the block's pass has them.
func (in *operands) receive(path string, b *Block) error {
	f, err := tensorfile.Read(path, tensorfile.AllowNonFinite)
	if err != nil {
		return fmt.Errorf("the peer's output: %s", strings.TrimPrefix(err.Error(), path+": "))
	}
	s := b.Shape
	list := []exchanged{{"out", s.N, s.E, in.out}}
	if b.backward() {
		list = append(list, exchanged{"dq", s.N, s.D, in.dq}, exchanged{"dk", s.S, s.D, in.dk},
			exchanged{"dv", s.S, s.E, in.dv})
	}
	for _, x := range list {
		got := f.Tensors[x.name]
		if !slices.Equal(got.Dims, x.dims(s)) || len(got.F32) != len(x.elements) {
			return fmt.Errorf("the peer's output is %s: it must be a float tensor %s of %s",
				variants.FormatDims(got.Dims), x.name, variants.FormatDims(x.dims(s)))
		}
		copy(x.elements, got.F32)
	}
	check.Round(in.result, in.out)
	return nil
}

// checkPeerGradients compares the gradients that a peer computed with the definition's, where its function is
// the mechanism's.
func (t *trial) checkPeerGradients(ctx context.Context, in *operands) (err error) {
	c := t.cell
	if !c.Block.backward() || !c.Peer.Same || t.failure != "" {
		return nil
	}
	t.gradients = &gradients{into: variants.Gradients{Q: in.dq, K: in.dk, V: in.dv}}
	if c.Mechanism.SharedQK {
		t.gradients.into.K = nil
	}
	in.sampleUpstream(c.Block)
	return t.compareGradients(ctx, in)
}

// patience is how long to wait for a peer, at most so long: not much past the end of the run's budget.
func (r *run) patience(most time.Duration) time.Duration {
	if r.deadline == 0 {
		return most
	}
	return min(most, max(leastPatience, r.deadline-r.Clock.Now()))
}

// afford decides again on a cell whose first call has been seen: it gets the samples that fit.
func (r *run) afford(c *Cell) Refusal {
	left := time.Duration(math.MaxInt64)
	if r.deadline > 0 {
		left = r.deadline - r.Clock.Now()
	}
	var refusal Refusal
	for _, samples := range []int{c.Samples, min(minSamples, c.Samples)} {
		cost := c.sampling(samples)
		if refusal = r.plan.schedule.refuse(c, samples, cost, cost, left); refusal.Code == "" {
			c.Samples = samples
			return refusal
		}
	}
	return refusal
}
