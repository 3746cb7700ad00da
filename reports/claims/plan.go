package claims

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"attnbench/results"
)

// A Run is what one call of bench run measures: every combination of its axes.
type Run struct {
	Variants []string
	Options  []Axis
	N, D     []int
	Passes   []string
	Seed     int // 0: that of the command's default

	block // what its cells share, and the cells
}

// An Axis is an option of a variant with the values that it takes.
type Axis struct {
	Name   string // VARIANT.OPTION
	Values []string
}

// Plan merges the cells that are wanted into runs, as few as measure little else: combinations of options,
// and of widths and lengths where errors are wanted from several seeds, which take little time. Cells of one
// shape stay in one run, where they are measured in turns.
func Plan(wants []Want, catalog Catalog) []Run {
	var runs []Run
	for _, b := range blocks(wants, catalog) {
		i := slices.IndexFunc(runs, func(r Run) bool { return r.fits(b, catalog) })
		if i < 0 {
			i = len(runs)
			runs = append(runs, Run{Variants: b.variants(), Passes: []string{b.pass}, block: *b})
			runs[i].cells = nil
		}
		r := &runs[i]
		r.N, r.D, r.cells = with(r.N, b.n), with(r.D, b.d), append(r.cells, b.cells...)
		r.Options = options(r.cells, catalog)
	}
	return seeded(joinPasses(runs))
}

// with adds a value to a list that does not have it.
func with[T comparable](list []T, value T) []T {
	if slices.Contains(list, value) {
		return list
	}
	return append(list, value)
}

// block holds what is wanted of one shape.
type block struct {
	shape results.Cell // heads, batch, causality, number format, threads and input
	n, d  int
	pass  string
	cells []results.Cell

	draws, after int
}

func blocks(wants []Want, catalog Catalog) []*block {
	var list []*block
	for _, w := range wants {
		b := &block{
			shape: w.Cell, n: w.Cell.N, d: w.Cell.D, pass: w.Cell.Pass, cells: []results.Cell{w.Cell},
			draws: w.Draws, after: w.after,
		}
		b.shape.Variant, b.shape.Options, b.shape.N, b.shape.D, b.shape.Pass, b.shape.Head = "", nil, 0, 0, "", ""
		i := slices.IndexFunc(list, func(o *block) bool { return o.n == b.n && o.d == b.d && o.alike(b, catalog) })
		if i < 0 {
			list = append(list, b)
			continue
		}
		same := func(c results.Cell) bool { return c.Name() == w.Cell.Name() }
		if !slices.ContainsFunc(list[i].cells, same) {
			list[i].cells = append(list[i].cells, w.Cell)
		}
	}
	slices.SortStableFunc(list, func(a, b *block) int { return cmp.Compare(a.n, b.n) })
	return list
}

// alike reports whether two blocks may be one: they differ in nothing but length, width and cells, and those
// of one variant name the same options without a known default, which are an axis in no other case.
func (b *block) alike(o *block, catalog Catalog) bool {
	if b.shape.Name() != o.shape.Name() || b.pass != o.pass || b.draws != o.draws || b.after != o.after {
		return false
	}
	named := map[string]string{}
	for _, c := range b.cells {
		named[c.Variant] = odd(c, catalog)
	}
	return !slices.ContainsFunc(o.cells, func(c results.Cell) bool {
		names, ok := named[c.Variant]
		return ok && names != odd(c, catalog)
	})
}

// odd names the options of a cell that have no known default.
func odd(c results.Cell, catalog Catalog) string {
	var names []string
	for _, o := range c.Options {
		if _, ok := catalog.Default(c.Variant, o.Name); !ok {
			names = append(names, o.Name)
		}
	}
	return strings.Join(names, " ")
}

// variants of a block, by first appearance.
func (b *block) variants() []string {
	var names []string
	for _, c := range b.cells {
		names = with(names, c.Variant)
	}
	slices.Sort(names)
	return names
}

// options are the axes that cover cells. A cell that does not name an option stands for its default.
func options(cells []results.Cell, catalog Catalog) []Axis {
	values := map[string][]string{}
	for _, c := range cells {
		for _, o := range c.Options {
			axis := c.Variant + "." + o.Name
			values[axis] = with(values[axis], o.Value)
		}
	}
	for _, c := range cells {
		for axis := range values {
			variant, option, _ := strings.Cut(axis, ".")
			named := slices.ContainsFunc(c.Options, func(o results.Option) bool { return o.Name == option })
			if value, ok := catalog.Default(variant, option); ok && variant == c.Variant && !named {
				values[axis] = with(values[axis], value)
			}
		}
	}
	var axes []Axis
	for _, name := range slices.Sorted(maps.Keys(values)) {
		slices.SortFunc(values[name], byNumber)
		axes = append(axes, Axis{name, values[name]})
	}
	return axes
}

// byNumber orders values of an option: numbers as such.
func byNumber(a, b string) int {
	x, err := strconv.ParseFloat(a, 64)
	y, other := strconv.ParseFloat(b, 64)
	if err != nil || other != nil {
		return cmp.Compare(a, b)
	}
	return cmp.Compare(x, y)
}

// fits reports whether a run can take a block at another length: the same variants with the same options, or
// with others where several seeds are wanted.
func (r Run) fits(b *block, catalog Catalog) bool {
	same := r.alike(b, catalog) && slices.Equal(r.Variants, b.variants())
	return same && (b.draws > 1 ||
		slices.Equal(r.D, []int{b.d}) && slices.EqualFunc(r.Options, options(b.cells, catalog), Axis.equal))
}

func (a Axis) equal(o Axis) bool { return a.Name == o.Name && slices.Equal(a.Values, o.Values) }

func (a Axis) String() string { return a.Name + "=" + strings.Join(a.Values, ",") }

// joinPasses makes one of runs that differ in their passes only.
func joinPasses(runs []Run) []Run {
	var joined []Run
	for _, r := range runs {
		i := slices.IndexFunc(joined, func(o Run) bool {
			return o.shape.Name() == r.shape.Name() && slices.Equal(o.Variants, r.Variants) &&
				slices.EqualFunc(o.Options, r.Options, Axis.equal) && slices.Equal(o.N, r.N) &&
				slices.Equal(o.D, r.D) && o.draws == r.draws
		})
		if i < 0 {
			joined = append(joined, r)
			continue
		}
		joined[i].Passes = append(joined[i].Passes, r.Passes...)
	}
	return joined
}

// seeded makes a run for each seed of those that draw.
func seeded(runs []Run) []Run {
	var list []Run
	for _, r := range runs {
		if r.draws == 1 {
			list = append(list, r)
			continue
		}
		for seed := range r.draws {
			r.Seed = r.after + seed + 1
			list = append(list, r)
		}
	}
	return list
}

// Flags are the arguments of bench run, names and values.
func (r Run) Flags() []string {
	var flags []string
	add := func(name, value, usual string) {
		if value != usual {
			flags = append(flags, name, value)
		}
	}
	add("--variants", strings.Join(r.Variants, ","), "")
	for _, a := range r.Options {
		add("--set", a.String(), "")
	}
	add("--n", numbers(r.N), "")
	add("--pass", strings.Join(r.Passes, ","), results.PassForward)
	s := r.shape
	add("--heads", strconv.Itoa(s.Heads), "1")
	add("--dim", numbers(r.D), "64")
	add("--batch", strconv.Itoa(s.Batch), "1")
	if s.Causal {
		add("--causal", "1", "0")
	}
	add("--dtype", s.DType, "f32")
	add("--threads", strconv.Itoa(s.Threads), "1")
	add("--input", s.Input, "gaussian")
	add("--seed", strconv.Itoa(r.Seed), "0")
	return flags
}

func numbers(list []int) string {
	texts := make([]string, len(list))
	for i, n := range slices.Sorted(slices.Values(list)) {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ",")
}

// String is the command.
func (r Run) String() string { return "bench run " + strings.Join(r.Flags(), " ") }
