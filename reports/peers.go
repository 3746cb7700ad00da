package reports

import (
	"fmt"
	"slices"
	"strings"

	"attnbench/results"
)

// peer reports whether a variant is another implementation in a process of its own.
func peer(v results.Variant) bool { return v.Role == results.RolePeer }

// standsIn reports whether a variant computes something else in the place of its target.
func standsIn(v results.Variant) bool {
	return v.Role == results.RoleApproximation || peer(v) && !v.Exact
}

// competes reports whether a variant's time may be ranked with those of the suite's mechanisms.
func competes(v results.Variant) bool {
	return v.Role != results.RoleReference && (!peer(v) || v.Exact)
}

// seat adds the peers' cells to the setting that they were measured beside, which differs from them in the
// SIMD path alone; those without one get a setting of their own.
func seat(list []*setting, peers []*measured) []*setting {
	for _, c := range peers {
		own := probe(c.Cell)
		i := slices.IndexFunc(list, func(s *setting) bool {
			beside := s.probe
			beside.SIMD = results.External
			return beside.Name() == own.Name()
		})
		if i < 0 {
			i = len(list)
			list = append(list, &setting{probe: own})
		}
		list[i].add(c)
	}
	return list
}

// peers are the series of external implementations.
func (s *setting) peers() []*series {
	return slices.DeleteFunc(slices.Clone(s.series), func(x *series) bool { return !peer(x.variant) })
}

// exactPeers are the external implementations of exact attention: what people would run otherwise.
func (s *setting) exactPeers() []*series {
	return slices.DeleteFunc(s.peers(), func(x *series) bool { return !x.variant.Exact || !x.measured() })
}

// A pair is a variant and another implementation of it with the same options.
type pair struct {
	ours, theirs *series
	told         contrasts // of all pairs of the setting
}

// matches pairs variants with their peers, in the order of the variants.
func (s *setting) matches() []pair {
	var list []pair
	for _, x := range s.series {
		for _, p := range s.peers() {
			if p.variant.Implements == x.variant.Name && slices.Equal(work(x), work(p)) &&
				len(both(x, p)) > 0 {
				list = append(list, pair{ours: x, theirs: p})
			}
		}
	}
	var tests []contrast
	for _, p := range list {
		for _, n := range both(p.ours, p.theirs) {
			if ours, theirs := p.ours.at(n), p.theirs.at(n); len(p.marks(n)) == 0 {
				tests = append(tests, contrast{theirs, ours})
			}
		}
	}
	told := newContrasts(s.floor, tests)
	for i := range list {
		list[i].told = told
	}
	return list
}

// work are the options of a series that say what is computed: the allocator's setting does not.
func work(x *series) []results.Option {
	return slices.DeleteFunc(slices.Clone(x.cells[0].Options), func(o results.Option) bool {
		return peer(x.variant) && o.Name == "malloc"
	})
}

// both are the lengths at which both series were measured, ascending.
func both(a, b *series) []int {
	var lengths []int
	for _, c := range a.cells {
		if a.at(c.N) != nil && b.at(c.N) != nil {
			lengths = append(lengths, c.N)
		}
	}
	return lengths
}

// againstTable shows how many times faster than its peers each variant is.
func (s *setting) againstTable(pairs []pair) *Table {
	if len(pairs) == 0 {
		return nil
	}
	lengths := s.lengths()
	t := Table{
		ID: "against-peers", Title: "Against peers", Setting: s.text(),
		Columns: []Column{{Name: "variant / peer", Left: true}},
		Notes: []string{
			"Time of the peer over time of the variant on the same inputs, measured in turns: above 1 where the " +
				"variant is faster. " + noiseText(),
		},
	}
	for _, n := range lengths {
		t.Columns = append(t.Columns, Column{Name: itoa(n)})
	}
	for _, p := range pairs {
		row := Row{Cells: []Cell{words(p.ours.name() + " / " + p.theirs.label)}}
		for _, n := range lengths {
			row.Cells = append(row.Cells, p.at(n))
		}
		t.Rows = append(t.Rows, row)
	}
	t.dropEmptyColumns()
	return &t
}

// againstLines say in a sentence for each variant how it does against its peers at the longest length that
// all of them reached.
func (s *analysis) againstLines() []string {
	var lines []string
	for _, x := range s.series {
		var parts []string
		longest := 0
		for _, p := range s.pairs {
			if p.ours == x {
				longest = max(longest, slices.Max(both(p.ours, p.theirs)))
			}
		}
		for _, p := range s.pairs {
			if p.ours == x && p.theirs.at(longest) != nil && x.at(longest) != nil {
				parts = append(parts, p.text(longest))
			}
		}
		parts = slices.DeleteFunc(parts, func(text string) bool { return text == "" })
		if len(parts) > 0 {
			lines = append(lines, fmt.Sprintf("At n = %d %s is %s.", longest, x.name(), list(parts)))
		}
	}
	return lines
}

// name is the label without what notes add: that parameters are untrained does not matter to time.
func (x *series) name() string { return x.cells[0].Cell.Label() }

// marks are those of the ratio at a length of both. The two compute the same thing, so that only noise speaks
// against it: how many pairs both of them score does not.
func (p pair) marks(n int) []Mark {
	return mergeMarks(p.ours.at(n).noiseMarks(), p.theirs.at(n).noiseMarks())
}

// at is the ratio of times at one length.
func (p pair) at(n int) Cell {
	ours, theirs := p.ours.at(n), p.theirs.at(n)
	if ours == nil || theirs == nil {
		return words(absent)
	}
	return ratioCell(theirs, ours, p.marks(n), p.told)
}

// text is the outcome at one length, "2.41 ±4% times as fast as NAME"; empty where noise hides it.
func (p pair) text(n int) string {
	cell := p.at(n)
	switch {
	case len(cell.Marks) > 0:
		return ""
	case cell.Text == "~":
		return "as fast as " + p.theirs.label + " within the noise"
	}
	return cell.Text + " times as fast as " + p.theirs.label
}

// peerTable says what the peers are, with the versions that were measured.
func (g *group) peerTable() *Table {
	t := Table{
		ID: "peers", Title: "Peers", Prose: true,
		Columns: []Column{
			{Name: "peer", Left: true}, {Name: "implements", Left: true}, {Name: "versions", Left: true},
			{Name: "from", Left: true}, {Name: "is", Left: true},
		},
	}
	versions := map[string][]string{}
	var order []results.Variant
	for _, c := range g.cells {
		if !peer(c.variant) || !c.has(results.Time) {
			continue
		}
		if _, seen := versions[c.Variant]; !seen {
			order = append(order, c.variant)
		}
		if v := c.note.Versions; !slices.Contains(versions[c.Variant], v) {
			versions[c.Variant] = append(versions[c.Variant], v)
		}
	}
	for _, v := range order {
		t.Rows = append(t.Rows, Row{Cells: []Cell{
			words(v.Name), words(v.Implements), words(strings.Join(versions[v.Name], "; ")), words(v.Paper),
			words(v.Summary),
		}})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return &t
}

// peerNotes add to a table's notes what is particular to peers, where it has any.
func (t *Table) peerNotes(notes ...string) {
	if slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Peer }) {
		t.Notes = append(t.Notes, notes...)
	}
}
