package reports_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"attnbench/reports"
	"attnbench/results"
)

// manyMakers are as many variants as the suite has, of all families, declared in an order that is no table's.
func manyMakers() []maker {
	families := map[string]string{
		"exact": "full,flash", "pattern": "longformer,bigbird,sparse,local", "low rank": "linformer,nystrom",
		"kernel": "performer,linear,cosformer", "hashing": "reformer",
		"recurrent": "retnet,gla,deltanet,gated_deltanet,ssd", "reference": "identity",
	}
	var list []maker
	order := []string{"recurrent", "reference", "exact", "kernel", "hashing", "low rank", "pattern"}
	for _, family := range order {
		for i, name := range strings.Split(families[family], ",") {
			m := maker{
				Variant: results.Variant{
					Name: name, Title: name, Family: family, Role: results.RoleApproximation,
					Time: results.Growth{Text: "n", Exponent: 1}, Memory: results.Growth{Text: "n", Exponent: 1},
				},
				nanoseconds: 500 * float64(1+len(list)), exponent: 1, error: 0.05 * float64(1+len(list)), pairs: 0.1,
				work: func(n float64) float64 { return 256 * float64(1+i) * n },
			}
			switch family {
			case "exact":
				m.Role, m.Baseline, m.nanoseconds, m.exponent, m.pairs, m.error = results.RoleExact, true, 4, 2, 1, 1e-7
				m.longest, m.Time = 8192, results.Growth{Text: "n²", Exponent: 2}
			case "reference":
				m.Role, m.nanoseconds = results.RoleReference, 2
			}
			list = append(list, m)
		}
	}
	return list
}

func many() synthetic {
	s := usual()
	s.many = true
	return s
}

// TestFamilies: with many variants, tables have their families together, in one order, each under its name.
func TestFamilies(t *testing.T) {
	report, err := reports.Build(many().set(t))
	check(t, err)
	want := []string{"exact", "pattern", "low rank", "kernel", "hashing", "recurrent", "reference"}
	seen := 0
	for _, table := range report.Parts[0].Tables {
		if table.ID != "time" && table.ID != "workspace" {
			continue
		}
		seen++
		var got []string
		for _, s := range table.Sections() {
			got = append(got, s.Name)
			for _, r := range s.Rows {
				if r.Family != s.Name {
					t.Errorf("%s: %s of family %s stands under %s", table.ID, r.Cells[0].Text, r.Family, s.Name)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: families %v, want %v", table.ID, got, want)
		}
	}
	if seen != 2 {
		t.Errorf("%d tables of time and workspace", seen)
	}
}

// TestManyFitTheTerminal: no line but a command is wider than 100 columns, and no row of a table is broken.
func TestManyFitTheTerminal(t *testing.T) {
	s := many()
	s.peers = true
	report, err := reports.Build(s.set(t))
	check(t, err)
	var out bytes.Buffer
	check(t, report.Write(&out, "text", reports.Options{}))
	for line := range strings.Lines(out.String()) {
		n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n"))
		if n > 100 && !strings.HasPrefix(line, "go tool") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, name := range []string{"gated_deltanet", "longformer", "lib-rank[malloc=tuned]"} {
		rows := regexp.MustCompile(`(?m)^ *`+regexp.QuoteMeta(name)+` .*`).FindAllString(out.String(), -1)
		if len(rows) < 3 {
			t.Errorf("%s has %d rows", name, len(rows))
		}
	}
}

// TestManyAreToldTogether: seventeen variants take a few sentences, and each of them is in them.
func TestManyAreToldTogether(t *testing.T) {
	report, err := reports.Build(many().set(t))
	check(t, err)
	lines := report.Parts[0].Headlines
	if len(lines) > 16 {
		t.Errorf("%d sentences:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	starts := []string{"No faster than claimed, ", "Faster than flash ", "On prose (n = 2048, 3 heads) "}
	for _, want := range starts {
		i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, want) })
		if i < 0 {
			t.Errorf("no sentence begins with %q:\n%s", want, strings.Join(lines, "\n"))
			continue
		}
		for _, m := range manyMakers() {
			if m.Role == results.RoleApproximation && !strings.Contains(lines[i], m.Name) {
				t.Errorf("%s is not in: %s", m.Name, lines[i])
			}
		}
	}
}

func TestChoice(t *testing.T) {
	s := many()
	s.inputs = []string{"gaussian", "prose"}
	set := s.set(t)
	for _, test := range []struct {
		choice reports.Choice
		want   string // rows of the table of time
	}{
		{reports.Choice{Families: []string{"kernel"}}, "full flash performer linear cosformer"},
		{reports.Choice{Variants: []string{"ssd", "identity"}}, "full flash ssd identity"},
		{reports.Choice{Variants: []string{"ssd"}, Families: []string{"hashing"}}, "full flash reformer ssd"},
	} {
		test.choice.Inputs = []string{"gaussian"}
		report, err := test.choice.Build(set)
		check(t, err)
		part := report.Parts[0]
		var tables []string
		for _, table := range part.Tables {
			if table.ID != "time" {
				continue
			}
			var names []string
			for _, r := range table.Rows {
				names = append(names, r.Cells[0].Text)
			}
			tables = append(tables, strings.Join(names, " "))
			if term := "/variant:("; !strings.Contains(table.Command, term) {
				t.Errorf("%+v: the command %s does not leave out what the table does", test.choice, table.Command)
			}
		}
		if len(tables) != 1 || tables[0] != test.want {
			t.Errorf("%+v: rows %q, want one table of %q", test.choice, tables, test.want)
		}
		fact := part.Facts[len(part.Facts)-1]
		if fact.Key != "shown" || !strings.Contains(fact.Value, "input gaussian") {
			t.Errorf("%+v: the report says %v", test.choice, fact)
		}
	}
}

func TestChoiceRefuses(t *testing.T) {
	set := many().set(t)
	for _, test := range []struct {
		choice reports.Choice
		want   string
	}{
		{reports.Choice{Variants: []string{"fulll"}}, `no variant "fulll": they have retnet, `},
		{reports.Choice{Families: []string{"kernels"}}, `no family "kernels": they have recurrent, reference`},
		{reports.Choice{Inputs: []string{"code"}}, `no input "code": they have gaussian and prose`},
		{reports.Choice{Passes: []string{"decode"}}, `no pass "decode": they have forward`},
	} {
		if _, err := test.choice.Build(set); !strings.Contains(fmt.Sprint(err), test.want) {
			t.Errorf("%+v: %v", test.choice, err)
		}
	}
}
