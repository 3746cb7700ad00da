package share

import (
	"slices"
	"testing"
)

func TestMapping(t *testing.T) {
	if !Supported {
		t.Skip("no mapping on this system")
	}
	f, err := New([]float32{1, 2}, nil, []float32{3})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x, release, err := f.Floats(3)
	if err != nil || !slices.Equal(x, []float32{1, 2, 3}) {
		t.Fatal(x, err)
	}
	x[1] = 7 // nobody else sees it
	if again, err := f.Get(3); err != nil || again[1] != 2 {
		t.Errorf("%v %v after a write to a mapping", again, err)
	}
	release()
	if _, _, err := f.Floats(4); err == nil {
		t.Error("more is mapped than there is")
	}
	if err := f.Put([]float32{5}); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Get(1); err != nil || got[0] != 5 {
		t.Error(got, err)
	}
}
