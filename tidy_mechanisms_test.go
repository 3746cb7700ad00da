package attnbench_test

import (
	"go/ast"
	"go/token"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"attnbench/variants/catalog"
)

// plain are mechanisms whose names are everyday words: they may stand in sentences and name variables.
var plain = []string{"full", "identity", "local", "linear", "sparse"}

// Everything about a mechanism follows from its declaration, so nothing else names one. A file outside its
// folder and the catalog names a mechanism where it imports its package; where a string literal holds the
// name as a field (between quotes, commas, =, /, |, : and the like), so "full,flash" and `default:"full"` do;
// where an exported identifier is the name. Names that are no plain words are also looked for in sentences
// and in the words of every identifier. Comments may say what they like.
func TestNothingNamesAMechanism(t *testing.T) {
	names := catalog.Names()
	for _, f := range goFiles(t) {
		if f.test() || f.generated || mechanismOf(f.path) != "" || fits("variants/catalog", path.Dir(f.path)) ||
			fits("variants/kernel/gen/...", path.Dir(f.path)) { // the generator names labels of assembly
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			var found string
			switch n := n.(type) {
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					found = namedIn(names, text)
				}
			case *ast.Ident:
				found = namedBy(names, n.Name)
			}
			if found != "" {
				t.Errorf("%s:%d names %s", f.path, f.line(n.Pos()), found)
			}
			return true
		})
	}
}

// ownResults is where a machine's own results lie, a name of the contract.
const ownResults = "results/local"

// namedIn returns the mechanism that a string names.
func namedIn(names []string, text string) string {
	text = strings.ReplaceAll(text, ownResults, "")
	field := func(r rune) bool { return strings.ContainsRune(",=/|:;\"'.", r) }
	word := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }
	for _, name := range names {
		split := word
		if slices.Contains(plain, name) {
			split = field
		}
		if slices.Contains(strings.FieldsFunc(text, split), name) {
			return name
		}
	}
	return ""
}

// namedBy returns the mechanism that an identifier names.
func namedBy(names []string, identifier string) string {
	for _, name := range names {
		if slices.Contains(plain, name) {
			if ast.IsExported(identifier) && strings.EqualFold(identifier, name) {
				return name
			}
		} else if slices.Contains(camelWords(identifier), name) {
			return name
		}
	}
	return ""
}

// camelWords splits an identifier at its capitals and returns the words in lower case.
func camelWords(identifier string) []string {
	var spaced strings.Builder
	for _, r := range identifier {
		if unicode.IsUpper(r) || r == '_' {
			spaced.WriteByte(' ')
		}
		spaced.WriteRune(unicode.ToLower(r))
	}
	return strings.Fields(strings.ReplaceAll(spaced.String(), "_", " "))
}

func TestNaming(t *testing.T) {
	names := []string{"full", "flash"}
	for text, want := range map[string]string{
		"full": "full", "variants=full,x": "full", `default:"full"`: "full", "the full report": "", "fullest": "",
		"flash": "flash", "beats flash at n": "flash", "flashy": "", "attnbench/variants/full": "full",
	} {
		if got := namedIn(names, text); got != want {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
	for identifier, want := range map[string]string{
		"full": "", "Full": "full", "fullRows": "",
		"flash": "flash", "isFlash": "flash", "FlashTime": "flash", "flashy": "",
	} {
		if got := namedBy(names, identifier); got != want {
			t.Errorf("%s names %q, want %q", identifier, got, want)
		}
	}
}

// Threads belong to the pool, scores to the tile engine, instruction sets and exponentials to the kernels: a
// feature map is one call of a kernel for a whole panel, never math.Exp. A mechanism that brings its own
// would be compared by them and not by its idea. Definitions and their gradients, in files
// whose name begins with naive, are free to use math.
func TestFastPathsLeaveTheWorkToTheEngines(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test() || mechanismOf(f.path) == "" || strings.HasPrefix(path.Base(f.path), "naive") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if what := forbidden(n); what != "" {
				t.Errorf("%s:%d: %s", f.path, f.line(n.Pos()), what)
			}
			return true
		})
	}
}

// forbidden says what a node of a fast path does that it must not, or nothing.
func forbidden(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "starts a goroutine: hand jobs to the pool"
	case *ast.BasicLit:
		paths := []string{"generic", "avx2", "avx512", "avx512bf16", "neon"}
		if text, _ := strconv.Unquote(n.Value); n.Kind == token.STRING && slices.Contains(paths, text) {
			return "names the SIMD path " + text
		}
	case *ast.SelectorExpr:
		owner, _ := n.X.(*ast.Ident)
		from := func(pkg string, names ...string) bool {
			return owner != nil && owner.Name == pkg && slices.Contains(names, n.Sel.Name)
		}
		switch {
		case from("math", "Exp", "Exp2", "Expm1", "Pow", "Cosh", "Sinh", "Tanh"):
			return "calls math." + n.Sel.Name + ": the kernels have exponentials"
		case n.Sel.Name == "Softmax":
			return "computes a softmax: the tile engine does"
		case from("kernel", "Generic", "Best", "Lookup", "Available"):
			return "picks a SIMD path: Problem.Kernels is the one to use"
		}
	}
	return ""
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
