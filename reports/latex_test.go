package reports_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"attnbench/reports"
)

// TestLaTeXCompiles sets the tables of many variants and of peers with the LaTeX of the machine: more tables
// than may wait for a page.
func TestLaTeXCompiles(t *testing.T) {
	if testing.Short() {
		t.Skip("runs LaTeX")
	}
	var command []string
	for _, engine := range [][]string{{"pdflatex", "-interaction=nonstopmode", "-halt-on-error"}, {"tectonic"}} {
		if _, err := exec.LookPath(engine[0]); err == nil {
			command = engine
			break
		}
	}
	if command == nil {
		t.Skip("no LaTeX: apt-get install texlive-latex-recommended")
	}
	s := many()
	s.peers, s.inputs, s.threads = true, []string{"gaussian", "prose", "code"}, []int{1, 2, 3, 4}
	report, err := reports.Build(s.set(t))
	check(t, err)
	var tables bytes.Buffer
	check(t, report.Write(&tables, "latex", reports.Options{}))
	if n := bytes.Count(tables.Bytes(), []byte(`\begin{table}`)); n < 110 {
		t.Fatalf("only %d tables", n)
	}
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "tables.tex"), tables.Bytes(), 0o644))
	const paper = `\documentclass{article}
\usepackage{booktabs,graphicx}
\begin{document}
\input{tables}
\end{document}
`
	check(t, os.WriteFile(filepath.Join(folder, "paper.tex"), []byte(paper), 0o644))
	run := exec.Command(command[0], append(command[1:], "paper.tex")...)
	run.Dir = folder
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, out[max(0, len(out)-2000):])
	}
	if pdf, err := os.Stat(filepath.Join(folder, "paper.pdf")); err != nil || pdf.Size() < 10_000 {
		t.Errorf("no paper was made of the tables: %v", err)
	}
}
