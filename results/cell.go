package results

import (
	"fmt"
	"strconv"
	"strings"
)

// Cell is the identity of one measurement: what was run, on what, how.
type Cell struct {
	Variant string
	N       int
	S       int // key length; equal to N: not written
	D       int
	E       int // value dimension; equal to D: not written
	Heads   int
	Batch   int
	Causal  bool
	Pass    string // "forward"
	DType   string // "f32"
	SIMD    string
	Threads int
	Input   string   // "gaussian", the name of a shipped set, or a file's base name
	Head    string   // one head of the input, where a measurement is for it alone
	Options []Option // those that differ from the default or are swept, in declared order
}

// Option is one option=value of a cell.
type Option struct{ Name, Value string }

// Name is the cell's benchmark name without the word Benchmark: Attention/variant=…/n=…/… in the order of the contract. Values
// are escaped and numbers have no exponent: see the package comment.
func (c Cell) Name() string {
	var b strings.Builder
	b.WriteString("Attention")
	add := func(key, value string) { fmt.Fprintf(&b, "/%s=%s", key, Escape(plainNumber(value))) }
	number := func(key string, value int) { add(key, strconv.Itoa(value)) }
	add("variant", c.Variant)
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
	add("pass", c.Pass)
	add("dtype", c.DType)
	add("simd", c.SIMD)
	number("threads", c.Threads)
	add("input", c.Input)
	if c.Head != "" {
		add("head", c.Head)
	}
	for _, o := range c.Options {
		add(o.Name, o.Value)
	}
	return b.String()
}

// Label is the variant with its options, as a table names it: performer[features=64].
func (c Cell) Label() string {
	if len(c.Options) == 0 {
		return c.Variant
	}
	parts := make([]string, len(c.Options))
	for i, o := range c.Options {
		parts[i] = o.Name + "=" + o.Value
	}
	return c.Variant + "[" + strings.Join(parts, ",") + "]"
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ParseCell reads what Name writes. Keys after the known ones are options.
func ParseCell(name string) (Cell, error) {
	parts := strings.Split(name, "/")
	if parts[0] != "Attention" {
		return Cell{}, fmt.Errorf("benchmark %q: its name does not begin with Attention", name)
	}
	var c Cell
	for _, part := range parts[1:] {
		key, value, found := strings.Cut(part, "=")
		if !found {
			return Cell{}, fmt.Errorf("benchmark %q: %q is not key=value", name, part)
		}
		text, err := Unescape(value)
		if err != nil {
			return Cell{}, fmt.Errorf("benchmark %q: %w", name, err)
		}
		if err := c.set(key, text); err != nil {
			return Cell{}, fmt.Errorf("benchmark %q: %w", name, err)
		}
	}
	if c.Variant == "" || c.N < 1 || c.D < 1 {
		return Cell{}, fmt.Errorf("benchmark %q: variant, n or d is missing", name)
	}
	return c, nil
}

// set stores one key of a name.
func (c *Cell) set(key, value string) error {
	texts := map[string]*string{
		"variant": &c.Variant, "pass": &c.Pass, "dtype": &c.DType, "simd": &c.SIMD, "input": &c.Input, "head": &c.Head,
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
