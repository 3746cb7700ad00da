package kernel

import (
	"fmt"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	for _, s := range Available() {
		got, err := Lookup(s.Name)
		if err != nil || got.Name != s.Name {
			t.Errorf("Lookup(%q) = %v, %v", s.Name, got, err)
		}
	}
	if Best().Name != Available()[len(Available())-1].Name {
		t.Error("Best is not the last of Available")
	}
}

func TestLookupErrors(t *testing.T) {
	_, err := Lookup("sse9")
	if err == nil || !strings.Contains(err.Error(), `"sse9"`) || !strings.Contains(err.Error(), "generic") {
		t.Errorf("an unknown name gives %v: it should be named, and what there is", err)
	}
	here := map[string]bool{}
	for _, s := range Available() {
		here[s.Name] = true
	}
	for name, arch := range map[string]string{"avx2": "amd64", "avx512": "amd64", "neon": "arm64"} {
		_, err := Lookup(name)
		if here[name] != (err == nil) {
			t.Errorf("Lookup(%q) gives %v, available %v", name, err, here[name])
		}
		if err != nil && !strings.Contains(err.Error(), "needs an "+arch+" CPU") {
			t.Errorf("Lookup(%q) gives %v: it should say what is missing", name, err)
		}
	}
}

func TestSetShape(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		if s.Panel%s.Lanes != 0 || s.Rows < 1 {
			t.Errorf("tile of %d×%d with %d lanes", s.Rows, s.Panel, s.Lanes)
		}
		for n, want := range map[int]int{0: 0, 1: s.Lanes, s.Lanes: s.Lanes, s.Lanes + 1: 2 * s.Lanes} {
			if got := s.Pad(n); got != want {
				t.Errorf("Pad(%d) = %d, want %d", n, got, want)
			}
		}
		one := s.FMA(1)
		if one < int64(2*s.Lanes) || s.FMA(1000) != 1000*one || s.FMA(0) != 0 {
			t.Errorf("FMA counts %d operations a round, %d in 1000", one, s.FMA(1000))
		}
	})
}

// everyRoutine calls each routine once with matrices of rows×cols in slices of the given length.
func everyRoutine(s *Set, rows, cols, length int) map[string]func() {
	x, y, z := make([]float32, length), make([]float32, length), make([]float32, length)
	v, w, u := make([]float32, 4096), make([]float32, 4096), make([]float32, 4096)
	index, list := make([]int32, 4096), make([]int32, 4096)
	for i := range list {
		list[i] = int32(i)
	}
	return map[string]func(){
		"Gemm":  func() { s.Gemm(rows, cols, cols, x, cols, y, cols, z, cols, true) },
		"GemmT": func() { s.GemmT(cols, cols, rows, x, cols, y, cols, z, cols, false) },
		"GemmLanes": func() {
			s.GemmLanes((rows+5)/6*6, 4, cols/s.Lanes, x, cols, s.Lanes, y, cols, s.Lanes, z, 4*s.Lanes, s.Lanes)
		},
		"GemmTLanes": func() { s.GemmTLanes(2, 1, cols, rows, x, s.Lanes, y, 0, cols, z, 0, cols, true) },
		"Pack":       func() { s.Pack(rows, cols, z, s.Pad(rows), x, cols, 1) },
		"PackBlocks": func() {
			s.PackBlocks(rows/s.Lanes, cols, z, s.Lanes, cols*s.Lanes, x, cols, cols*s.Lanes, 1)
		},
		"Softmax":     func() { s.Softmax(rows, cols, x, cols, v, w, u) },
		"ScaleRows":   func() { s.ScaleRows(rows, cols, y, cols, x, cols, v) },
		"GatherRows":  func() { s.GatherRows(cols, y, cols, x, cols, list[:rows]) },
		"ScatterRows": func() { s.ScatterRows(cols, y, cols, x, cols, list[:rows]) },
		"MaxCols":     func() { s.MaxCols(rows, cols, x, cols, v) },
		"ExpCols":     func() { s.ExpCols(rows, cols, x, cols, v, 1) },
		"GradCols":    func() { s.GradCols(rows, cols, x, cols, y, cols, v) },
		"MixRows":     func() { s.MixRows(rows, cols, y, cols, x, cols, y, cols, v, v) },
		"PowerRows":   func() { s.PowerRows(rows, cols, y, cols, x, cols, z, cols, x, cols, y, cols, 1) },
		"SumDown":     func() { s.SumDown(rows-1, cols, y, cols, x, cols, 1) },
		"DotRows":     func() { s.DotRows(rows, cols, x, cols, v, v) },
		"ReLU":        func() { s.ReLU(rows, cols, x, cols, 1) },
		"ELU":         func() { s.ELU(rows, cols, x, cols) },
		"ScaleCols":   func() { s.ScaleCols(rows, cols, y, cols, x, cols, v) },
		"Slope":       func() { s.Slope(rows, cols, x, cols, y, cols, 1) },
		"SinCos":      func() { s.SinCos(rows, cols, x, cols, y, cols, v) },
		"DotCols":     func() { s.DotCols(rows, cols, x, cols, v, w) },
		"SumRows":     func() { s.SumRows(rows, cols, x, cols, v) },
		"SquareRows":  func() { s.SquareRows(rows, cols, x, cols, v) },
		"ArgMaxCols":  func() { s.ArgMaxCols(rows, cols, x, cols, index) },
		"MarginCols":  func() { s.MarginCols(rows, cols, x, cols, v) },
		"Exp2":        func() { s.Exp2(y, v[:rows*cols]) },
	}
}

func TestNoAllocation(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		for name, call := range everyRoutine(s, 72, 3*s.Lanes, 80*6*s.Lanes) {
			if n := testing.AllocsPerRun(3, call); n != 0 {
				t.Errorf("%s allocates %v times", name, n)
			}
		}
	})
}

func TestShortSlices(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		rows, cols := s.Lanes, 2*s.Lanes
		for name, call := range everyRoutine(s, rows, cols, rows*cols-1) {
			if msg := panics(call); msg == "" {
				t.Errorf("%s takes a slice that is too short", name)
			}
		}
		for name, call := range everyRoutine(s, rows, s.Lanes+1, 1<<12) {
			switch name {
			case "GemmLanes", "Pack", "PackBlocks", "ScaleRows", "MixRows", "PowerRows", "SumDown", "GatherRows",
				"ScatterRows", "DotRows", "SquareRows", "Exp2":
				continue // any number of columns
			}
			if msg := panics(call); !strings.Contains(msg, "lanes") {
				t.Errorf("%s with %d columns panics with %q", name, s.Lanes+1, msg)
			}
		}
	})
}

// panics returns what f panics with, or "".
func panics(f func()) (msg string) {
	defer func() {
		if r := recover(); r != nil {
			msg = fmt.Sprint(r)
		}
	}()
	f()
	return ""
}

func TestCPU(t *testing.T) {
	info := CPU()
	if info.L1D < 0 || info.L2 < 0 || info.L3 < 0 || info.Cores < 0 {
		t.Errorf("negative sizes in %+v", info)
	}
	for i, f := range info.Features {
		if f == "" || i > 0 && info.Features[i-1] == f {
			t.Errorf("feature %d of %v is empty or repeated", i, info.Features)
		}
	}
}

// TestSide holds the sides of the register tiles that exist, and of plain Go.
func TestSide(t *testing.T) {
	for _, c := range []struct{ panel, rows, side int }{
		{16, 6, 96}, {64, 6, 192}, {12, 8, 96}, {8, 1, 96}, {8, 12, 96},
	} {
		if got := (&Set{Panel: c.panel, Rows: c.rows}).Side(); got != c.side {
			t.Errorf("%d×%d: side %d, want %d", c.rows, c.panel, got, c.side)
		}
	}
}
