package claims

import "attnbench/results"

// What a test is about: one figure of a cell.
const (
	// QuantityTime is the time of one call, in nanoseconds.
	QuantityTime = "time"
	// QuantityMemory is what a call holds beyond operands and results, in counted bytes: its workspace, and what
	// is kept for the backward pass or between tokens.
	QuantityMemory = "memory"
	// QuantityFootprint is that with parameters, operands and results, and where the pass has gradients with
	// those of both.
	QuantityFootprint = "footprint"
	// QuantityError is the relative error against exact attention.
	QuantityError = "error"
)

// What a test measures of the quantity of a series.
const (
	// MeasureExponent is how it grows along the axis: the slope of its logarithm over that of the axis.
	MeasureExponent = "exponent"
	// MeasureCrossover is the place on the axis from which it is below that of another series.
	MeasureCrossover = "crossover"
	// MeasureRatio is how many times that of another series it goes into: above 1 where it is the smaller.
	MeasureRatio = "ratio"
	// MeasureValue is the quantity itself, in ns, bytes, or as a ratio.
	MeasureValue = "value"
)

// A Claim is one published table or statement.
type Claim struct {
	Name       string `toml:"-"` // of its file, without .toml
	File       string `toml:"-"` // where it was read, for messages
	Title      string `toml:"title"`
	Source     string `toml:"source"`     // authors, year, title, table
	URL        string `toml:"url"`        // or arXiv number
	Statement  string `toml:"statement"`  // what is claimed, in words
	Conditions string `toml:"conditions"` // under which the original was measured
	Differs    string `toml:"differs"`    // in what ours differ all the same
	// Needs is what the suite lacks to decide the whole claim; the tests, if any, decide a part. With it the
	// claim is never supported as a whole.
	Needs  string   `toml:"needs"`
	Cells  Cells    `toml:"cells"`
	Series []Series `toml:"series"`
	Tests  []Test   `toml:"test"`

	lines map[string]int // of keys, for messages
}

// Cells are the conditions that select cells, the same for all series.
type Cells struct {
	Quantity string `toml:"quantity"` // time, memory, footprint, error (default time)
	Pass     string `toml:"pass"`     // default forward
	Heads    int    `toml:"heads"`    // default 1
	Dim      int    `toml:"d"`        // default 64
	Batch    int    `toml:"batch"`    // default 1
	Threads  int    `toml:"threads"`  // default 1
	Causal   bool   `toml:"causal"`
	DType    string `toml:"dtype"` // default f32
	Input    string `toml:"input"` // default gaussian; a shipped set, or a tensor file
	N        int    `toml:"n"`     // where the axis is another
	Along    string `toml:"along"` // the axis: n (default), d, heads, batch, or an option
	Values   []int  `toml:"values"`
	// Draws is the number of seeds that an error is estimated over: 1 where nothing is drawn, else at least 6.
	Draws int `toml:"draws"`
}

// A Series is one row of the original: a variant along the axis.
type Series struct {
	Name      string         `toml:"name"`      // as the original has it
	Variant   string         `toml:"variant"`   // empty: the suite has none
	Head      string         `toml:"head"`      // of a shipped input, "24:3.sink"
	Options   map[string]any `toml:"options"`   // a value, or a list with one for each value of the axis
	Published []float64      `toml:"published"` // one for each value of the axis, nan where none was printed
}

// A Test is one figure and the bounds within which it confirms the claim.
type Test struct {
	Measure   string   `toml:"measure"`    // exponent, crossover, ratio, value
	Quantity  string   `toml:"quantity"`   // where it is not that of the claim
	Of        string   `toml:"of"`         // a series
	Against   string   `toml:"against"`    // another, of crossover and ratio
	At        []int    `toml:"at"`         // places on the axis (default: all)
	AgainstAt int      `toml:"against_at"` // place of the other series, where it is not the same
	Original  *float64 `toml:"original"`   // as printed, where no series has it
	Min       *float64 `toml:"min"`
	Max       *float64 `toml:"max"`
	Factor    float64  `toml:"factor"` // instead: within this factor of the original
	Note      string   `toml:"note"`   // why these bounds
}

// series returns the series of a name, nil where there is none.
func (c *Claim) series(name string) *Series {
	for i := range c.Series {
		if c.Series[i].Name == name {
			return &c.Series[i]
		}
	}
	return nil
}

// quantity is what a test is about.
func (c *Claim) quantity(t *Test) string {
	if t.Quantity != "" {
		return t.Quantity
	}
	return c.Cells.Quantity
}

// at are the places on the axis that a test looks at.
func (c *Claim) at(t *Test) []int {
	if len(t.At) > 0 {
		return t.At
	}
	return c.Cells.Values
}

// A Catalog tells what a results file leaves out: a reader of results knows no mechanism.
type Catalog interface {
	// Default returns the value of an option that a cell's name does not mention; ok is false where it depends
	// on the problem or is not known.
	Default(variant, option string) (value string, ok bool)
}

func (c *Cells) setDefaults() {
	text := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	number := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	text(&c.Quantity, QuantityTime)
	text(&c.Pass, results.PassForward)
	text(&c.DType, "f32")
	text(&c.Input, "gaussian")
	text(&c.Along, "n")
	number(&c.Heads, 1)
	number(&c.Dim, 64)
	number(&c.Batch, 1)
	number(&c.Threads, 1)
	number(&c.Draws, 1)
}
