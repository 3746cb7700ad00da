package reports

import (
	"cmp"
	"slices"

	"attnbench/results"
)

// families is the order of families in tables and charts; others follow by name.
func families() []string {
	return []string{"exact", "pattern", "low rank", "kernel", "hashing", "recurrent"}
}

// familyPlace is a variant's place among families. Unusual families follow the usual ones; then come
// references, for orientation, and peers.
func familyPlace(v results.Variant) int {
	switch i := slices.Index(families(), v.Family); {
	case peer(v):
		return len(families()) + 2
	case v.Role == results.RoleReference:
		return len(families()) + 1
	case i < 0:
		return len(families())
	default:
		return i
	}
}

// compareFamilies orders variants by family.
func compareFamilies(a, b results.Variant) int {
	if n := cmp.Compare(familyPlace(a), familyPlace(b)); n != 0 || peer(a) {
		return n
	}
	return cmp.Compare(a.Family, b.Family)
}

// chartColours is how many colours a chart has.
const chartColours = 8

// crowded reports whether the group has more variants than a chart has colours: then a colour is a family, in
// all charts.
func (g *group) crowded() bool {
	var names []string
	for _, c := range g.cells {
		if !peer(c.variant) {
			names = append(names, c.Variant)
		}
	}
	return len(distinct(names)) > chartColours
}

// row is the series' row of a table.
func (x *series) row(cells ...Cell) Row {
	r := Row{Cells: cells, Muted: x.variant.Role == results.RoleReference, Peer: peer(x.variant)}
	if !r.Peer {
		r.Family = x.variant.Family
	}
	return r
}

// A Section is a run of rows that belong together.
type Section struct {
	Name string // a family, or "peers"; empty where the rows need no heading
	Rows []Row
}

// manyRows is more rows than the eye takes in without headings.
const manyRows = 10

// Sections splits the table's rows: peers from the rest, and where there are many rows, families from each
// other.
func (t Table) Sections() []Section {
	kinds, last := 0, ""
	for _, r := range t.Rows {
		if r.Family != "" && r.Family != last {
			kinds, last = kinds+1, r.Family
		}
	}
	grouped := len(t.Rows) > manyRows && kinds > 1
	var list []Section
	for i, r := range t.Rows {
		name := ""
		switch {
		case r.Peer:
			name = "peers"
		case grouped:
			name = r.Family
		}
		if i == 0 || name != list[len(list)-1].Name {
			list = append(list, Section{Name: name})
		}
		end := &list[len(list)-1]
		end.Rows = append(end.Rows, r)
	}
	return list
}

// heading reports whether the row is the heading of a section.
func (r Row) heading() bool {
	return r.Muted && !slices.ContainsFunc(r.Cells[1:], func(c Cell) bool { return c.Text != "" })
}

// headed are the table's rows with a heading before those of each section: cells that hold a word and no
// figure.
func (t *Table) headed() []Row {
	var rows []Row
	for _, s := range t.Sections() {
		if s.Name != "" {
			heading := Row{Cells: make([]Cell, len(t.Columns)), Muted: true}
			heading.Cells[0] = words(s.Name + ":")
			rows = append(rows, heading)
		}
		rows = append(rows, s.Rows...)
	}
	return rows
}
