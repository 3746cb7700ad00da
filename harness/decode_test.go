package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"attnbench/results"
	"attnbench/variants"
)

// averaging is a mechanism that decodes: a row is the mean of the values up to it, a token takes ten
// microseconds, and what is kept is a sum. wrong spoils outputs; calls count tokens.
func averaging(clock *fakeClock, wrong func(call int, out []float32)) *variants.Mechanism {
	m := fakeMechanism(clock, "mean", 1e3, 1)
	m.Definition = func(p *variants.Problem, h variants.Head) []float64 {
		var out []float64
		for _, r := range h.Rows {
			row := make([]float64, p.Shape.E)
			for j := range r + 1 {
				for c := range row {
					row[c] += h.V[j*p.Shape.E+c] / float64(r+1)
				}
			}
			out = append(out, row...)
		}
		return out
	}
	m.DecodeCost = func(*variants.Problem) variants.Cost { return variants.Cost{FLOPs: 2000} }
	m.NewDecoder = func(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
		s := p.Shape
		return &fakeDecoder{s, variants.Recurrent[float32](ws, s.Slices()*s.E), clock, wrong, 0}
	}
	return m
}

type fakeDecoder struct {
	shape variants.Shape
	sum   []float32
	clock *fakeClock
	wrong func(call int, out []float32)
	calls int
}

func (d *fakeDecoder) Prefill(_, v variants.Floats, count int) {
	clear(d.sum)
	for slice := range d.shape.Slices() {
		for j := range count {
			d.add(slice, v.F32[(slice*d.shape.N+j)*d.shape.E:])
		}
	}
}

func (d *fakeDecoder) add(slice int, v []float32) {
	for c := range d.shape.E {
		d.sum[slice*d.shape.E+c] += v[c]
	}
}

func (d *fakeDecoder) Decode(position int, out, _, _, v variants.Floats) {
	d.clock.advance(10 * time.Microsecond)
	for slice := range d.shape.Slices() {
		d.add(slice, v.F32[slice*d.shape.E:])
	}
	for i, x := range d.sum {
		out.F32[i] = x / float32(position+1)
	}
	if d.calls++; d.wrong != nil {
		d.wrong(d.calls, out.F32)
	}
}

func (d *fakeDecoder) Executed() int64 { return 3000 }

// TestDecodePass: a cell is the time of a token, with its own work and its state, and causal whatever the
// axis says; the mechanism without a decoder is skipped with its reason.
func TestDecodePass(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	other := fakeMechanism(clock, "linear", 1, 1)
	other.NoDecode = "it looks ahead"
	all := []*variants.Mechanism{averaging(clock, nil), other}
	axes := Axes{N: "1,2,40", Dim: "8", Heads: "2", Batch: "3", Causal: "0,1", Pass: "decode"}
	plan := newPlan(t, clock, axes, Limits{}, all)
	if totals, err := plan.Run(context.Background(), j); err != nil || totals.Done != 3 || totals.Skipped != 3 {
		t.Fatalf("%+v %v", totals, err)
	}
	for _, s := range j.samples {
		if s.Nanoseconds != 1e4 || s.FLOPs != 2000 || s.Executed != 3000 || s.Memory.State != 2*3*8*4 ||
			s.Iterations < 100 || !s.Block.Shape.Causal || !(s.Errors.Impl < 1e-6) || s.Errors.Relative == 0 {
			t.Errorf("n = %d: %+v", s.Block.Shape.N, s)
		}
	}
	if reason := j.outcome("linear", 40).Refusal.Reason; reason != "does not decode: it looks ahead" {
		t.Errorf("linear: %q", reason)
	}
	note := "--causal 0,1: pass decode is causal all the same"
	if !slices.Equal(plan.Notes(), []string{note}) {
		t.Errorf("notes: %q", plan.Notes())
	}
}

// TestDecodeGate spoils a token of the three that are checked one by one, or later ones: the token from the
// verified context again, and what all calls of a sample leave.
func TestDecodeGate(t *testing.T) {
	for want, spoilt := range map[string]func(call int) bool{
		"":         func(int) bool { return false },
		"impl-err": func(call int) bool { return call == 2 },
		"a timed call gave another output than the verified one": func(call int) bool { return call > 3 },
		errChanged.Error(): func(call int) bool { return call > 1000 },
	} {
		clock, j := &fakeClock{}, &journal{}
		m := averaging(clock, func(call int, out []float32) {
			if spoilt(call) {
				out[0] += float32(call)
			}
		})
		axes := Axes{N: "64", Dim: "4", Pass: results.PassDecode}
		plan := newPlan(t, clock, axes, Limits{}, []*variants.Mechanism{m})
		if _, err := plan.Run(context.Background(), j); err != nil {
			t.Fatal(err)
		}
		o := j.outcomes[0]
		if (o.Status == results.Done) != (want == "") || !strings.Contains(o.Refusal.Reason, want) {
			t.Errorf("%q: %s %s", want, o.Status, fmt.Sprint(o.Refusal))
		}
	}
}

// TestSnapshotCountsAsMemory: the guard knows of the copy of the state that samples start from.
func TestSnapshotCountsAsMemory(t *testing.T) {
	clock := &fakeClock{}
	axes := Axes{N: "64", Dim: "8", Heads: "3", Pass: results.PassDecode}
	plan := newPlan(t, clock, axes, Limits{}, []*variants.Mechanism{averaging(clock, nil)})
	const state = 3 * 8 * 4
	if got := plan.Blocks[0].Cells[0].Predicted.Bytes; got != 2*state {
		t.Errorf("%d B, want the state of %d B twice", got, state)
	}
}
