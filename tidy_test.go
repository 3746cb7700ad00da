package attnbench_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"attnbench/variants/catalog"
)

// Limits of the house.
const (
	maxFunctionLines = 60
	maxFileLines     = 400
	maxColumns       = 110
)

const module = "attnbench"

// imports lists what a package may import of this module; a trailing /... takes subfolders in, * is one
// folder. The first row that fits a package counts.
var imports = []importRule{
	{"variants/kernel", ""},
	{"variants/work", ""},
	{"variants", "variants/kernel variants/work"},
	{"variants/tile", "variants variants/kernel variants/work"},
	{"variants/prefix", "variants variants/kernel variants/work variants/tile"},
	{"variants/recurrent", "variants variants/kernel variants/work"},
	{"variants/exact", "variants"},
	{"variants/variantstest", "variants variants/kernel variants/work variants/exact"},
	{"variants/catalog", "variants variants/*"},
	{"variants/*", "variants variants/tile variants/prefix variants/recurrent variants/kernel variants/work " +
		"variants/exact"},
	{"results/...", "results/..."},
	{"reports/...", "results/... reports/..."},
	{"harness/...", "results/... harness/... variants/..."},
	{"bench/...", "results/... reports/... harness/... variants/... bench/..."},
}

type importRule struct{ folder, allowed string }

type goPackage struct {
	ImportPath string
	Imports    []string
}

// packages asks the go command for the module's packages.
func packages(t *testing.T) []goPackage {
	t.Helper()
	out := mustRun(t, ".", "go", "list", "-json=ImportPath,Imports", "./...")
	decoder := json.NewDecoder(strings.NewReader(out))
	var list []goPackage
	for {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		folder, inside := strings.CutPrefix(p.ImportPath, module+"/")
		if !inside {
			continue
		}
		row := slices.IndexFunc(imports, func(r importRule) bool { return fits(r.folder, folder) })
		if row < 0 {
			t.Errorf("%s: no rule says what it may import", folder)
			continue
		}
		allowed := strings.Fields(imports[row].allowed)
		for _, path := range p.Imports {
			used, ours := strings.CutPrefix(path, module+"/")
			if ours && !slices.ContainsFunc(allowed, func(pattern string) bool { return fits(pattern, used) }) {
				t.Errorf("%s imports %s", folder, used)
			}
			if strings.Contains(path, "klauspost/cpuid") && folder != "variants/kernel" {
				t.Errorf("%s imports cpuid: only variants/kernel may", folder)
			}
		}
	}
}

// fits reports whether a folder is the one that a pattern names, or one of those.
func fits(pattern, folder string) bool {
	if parent, ok := strings.CutSuffix(pattern, "/..."); ok {
		return folder == parent || strings.HasPrefix(folder, parent+"/")
	}
	matched, err := filepath.Match(pattern, folder)
	return err == nil && matched
}

func TestOneFileDrawsTables(t *testing.T) {
	var users []string
	for _, f := range goFiles(t) {
		for _, i := range f.syntax.Imports {
			if strings.Contains(i.Path.Value, "olekukonko/tablewriter") {
				users = append(users, f.path)
			}
		}
	}
	users = slices.Compact(users) // the library has several packages
	if len(users) > 1 || len(users) == 1 && !strings.HasPrefix(users[0], "reports/") {
		t.Errorf("tablewriter is imported by %v: one file of reports wraps it", users)
	}
}

// source is a parsed Go file; path has forward slashes and counts from the module's root.
type source struct {
	path      string
	text      string
	syntax    *ast.File
	positions *token.FileSet
	generated bool
}

func (s *source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s *source) line(p token.Pos) int { return s.positions.Position(p).Line }

// goFiles parses all Go files of the tree: of every operating system and build tag, and of the generator's
// module too.
func goFiles(t *testing.T) []*source {
	t.Helper()
	var files []*source
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		files = append(files, parse(t, path))
		return nil
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d Go files: %v", len(files), err)
	}
	return files
}

func parse(t *testing.T, path string) *source {
	t.Helper()
	positions, text := token.NewFileSet(), read(t, path)
	syntax, err := parser.ParseFile(positions, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return &source{filepath.ToSlash(path), text, syntax, positions, ast.IsGenerated(syntax)}
}

func TestSizes(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.generated {
			continue
		}
		lines := strings.Split(strings.TrimSuffix(f.text, "\n"), "\n")
		if len(lines) > maxFileLines {
			t.Errorf("%s has %d lines: at most %d", f.path, len(lines), maxFileLines)
		}
		for i, line := range lines {
			if n := utf8.RuneCountInString(line); n > maxColumns {
				t.Errorf("%s:%d has %d columns: at most %d", f.path, i+1, n, maxColumns)
			}
		}
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				start := f.line(fn.Pos())
				if n := f.line(fn.End()) - start + 1; n > maxFunctionLines {
					t.Errorf("%s:%d: %s has %d lines: at most %d", f.path, start, fn.Name.Name, n, maxFunctionLines)
				}
			}
		}
	}
}

func TestNothingIsLeftToDo(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, group := range f.syntax.Comments {
			for _, word := range []string{"TODO", "FIXME", "XXX", "HACK"} {
				if strings.Contains(group.Text(), word) {
					t.Errorf("%s:%d: a comment says %s", f.path, f.line(group.Pos()), word)
				}
			}
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test() || f.generated {
			continue
		}
		for _, d := range f.syntax.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s:%d: %s is exported and has no comment", f.path, f.line(name.Pos()), name.Name)
			}
		}
	}
}

// undocumented lists the exported names of a declaration that have no comment. One comment serves a group,
// and methods of unexported types need none: the interface that they implement has it.
func undocumented(d ast.Decl) (names []*ast.Ident) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || exportedReceiver(d.Recv)) && !conventional(d) {
			names = append(names, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if d.Doc == nil && s.Doc == nil && s.Name.IsExported() {
					names = append(names, s.Name)
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if d.Doc == nil && s.Doc == nil && s.Comment == nil && name.IsExported() {
						names = append(names, name)
					}
				}
			}
		}
	}
	return names
}

// conventional reports whether a method is one whose name says all: String, Error, Unwrap and those of
// sort.Interface.
func conventional(d *ast.FuncDecl) bool {
	names := []string{"String", "Error", "Unwrap", "Len", "Less", "Swap"}
	return d.Recv != nil && slices.Contains(names, d.Name.Name)
}

func exportedReceiver(fields *ast.FieldList) bool {
	t := fields.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if index, ok := t.(*ast.IndexExpr); ok {
		t = index.X
	}
	name, ok := t.(*ast.Ident)
	return ok && name.IsExported()
}

// mechanismOf returns the mechanism whose folder a file is in, or nothing.
func mechanismOf(path string) string {
	for _, name := range catalog.Names() {
		if strings.HasPrefix(path, "variants/"+name+"/") {
			return name
		}
	}
	return ""
}
