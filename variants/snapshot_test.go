package variants

import (
	"slices"
	"testing"
)

// Memory knows before anything is allocated what a snapshot will hold: recurrent state once more, exactly.
func TestSnapshotsAreCounted(t *testing.T) {
	m := toy()
	var state []float32
	m.NewDecoder = func(_ *Problem, ws *Workspace) Decoder {
		State[float32](ws, 1000)
		state = Recurrent[float32](ws, 7)
		Recurrent[float64](ws, 3)
		return nil
	}
	m.DecodeCost = func(*Problem) Cost { return Cost{} }
	r := toyRequest("")
	r.Decode, r.Shape.Causal = true, true
	p, err := m.Resolve(r)
	if err != nil {
		t.Fatal(err)
	}
	want := p.Memory()
	_, snapshot, memory := p.PlanDecoder()
	const copied = 7*4 + 3*8
	if memory != want || memory.Copied != copied || memory.State != copied+4000 {
		t.Errorf("%+v, predicted %+v", memory, want)
	}
	snapshot.Save()
	snapshot.Save() // takes no more
	floats, doubles := snapshot.parts[0].(*sums[float32]).saved, snapshot.parts[1].(*sums[float64]).saved
	if held := 4*cap(floats) + 8*cap(doubles); held != copied {
		t.Errorf("the snapshot holds %d B, want %d", held, copied)
	}
	state[2] = 5
	snapshot.Restore()
	if !slices.Equal(state, make([]float32, 7)) {
		t.Errorf("restored %v", state)
	}
}
