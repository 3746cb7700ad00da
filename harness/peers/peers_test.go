package peers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"attnbench/harness/process"
	"attnbench/variants"
	"attnbench/variants/catalog"
)

const soon = 20 * time.Second

// talk goes through the whole protocol and returns the first error.
func talk(p *Process, limit time.Duration) (versions string, answer Answer, err error) {
	if versions, err = p.Prepare(Request{Peer: "fake", N: 8}, limit); err != nil {
		return versions, answer, err
	}
	if answer, err = p.Go(3, limit); err != nil {
		return versions, answer, err
	}
	return versions, answer, p.Output(limit)
}

func TestProtocol(t *testing.T) {
	versions, answer, err := talk(fake(t, "fine"), soon)
	if err != nil || versions != "fake 1.0, other 2.0" || answer != (Answer{1500, 4096}) {
		t.Errorf("%q %+v %v", versions, answer, err)
	}
	_, answer, err = talk(fake(t, "unknown"), soon)
	if err != nil || answer != (Answer{1500, -1}) {
		t.Errorf("unknown peak: %+v %v", answer, err)
	}
}

// TestMisbehaviour: whatever a peer does, the suite gets one line that says what.
func TestMisbehaviour(t *testing.T) {
	for behaviour, want := range map[string]string{
		"skip":     "needs python package torch: pip install torch",
		"fail":     "the peer failed: RuntimeError: no such kernel",
		"garbage":  `the peer answered "hello there" to the request, not ready VERSIONS`,
		"words":    `the peer answered "fast little" to go 3, not NANOSECONDS BYTES`,
		"negative": `the peer answered "-5 100" to go 3, not NANOSECONDS BYTES`,
		"many":     `the peer answered "5 100 3" to go 3, not NANOSECONDS BYTES`,
		"undone":   `the peer answered "perhaps" to output, not done`,
		"crash":    "the peer died before it answered the request (exit status 3): MemoryError: no room ?",
		"silent":   "the peer died before it answered the request (exit status 0)",
		"flood":    "the peer's answer to the request is longer than 65536 bytes",
	} {
		_, _, err := talk(fake(t, behaviour), soon)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", behaviour, err, want)
		}
		if skip := new(Skip); errors.As(err, skip) != (behaviour == "skip") {
			t.Errorf("%s: a skip: %v", behaviour, err)
		}
	}
}

func TestHang(t *testing.T) {
	p := fake(t, "hang")
	_, _, err := talk(p, 50*time.Millisecond)
	if err == nil || err.Error() != "the peer did not answer the request within 50ms" {
		t.Error(err)
	}
	if _, err := p.Go(1, soon); err == nil || !strings.Contains(err.Error(), "died before it answered go 1") {
		t.Errorf("asked again: %v", err)
	}
}

// TestClose ends a peer that does not listen.
func TestClose(t *testing.T) {
	p := fake(t, "hang")
	start := time.Now()
	p.Close()
	if took := time.Since(start); took > process.Farewell+soon/2 {
		t.Errorf("it took %v", took)
	}
}

func TestInterruptEndsPeers(t *testing.T) {
	t.Setenv(behaviourKey, "hang")
	ctx, cancel := context.WithCancel(t.Context())
	l := NewLauncher("")
	defer l.Close()
	p, err := l.Start(ctx, &Peer{Command: []string{os.Args[0]}}, 1, Default)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, _, err := talk(p, soon); err == nil || !strings.Contains(err.Error(), "died") {
		t.Error(err)
	}
}

func TestEnvironment(t *testing.T) {
	versions, err := fake(t, "environment").Prepare(Request{}, soon)
	if err != nil || versions != "3 0" {
		t.Errorf("threads and allocator %q, want 3 and 0: %v", versions, err)
	}
}

// TestDeclarations: the peers of the suite can be adopted, and their scripts are there.
func TestDeclarations(t *testing.T) {
	l := NewLauncher("")
	defer l.Close()
	dir, err := l.Folder()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range All() {
		a, err := Adopt(p, catalog.All())
		if err != nil {
			t.Error(err)
			continue
		}
		if p.Summary == "" || p.Source == "" || p.Title == "" || p.ResidentMiB == 0 {
			t.Errorf("%s leaves something out", p.Name)
		}
		if _, err := a.Mechanism.Resolve(variants.Request{
			Shape: variants.Shape{
				Batch: 1, Heads: 2, N: 1024, S: 1024, D: 16, E: 16, Causal: p.OnlyCausal != "",
			}, Draw: true,
			Options: a.fixed, Kernels: kernels(),
		}); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		for _, word := range p.Command {
			if file, ours := strings.CutPrefix(word, folder); ours {
				if _, err := os.Stat(filepath.Join(dir, "scripts", file)); err != nil {
					t.Error(err)
				}
			}
		}
	}
	l.Close()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is left behind: %v", err)
	}
	if _, err := l.Start(t.Context(), All()[0], 1, Default); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a peer after the end: %v", err)
	}
}

func TestSelect(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.json")
	text := `{"name":"mine","implements":"full","command":["./adapter","x"]}`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	known := []*Peer{{Name: "torch-sdpa"}, {Name: "ort-mha"}}
	got, err := Select(" ort-mha,"+file+",ort-mha", known)
	if err != nil || len(got) != 2 || got[0] != known[1] || got[1].Name != "mine" {
		t.Fatalf("%v %v", got, err)
	}
	if want := filepath.Join(filepath.Dir(file), "adapter"); got[1].Command[0] != want {
		t.Errorf("adapter %s, want %s", got[1].Command[0], want)
	}
	if all, err := Select("all", known); err != nil || !slices.Equal(all, known) {
		t.Errorf("all: %v %v", all, err)
	}
}

func TestSelectRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.json")
	known := []*Peer{{Name: "torch-sdpa"}}
	for text, want := range map[string]string{
		`{"name":"mine"}`: "a peer needs a name, what it implements, and a command",
		`{"name":"mine","implements":"full","command":["x"],"colour":1}`: `unknown field "colour"`,
		`{"name":"My peer","implements":"full","command":["x"]}`:         "a name is lower case",
		`[`: "no declaration of peers",
		`{"name":"torch-sdpa","implements":"full","command":["x"]}`: `two peers are called "torch-sdpa"`,
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Select("torch-sdpa,"+file, known)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := Select("torch-spda", known); err == nil ||
		!strings.Contains(err.Error(), `did you mean "torch-sdpa"?`) {
		t.Error(err)
	}
	if _, err := Select("gone.json", known); err == nil || !strings.HasPrefix(err.Error(), "gone.json: ") {
		t.Error(err)
	}
}

func TestAdoptRefuses(t *testing.T) {
	for _, p := range []*Peer{
		{Name: "x", Implements: "linfromer"}, {Name: "x", Implements: "linformer", Knobs: []string{"kk"}},
		{Name: "x", Implements: "linformer", Options: "k"},
	} {
		if _, err := Adopt(p, catalog.All()); err == nil || !strings.HasPrefix(err.Error(), "peer x") {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestSettings(t *testing.T) {
	p := &Peer{Name: "x", Implements: "bigbird", Options: "block=32,random=2", Malloc: true}
	p.Knobs = []string{"block"}
	a, err := Adopt(p, catalog.All())
	if err != nil {
		t.Fatal(err)
	}
	asked := []variants.Setting{{Name: "block", Value: "16"}, {Name: "malloc", Value: "tuned"}}
	settings, malloc := a.Settings(asked)
	want := []variants.Setting{{Name: "block", Value: "16"}, {Name: "random", Value: "2"}}
	if !slices.Equal(settings, want) || malloc != Tuned || len(asked) != 2 {
		t.Errorf("%v %q", settings, malloc)
	}
	if usual := a.Usual(); len(usual) != 2 || usual[0] != nil || usual[1][0].Value != "tuned" {
		t.Errorf("usual: %v", usual)
	}
	if names := a.Dials.Options; len(names) != 2 || names[0].Name != "block" || names[1].Name != "malloc" {
		t.Errorf("dials: %v", names)
	}
}

// TestSharedInputs: all heads get the first head's, in what is sent and in what the definition sees.
func TestSharedInputs(t *testing.T) {
	p := &Peer{Name: "x", Implements: "performer", ShareInputs: true}
	a, err := Adopt(p, catalog.All())
	if err != nil {
		t.Fatal(err)
	}
	problem, err := a.Mechanism.Resolve(variants.Request{
		Shape: variants.Shape{Batch: 1, Heads: 3, N: 8, S: 8, D: 4, E: 4}, Draw: true, Kernels: kernels(),
		Options: []variants.Setting{{Name: "features", Value: "5"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if values := a.Values(problem); values["features"] != "5" || values["kernel"] != "positive" {
		t.Errorf("options %v", values)
	}
	sent := a.Inputs(problem)["omega"]
	if len(sent.F32) != 3*5*4 {
		t.Fatalf("omega %v", sent.Dims)
	}
	for head := range 3 {
		if !slices.Equal(problem.PerHead("omega", head, 3), sent.F32[:20]) {
			t.Errorf("head %d has its own", head)
		}
	}
}

func TestMissing(t *testing.T) {
	python := &Peer{Name: "x", Command: []string{interpreter, "x.py"}}
	if why := NewLauncher("/no/such/python").Missing(python); !strings.Contains(why, "BENCH_PYTHON") {
		t.Error(why)
	}
	gone := &Peer{Command: []string{"/no/such/adapter"}}
	if why := NewLauncher("").Missing(gone); !strings.Contains(why, "adapter") {
		t.Error(why)
	}
	if why := NewLauncher("").Missing(&Peer{Command: []string{os.Args[0]}}); why != "" {
		t.Error(why)
	}
}

func TestBytes(t *testing.T) {
	p := &Peer{ResidentMiB: 1, Scores: 2}
	s := variants.Shape{Batch: 1, Heads: 2, N: 100, S: 100, D: 8, E: 8}
	const process, operands, scores = 1 << 20, 4 * 4 * 2 * 100 * (16 + 16), 2 * 4 * 2 * 100 * 100
	if got := p.Bytes(s); got != process+operands+scores {
		t.Errorf("%d bytes, want %d", got, process+operands+scores)
	}
}
