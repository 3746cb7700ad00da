package results

import (
	"fmt"
	"strconv"
	"strings"
)

// base is the benchmark's name before its keys.
const base = "Attention"

// The passes that a cell can time. PassBackward is backward alone on what forward saved, PassBoth is forward
// and backward, PassDecode is one more token, the n-th.
const (
	PassForward  = "forward"
	PassBackward = "backward"
	PassBoth     = "both"
	PassDecode   = "decode"
)

// A Cell is the identity of a measurement: what was run, on what, how. Two cells are the same where their
// names are.
type Cell struct {
	Variant string
	N       int // queries
	S       int // keys; 0 or N: not written
	D       int // width of queries and keys
	E       int // width of values; 0 or D: not written
	Heads   int
	Batch   int
	Causal  bool
	Pass    string // PassForward, PassBackward, PassBoth, PassDecode
	DType   string // "f32", "bf16"
	SIMD    string
	Threads int
	Input   string   // "gaussian", the name of a shipped set, or a file's base name
	Head    string   // one head of the input, where a measurement is for it alone
	Options []Option // those that differ from the default or are swept, in declared order
}

// An Option is one option=value of a cell.
type Option struct{ Name, Value string }

// Name returns the benchmark's name without the word Benchmark: Attention/variant=.../n=.../... with the keys
// in their order. Values are escaped and numbers have no exponent: see the package comment.
func (c Cell) Name() string {
	var b strings.Builder
	b.WriteString(base)
	for _, k := range c.Keys() {
		b.WriteByte('/')
		b.WriteString(k.Name)
		b.WriteByte('=')
		b.WriteString(k.Value)
	}
	return b.String()
}

// Keys returns the name's keys in their order, with the values as the name has them.
func (c Cell) Keys() []Option {
	keys := make([]Option, 0, 14+len(c.Options))
	text := func(name, value string) { keys = append(keys, Option{name, Escape(value)}) }
	number := func(name string, value int) { text(name, strconv.Itoa(value)) }
	text("variant", c.Variant)
	number("n", c.N)
	if c.S != 0 && c.S != c.N {
		number("s", c.S)
	}
	number("d", c.D)
	if c.E != 0 && c.E != c.D {
		number("e", c.E)
	}
	number("h", c.Heads)
	number("b", c.Batch)
	number("causal", bit(c.Causal))
	text("pass", c.Pass)
	text("dtype", c.DType)
	text("simd", c.SIMD)
	number("threads", c.Threads)
	text("input", c.Input)
	if c.Head != "" {
		text("head", c.Head)
	}
	for _, o := range c.Options {
		text(o.Name, plainNumber(o.Value))
	}
	return keys
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// OperandBytes is the size of queries, keys, values and output, and of their gradients where the pass has
// them; of one token in decoding.
func (c Cell) OperandBytes() float64 {
	rows, keys, columns, size := c.N, c.S, c.E, 4
	if keys == 0 {
		keys = c.N
	}
	if columns == 0 {
		columns = c.D
	}
	if c.DType == "bf16" {
		size = 2
	}
	switch c.Pass {
	case PassBackward, PassBoth:
		size *= 2
	case PassDecode:
		rows, keys = 1, 1
	}
	return float64(size) * float64(c.Heads*c.Batch) * float64((rows+keys)*(c.D+columns))
}

// Label is the variant with its options, as a table names it: NAME[features=64].
func (c Cell) Label() string {
	if len(c.Options) == 0 {
		return c.Variant
	}
	parts := make([]string, len(c.Options))
	for i, o := range c.Options {
		parts[i] = o.Name + "=" + plainNumber(o.Value)
	}
	return c.Variant + "[" + strings.Join(parts, ",") + "]"
}

// ParseCell is the inverse of Name. Keys that it does not know are options; S and E are 0 where the name
// leaves them out.
func ParseCell(name string) (Cell, error) {
	var c Cell
	rest, ours := strings.CutPrefix(name, base+"/")
	if !ours {
		return c, fmt.Errorf("benchmark %q: its name does not begin with %s", name, base+"/")
	}
	seen := make(map[string]bool)
	for part := range strings.SplitSeq(rest, "/") {
		key, text, found := strings.Cut(part, "=")
		if !found || seen[key] {
			return c, fmt.Errorf("benchmark %q: %q is no key=value, or its key stands there twice", name, part)
		}
		seen[key] = true
		value, err := Unescape(text)
		if err == nil {
			err = c.set(key, value)
		}
		if err != nil {
			return c, fmt.Errorf("benchmark %q: %w", name, err)
		}
	}
	if again := c.Name(); again != name {
		return c, fmt.Errorf("benchmark %q: a key is missing, misplaced or misspelt: it should be %q", name, again)
	}
	return c, nil
}

// set stores one key of a name.
func (c *Cell) set(key, value string) error {
	texts := map[string]*string{
		"variant": &c.Variant, "pass": &c.Pass, "dtype": &c.DType, "simd": &c.SIMD, "input": &c.Input,
		"head": &c.Head,
	}
	numbers := map[string]*int{
		"n": &c.N, "s": &c.S, "d": &c.D, "e": &c.E, "h": &c.Heads, "b": &c.Batch, "threads": &c.Threads,
	}
	if text, ok := texts[key]; ok {
		*text = value
		return nil
	}
	number, isNumber := numbers[key]
	if !isNumber && key != "causal" {
		c.Options = append(c.Options, Option{key, value})
		return nil
	}
	i, err := strconv.Atoi(value)
	if err != nil {
		return fmt.Errorf("%s=%s is not a whole number", key, value)
	}
	if key == "causal" {
		c.Causal = i == 1
		return nil
	}
	*number = i
	return nil
}
