package reports

import (
	"io"
	"strings"
)

// writeLaTeX writes the tables with booktabs, as a file to \input; its first lines say which packages it
// needs. Wide tables shrink to the width of the text.
func (r *Report) writeLaTeX(w io.Writer) error {
	b := &buffered{w: w}
	b.line(`%% \usepackage{booktabs,graphicx}`)
	for _, part := range r.Parts {
		if part.Name != "" {
			b.line(`\section*{%s}`, escapeLaTeX(part.Name))
		}
		if len(part.Headlines) > 0 {
			b.line(`\begin{itemize}`)
			for _, h := range part.Headlines {
				b.line(`  \item %s`, escapeLaTeX(h))
			}
			b.line(`\end{itemize}`)
		}
		for i, t := range part.Tables {
			if t.Prose {
				t.writeLaTeXProse(b)
				continue
			}
			if i%floatsAtOnce == floatsAtOnce-1 {
				b.line(`\clearpage`)
			}
			t.writeLaTeX(b)
		}
		for _, f := range part.Facts {
			b.line(`%% %s: %s`, f.Key, f.Value)
		}
	}
	return b.err
}

// floatsAtOnce is how many tables may wait for a page: LaTeX gives up at about a hundred.
const floatsAtOnce = 12

// writeLaTeXProse renders rows as sentences, for a column of them would be shrunk beyond reading.
func (t *Table) writeLaTeXProse(b *buffered) {
	b.line("\n\\paragraph{%s}\n\\begin{itemize}", escapeLaTeX(t.caption()))
	for _, r := range t.Rows {
		b.line(`  \item %s`, escapeLaTeX(t.sentence(r)))
	}
	b.line(`\end{itemize}`)
}

func (t *Table) writeLaTeX(b *buffered) {
	spec, headings := "", make([]string, len(t.Columns))
	for i, c := range t.Columns {
		spec += map[bool]string{true: "l", false: "r"}[c.Left]
		headings[i] = escapeLaTeX(c.heading())
	}
	b.line("\n\\begin{table}\n\\centering\n\\caption{%s}", escapeLaTeX(t.caption()))
	// The box keeps narrow tables as they are: only wider ones are scaled.
	b.line(`\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%%`)
	b.line("\\begin{tabular}{%s}\n\\toprule\n%s \\\\\n\\midrule", spec, strings.Join(headings, " & "))
	for i, r := range t.headed() {
		if r.heading() {
			if i > 0 {
				b.line(`\addlinespace`)
			}
			b.line(`\multicolumn{%d}{l}{\textit{%s}} \\`, len(t.Columns), escapeLaTeX(r.Cells[0].Text))
			continue
		}
		cells := make([]string, len(r.Cells))
		for i, c := range r.Cells {
			cells[i] = c.latex()
		}
		b.line(`%s \\`, strings.Join(cells, " & "))
	}
	b.line("\\bottomrule\n\\end{tabular}}")
	for _, n := range t.Footnotes() {
		b.line(`\par\smallskip{\footnotesize %s}`, escapeLaTeX(n))
	}
	b.line(`\end{table}`)
	if t.Command != "" {
		b.line(`%% %s`, strings.ReplaceAll(t.Command, "\n", "\n% "))
	}
}

func (c Cell) latex() string {
	text := escapeLaTeX(c.Text)
	if c.Best {
		text = `\textbf{` + text + `}`
	}
	for _, m := range c.Marks {
		text += `\textsuperscript{` + escapeLaTeX(string(m)) + `}`
	}
	return text
}

// escapeLaTeX keeps text from being read as markup and writes our symbols so that any engine sets them.
func escapeLaTeX(text string) string {
	return strings.NewReplacer(
		`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`,
		"~", `\textasciitilde{}`, "^", `\textasciicircum{}`, "[", "{[}", "]", "{]}", "\n", " ",
		"±", `$\pm$`, "×", `$\times$`, "≈", `$\approx$`, "≤", `$\leq$`, "≥", `$\geq$`, "∞", `$\infty$`,
		"−", "$-$", "–", "--", "·", `$\cdot$`, "²", `$^2$`, "√", `$\surd$`, "µ", `$\mu$`, "‖", `$\Vert$`,
		"†", `$\dagger$`, "‡", `$\ddagger$`, "✗", `$\times$`, "…", `\ldots{}`, "⌈", `$\lceil$`, "⌉", `$\rceil$`,
		"δ", `$\delta$`, "→", `$\to$`, "§", `\S{}`,
	).Replace(text)
}
