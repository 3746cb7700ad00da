package reports_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"attnbench/reports"
)

// pageFile writes the HTML page of a report of two machines and many variants, with everything that a page
// can hold.
func pageFile(t *testing.T) string {
	t.Helper()
	s := many()
	s.peers = true
	set := s.set(t)
	other := usual()
	other.machine = "m2"
	second := other.set(t)
	set.Runs, set.Variants = append(set.Runs, second.Runs...), append(set.Variants, second.Variants...)
	report, err := reports.Build(set)
	check(t, err)
	var page bytes.Buffer
	check(t, report.Write(&page, "html", reports.Options{}))
	path := filepath.Join(t.TempDir(), "report.html")
	check(t, os.WriteFile(path, page.Bytes(), 0o644))
	return path
}

// TestPageInBrowser looks at the page at the widths of a phone, a tablet and a screen, by day and by night,
// and as it is printed.
func TestPageInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := startBrowser(t)
	path := pageFile(t)
	audit, err := os.ReadFile(filepath.Join("testdata", "accessible.js"))
	check(t, err)
	for _, width := range []int{390, 800, 1400} {
		for _, scheme := range []string{"light", "dark"} {
			b.open(path, width, scheme, "")
			var found []string
			b.evaluate(&found, string(audit))
			for _, line := range append(found, b.complaints(path)...) {
				t.Errorf("%d pixels, %s: %s", width, scheme, line)
			}
		}
	}
	b.open(path, 700, "light", "print")
	var found []string
	b.evaluate(&found, string(audit))
	for _, line := range found {
		t.Errorf("printed: %s", line)
	}
}

// TestPageSortsAndFilters presses what the script adds.
func TestPageSortsAndFilters(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := startBrowser(t)
	b.open(pageFile(t), 1400, "light", "")
	const names = `const table = [...document.querySelectorAll('.one')].find(e =>
		e.querySelector('h4').textContent === 'Time of one call');
	const names = () => [...table.querySelectorAll('tbody th[scope=row]')].filter(e => e.checkVisibility())
		.map(e => e.textContent);
	const values = i => [...table.querySelectorAll('tbody tr:not(.family)')].map(r => r.cells[i].dataset.value)
		.filter(v => v !== undefined).map(Number);`
	var order [4][]string
	b.evaluate(&order, names+`
		const press = () => table.querySelectorAll('thead button')[1].click();
		const order = [names()];
		for (let i = 0; i < 3; i++) { press(); order.push(names()); }
		return order;`)
	if !slices.Equal(order[0], order[3]) || slices.Equal(order[0], order[1]) || order[0][0] != "full" {
		t.Errorf("unsorted %v, after three presses %v", order[0], order[3])
	}
	var columns [2][]float64
	b.evaluate(&columns, names+`
		const press = () => table.querySelectorAll('thead button')[1].click();
		press(); const up = values(1); press(); return [up, values(1)];`)
	down := slices.Clone(columns[1])
	slices.Reverse(down)
	if len(down) < 17 || !slices.IsSorted(columns[0]) || !slices.IsSorted(down) {
		t.Errorf("sorted %v and %v", columns[0], columns[1])
	}
	var shown []string
	b.evaluate(&shown, names+` // by descending time, still
		const [input, select] = ['input', 'select'].map(n => document.querySelector('.filter ' + n));
		select.value = 'kernel'; input.value = 'former'; input.dispatchEvent(new Event('input', {bubbles: true}));
		return names().concat(document.querySelector('output').value);`)
	if got := fmt.Sprint(shown[:len(shown)-1]); got != "[cosformer performer]" {
		t.Errorf("of the kernel family with former there are %v", shown)
	}
}
