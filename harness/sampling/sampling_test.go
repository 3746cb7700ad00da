package sampling

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// clock is one that only samples move.
type clock struct{ now time.Duration }

// cell takes samples of so many nanoseconds with log-normal noise.
func (c *clock) cell(nanoseconds, noise float64, seed uint64) *Cell {
	rng := rand.New(rand.NewPCG(seed, 1))
	return &Cell{
		Least: 10, Most: 100, Floor: 6, Extra: math.MaxInt64,
		Take: func() (float64, time.Duration, error) {
			x := nanoseconds * math.Exp(noise*rng.NormFloat64())
			c.now += time.Duration(x)
			return x, time.Duration(x), nil
		},
		Record: func(float64) error { return nil },
		Done:   func() error { return nil },
	}
}

func (c *clock) run(t *testing.T, deadline time.Duration, cells ...*Cell) {
	t.Helper()
	s := &Sampler{
		Now: func() time.Duration { return c.now }, Order: rand.New(rand.NewPCG(1, 2)), Deadline: deadline,
		Between: func() {},
	}
	if err := s.Run(context.Background(), cells); err != nil {
		t.Fatal(err)
	}
}

func TestSamplesUntilTheIntervalIsNarrow(t *testing.T) {
	var c clock
	quiet, loud, hopeless := c.cell(1e6, 0.001, 1), c.cell(1e6, 0.03, 2), c.cell(1e6, 0.5, 3)
	c.run(t, 0, quiet, loud, hopeless)
	if len(quiet.Times) != 10 || len(hopeless.Times) != 100 {
		t.Errorf("%d samples without noise, %d where they scatter by half: want 10 and 100",
			len(quiet.Times), len(hopeless.Times))
	}
	if n := len(loud.Times); n < 12 || n > 60 {
		t.Errorf("%d samples at 3 %% noise", n)
	}
}

func TestTimeEndsSampling(t *testing.T) {
	tests := []struct {
		name     string
		set      func(c *Cell)
		deadline time.Duration
		want     int
	}{
		{"extra", func(c *Cell) { c.Extra = 5 * time.Millisecond }, 0, 15},
		{"no extra", func(c *Cell) { c.Extra = 0 }, 0, 10},
		{"limit", func(c *Cell) { c.Limit = 3 * time.Millisecond }, 0, 6},
		{"deadline", func(*Cell) {}, 4 * time.Millisecond, 4},
		{"begun before", func(c *Cell) { c.Times, c.Extra = make([]float64, 8), 0 }, 0, 10},
		{"done before", func(c *Cell) { c.Times, c.Extra = make([]float64, 12), 0 }, 0, 12},
	}
	for _, test := range tests {
		var c clock
		cell := c.cell(1e6, 1e-9, 1)
		cell.Take = func() (float64, time.Duration, error) {
			c.now += time.Millisecond
			return float64(1 + len(cell.Times)), time.Millisecond, nil // an interval that is never narrow
		}
		test.set(cell)
		c.run(t, test.deadline, cell)
		if len(cell.Times) != test.want {
			t.Errorf("%s: %d samples, want %d", test.name, len(cell.Times), test.want)
		}
	}
}
