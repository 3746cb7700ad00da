package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"attnbench/results"
)

// A Wish is what a user asks of a variant.
type Wish struct {
	N         int
	MaxError  float64  // relative, on the worst head of real input
	MaxMemory float64  // counted bytes of a call; +Inf: any
	Inputs    []string // whose errors count; empty: all real ones
	Heads     []string // names or kinds of heads whose errors count; empty: all
	Passes    []string // empty: all
}

// A Choosable is a variant under one setting, as it is expected at the length that was asked for.
type Choosable struct {
	Label  string
	Time   Estimate // ns
	Memory float64  // counted bytes of a call
	Error  float64
	On     string   // what the error is of: "prose at n = 512, worst head 1:1.local"
	Notes  []string // what is interpolated, why it is not ranked

	exact *measured // the cell of the very length, nil where there is none
	marks []Mark
}

// An Answer is about the cells of one table: the same machine, input, pass and threads. Fastest and Uncertain
// are ascending by time.
type Answer struct {
	Setting   string
	Fastest   []Choosable // the first is the fastest; the others differ from it by noise only
	Uncertain []Choosable // satisfy the limits, but their times are not ranked
	Dear      []Choosable // err little enough, but need more memory
	Nearest   *Choosable  // where nothing errs little enough: the one that errs least
	Unknown   []string    // approximations without an error on real input
}

// Pick finds the fastest variants that satisfy a wish, for every setting that was measured around its length.
// Between two measured lengths time is interpolated in logarithms, memory is that of the longer one, and the
// error the larger of both; nothing is extrapolated but errors, which are those of the nearest length.
//
// It fails where an input or a head is unknown.
func Pick(set *results.Set, w Wish) ([]Answer, error) {
	if err := w.check(set); err != nil {
		return nil, err
	}
	var answers []Answer
	for _, g := range split(set) {
		heads := g.settings(set, true)
		for _, s := range slices.Concat(wholes(g.settings(set, false)), joinLengths(heads)) {
			if !in(w.Passes, s.probe.Pass) || s.decodes() {
				continue
			}
			if a, ok := s.answer(w, errorsOf(heads, w)); ok {
				answers = append(answers, a)
			}
		}
	}
	return answers, nil
}

// check refuses names that the results do not have, with those that they have.
func (w Wish) check(set *results.Set) error {
	if err := (Choice{Inputs: w.Inputs}).check(set); err != nil {
		return err
	}
	var heads, names []string
	for _, run := range set.Runs {
		for _, cell := range run.Cells {
			if head := cell.Cell.Head; head != "" {
				heads, names = append(heads, head), append(names, head, kindOf(head))
			}
		}
	}
	for _, h := range w.Heads {
		if !slices.Contains(names, h) {
			return fmt.Errorf("the results have no head %q: they have %s", h, list(distinct(heads)))
		}
	}
	return nil
}

// kindOf is what kind of head a name says that it is: "sink" of "24:3.sink".
func kindOf(head string) string {
	_, kind, _ := strings.Cut(head, ".")
	return kind
}

// wholes are settings that have all lengths already.
func wholes(list []*setting) []*isoSetting {
	var all []*isoSetting
	for _, s := range list {
		all = append(all, &isoSetting{setting: s, lengths: []*setting{s}})
	}
	return all
}

// errorsOf are the cells of real input whose errors count.
func errorsOf(heads []*setting, w Wish) []*measured {
	var list []*measured
	for _, s := range heads {
		for _, x := range s.series {
			for _, c := range x.cells {
				wanted := in(w.Inputs, c.Input) && (in(w.Heads, c.Head) || in(w.Heads, kindOf(c.Head)))
				if wanted && c.has(results.RelErr) {
					list = append(list, c)
				}
			}
		}
	}
	return list
}

// answer picks among the cells of a setting; ok is false where nothing was measured around the length.
func (j *isoSetting) answer(w Wish, errors []*measured) (a Answer, ok bool) {
	a.Setting = j.text()
	var fit []Choosable
	for _, label := range j.labels() {
		c, known := j.around(label, w.N)
		if !known {
			continue
		}
		ok = true
		if !c.err(j.labelled(label)[0], errors, w.N) {
			a.Unknown = append(a.Unknown, label)
			continue
		}
		switch {
		case c.Error > w.MaxError:
			if a.Nearest == nil || c.Error < a.Nearest.Error {
				a.Nearest = &c
			}
		case c.Memory > w.MaxMemory:
			a.Dear = append(a.Dear, c)
		case len(c.marks) > 0:
			c.Notes = append(c.Notes, "not ranked: "+c.marks[0].reason())
			a.Uncertain = append(a.Uncertain, c)
		default:
			fit = append(fit, c)
		}
	}
	faster := func(x, y Choosable) int { return cmp.Compare(x.Time.Median, y.Time.Median) }
	slices.SortStableFunc(fit, faster)
	slices.SortStableFunc(a.Uncertain, faster)
	a.Fastest = tied(fit, j.floor)
	if len(fit)+len(a.Uncertain)+len(a.Dear) > 0 {
		a.Nearest = nil
	}
	return a, ok
}

// labels are the variants of the suite that a user may take, each with its options.
func (j *isoSetting) labels() []string {
	var labels []string
	for _, s := range j.lengths {
		for _, x := range s.series {
			if suits(x.variant) && !slices.Contains(labels, x.label) {
				labels = append(labels, x.label)
			}
		}
	}
	return labels
}

// labelled are the timed cells of a label, ascending by length; of several heads the slowest stands for all.
func (j *isoSetting) labelled(label string) []*measured {
	var list []*measured
	for _, s := range j.lengths {
		for _, x := range s.series {
			for _, c := range x.cells {
				if x.label != label || !c.has(results.Time) {
					continue
				}
				if last := len(list) - 1; last < 0 || list[last].N != c.N {
					list = append(list, c)
				} else if c.median() > list[last].median() {
					list[last] = c
				}
			}
		}
	}
	return list
}

// around is what a label takes at a length: measured, or interpolated between its neighbours.
func (j *isoSetting) around(label string, n int) (c Choosable, ok bool) {
	var below, above *measured
	for _, m := range j.labelled(label) {
		if m.N <= n {
			below = m
		}
		if m.N >= n && above == nil {
			above = m
		}
	}
	if below == nil || above == nil {
		return c, false
	}
	c = Choosable{Label: label, Time: above.estimate(results.Time)}
	c.marks = mergeMarks(below.marks(), above.marks())
	c.Memory, _ = above.footprint()
	if below == above {
		c.exact = above
		return c, true
	}
	share := math.Log(float64(n)/float64(below.N)) / math.Log(float64(above.N)/float64(below.N))
	between := func(a, b float64) float64 { return math.Exp(math.Log(a) + share*(math.Log(b)-math.Log(a))) }
	first := below.estimate(results.Time)
	c.Time.Median, c.Time.Lo = between(first.Median, c.Time.Median), between(first.Lo, c.Time.Lo)
	c.Time.Hi = between(first.Hi, c.Time.Hi)
	c.Notes = append(c.Notes, fmt.Sprintf("time interpolated between n = %d and %d, memory of n = %d",
		below.N, above.N, above.N))
	return c, true
}

// err finds the error of a candidate on the worst of the heads, at the lengths nearest to the one asked for.
// An exact variant errs by rounding on every input, its own will do.
func (c *Choosable) err(timed *measured, errors []*measured, n int) bool {
	var same []*measured
	for _, e := range errors {
		if e.label == timed.label && e.Causal == timed.Causal && e.DType == timed.DType && e.variant.Target == "" {
			same = append(same, e)
		}
	}
	if len(same) == 0 && timed.variant.Role == results.RoleExact && timed.has(results.RelErr) {
		same = append(same, timed)
	}
	same = nearest(same, n)
	if len(same) == 0 {
		return false
	}
	worst := same[0]
	var inputs, lengths []string
	for _, e := range same {
		lost, _ := e.value(results.RelErr)
		if lost > c.Error {
			c.Error, worst = lost, e
		}
		inputs, lengths = append(inputs, e.Input), append(lengths, itoa(e.N))
	}
	c.On = list(distinct(inputs)) + " at n = " + list(distinct(lengths))
	if worst.Head != "" {
		c.On += ", worst head " + worst.Head
	}
	return true
}

// nearest keeps, of each input, the cells of the length asked for, else of its neighbours where both are
// there, else of the nearest.
func nearest(cells []*measured, n int) []*measured {
	around := make(map[string][2]int) // by input: the longest up to n, the shortest from n on; 0 for none
	for _, c := range cells {
		a := around[c.Input]
		if c.N <= n && c.N > a[0] {
			a[0] = c.N
		}
		if c.N >= n && (a[1] == 0 || c.N < a[1]) {
			a[1] = c.N
		}
		around[c.Input] = a
	}
	return slices.DeleteFunc(slices.Clone(cells), func(c *measured) bool {
		return !slices.Contains([]int{around[c.Input][0], around[c.Input][1]}, c.N)
	})
}

// tied are the first of candidates and those that differ from it by noise only: by the noise floor and the
// exact U test where both were measured at the length, else where their intervals meet.
func tied(list []Choosable, floor float64) (first []Choosable) {
	var pairs []contrast
	for _, c := range list {
		if list[0].exact != nil && c.exact != nil && c.exact != list[0].exact {
			pairs = append(pairs, contrast{list[0].exact, c.exact})
		}
	}
	told := newContrasts(floor, pairs)
	for i, c := range list {
		a := list[0]
		differ := c.Time.Lo > a.Time.Hi && above(floor, c.Time.Median/a.Time.Median)
		if a.exact != nil && c.exact != nil {
			differ = told.differ(contrast{a.exact, c.exact})
		}
		if i == 0 || !differ {
			first = append(first, c)
		}
	}
	return first
}

// reason is why a mark keeps a time from being ranked, in a word.
func (m Mark) reason() string {
	switch m {
	case MarkUnstable:
		return "its time is unstable"
	case MarkFew:
		return "fewer than 6 samples"
	}
	return "nearly exact by coverage"
}

// Text is one line about a candidate.
func (c Choosable) Text() string {
	text := fmt.Sprintf("%s: %s, %s, error %s on %s", c.Label, durationText(c.Time.Median)+spreadText(c.Time),
		sizeText(c.Memory), errorText(c.Error), c.On)
	return strings.Join(append([]string{text}, c.Notes...), "; ")
}
