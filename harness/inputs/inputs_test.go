package inputs_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"attnbench/harness/inputs"
	"attnbench/harness/tensorfile"
	"attnbench/variants"
)

func load(t *testing.T, name string) *inputs.Set {
	t.Helper()
	set, err := inputs.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestShippedSets(t *testing.T) {
	type facts struct {
		Causal, Prefix bool
		D, E, N, S     int
		Heads          []inputs.Head
	}
	want := map[string]facts{
		"smollm2-prose": {true, true, 64, 64, 4096, 4096, []inputs.Head{
			{"0:6", "diffuse"}, {"4:4", "fixed columns"}, {"11:2", "local"}, {"24:3", "sink"}, {"23:2", "retrieval"},
		}},
		"minilm-prose": {false, false, 32, 32, 512, 512, []inputs.Head{
			{"0:2", "previous token"}, {"0:3", "half local"}, {"0:7", "diffuse"}, {"0:11", "diffuse"},
			{"2:3", "local"}, {"2:5", "columns"}, {"2:7", "broad + sink"}, {"2:11", "sharp local"},
			{"4:0", "broad"}, {"4:2", "low rank + sink"}, {"4:6", "local"}, {"4:9", "sharp local"},
		}},
	}
	for _, name := range inputs.Names() {
		s := load(t, name)
		got := facts{s.Causal, s.Prefix, s.D, s.E, s.N, s.S, s.Heads}
		if diff := cmp.Diff(want[name], got); diff != "" || s.Name != name || len(s.Side) != 0 {
			t.Errorf("%s (%s, %v): %s", name, s.Name, s.Side, diff)
		}
	}
}

func TestShippedSize(t *testing.T) {
	entries, err := os.ReadDir("data")
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > 10<<20 {
		t.Errorf("the embedded data are %d bytes, above 10 MiB", total)
	}
}

// attend returns the attention weights of query i and their largest logit.
func attend(q, k []float32, i, keys, d int) (weights []float64, top float64) {
	top = math.Inf(-1)
	for j := range keys {
		var dot float64
		for c := range d {
			dot += float64(q[i*d+c]) * float64(k[j*d+c])
		}
		weights = append(weights, dot/math.Sqrt(float64(d)))
		top = max(top, weights[j])
	}
	var sum float64
	for j, logit := range weights {
		weights[j] = math.Exp(logit - top)
		sum += weights[j]
	}
	for j := range weights {
		weights[j] /= sum
	}
	return weights, top
}

// The kinds are claims about the numbers: heads, rows and columns must be where the set says they are.
func TestKindsHold(t *testing.T) {
	prose := load(t, "smollm2-prose")
	mass := func(head int, near bool) float64 { // on the last 256 keys, or on the first 4
		q, k, _ := prose.QKV(head, prose.N)
		var sum float64
		const rows = 28
		for r := range rows {
			i := 600 + r*125
			weights, _ := attend(q, k, i, i+1, prose.D)
			part := weights[:4]
			if near {
				part = weights[i-255:]
			}
			for _, w := range part {
				sum += w / rows
			}
		}
		return sum
	}
	if got := mass(3, false); got < 0.6 {
		t.Errorf("the sink head has %.2f of its mass on the first 4 keys, the capture had 0.76", got)
	}
	if got := mass(2, true); got < 0.9 {
		t.Errorf("the local head has %.2f of its mass on the last 256 keys, the capture had 0.98", got)
	}
	if got := mass(0, true); got > 0.4 {
		t.Errorf("the diffuse head has %.2f of its mass on the last 256 keys, the capture had 0.21", got)
	}
	minilm := load(t, "minilm-prose")
	q, k, _ := minilm.QKV(0, minilm.N)
	previous, largest := 0, 0.0
	for i := range minilm.N {
		weights, top := attend(q, k, i, minilm.S, minilm.D)
		largest = max(largest, top)
		if i > 0 && weights[i-1] > 0.5 {
			previous++
		}
	}
	if previous < 350 || math.Abs(largest-87.7) > 0.1 {
		t.Errorf("%d rows look at the previous token, largest logit %.1f: the capture had about 410 and 87.7",
			previous, largest)
	}
}

func TestPrefix(t *testing.T) {
	s := load(t, "smollm2-prose")
	q, k, v := s.QKV(4, s.N)
	q2, k2, v2 := s.QKV(4, 100)
	for i, x := range [][2][]float32{{q, q2}, {k, k2}, {v, v2}} {
		if len(x[0]) != 4096*64 || cmp.Diff(x[0][:6400], x[1]) != "" {
			t.Errorf("tensor %d: a prefix of %d elements is not the front of %d", i, len(x[1]), len(x[0]))
		}
	}
	for n, want := range map[int]string{0: "has 4096 tokens", 4097: "has 4096 tokens"} {
		if err := s.CheckLength(n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("n = %d: %v", n, err)
		}
	}
	err := load(t, "minilm-prose").CheckLength(256)
	if err == nil || !strings.Contains(err.Error(), "not causal") {
		t.Errorf("a prefix of a bidirectional set: %v", err)
	}
}

// file writes a tensor file with the given shapes, each tensor counting up from 0.
func file(t *testing.T, metadata map[string]string, shapes map[string][]int) string {
	t.Helper()
	tensors := map[string]variants.Tensor{}
	for name, dims := range shapes {
		x := variants.Tensor{Dims: dims}
		for i := range x.Len() {
			x.F32 = append(x.F32, float32(i))
		}
		tensors[name] = x
	}
	path := filepath.Join(t.TempDir(), "my file=1.safetensors")
	if err := tensorfile.Write(path, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUserFile(t *testing.T) {
	metadata := map[string]string{"causal": "true", "heads": "12", "kinds": " a,sharp-\x1blocal"}
	s := load(t, file(t, metadata, map[string][]int{
		"q": {2, 1, 3, 2}, "k": {2, 1, 5, 2}, "v": {2, 1, 5, 1}, "gamma": {2},
	}))
	if s.Name != "my_file_1.safetensors" || !s.Causal || s.Prefix ||
		s.N != 3 || s.S != 5 || s.E != 1 || s.Batch != 2 {
		t.Errorf("%+v", s)
	}
	if diff := cmp.Diff([]inputs.Head{{"0", "a"}, {"1", "sharp local"}}, s.Heads); diff != "" {
		t.Error(diff)
	}
	if _, ok := s.Side["gamma"]; !ok || len(s.Side) != 1 {
		t.Errorf("side inputs %v", s.Side)
	}
	q, k, v := s.QKV(1, 3)
	if q[0] != 6 || k[0] != 10 || v[0] != 5 || len(q) != 6 || len(k) != 10 || len(v) != 5 {
		t.Errorf("second head: q %v k %v v %v", q, k, v)
	}
	if err := s.CheckLength(2); err == nil || !strings.Contains(err.Error(), "can't be cut") {
		t.Errorf("cutting cross-attention: %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	good := func() map[string][]int {
		return map[string][]int{"q": {2, 3, 4}, "k": {2, 5, 4}, "v": {2, 5, 6}}
	}
	tests := []struct {
		want   string
		causal string
		change func(map[string][]int)
	}{
		{"k is missing", "", func(s map[string][]int) { delete(s, "k") }},
		{"k is 1x5x4", "", func(s map[string][]int) { s["k"] = []int{1, 5, 4} }},
		{"d is 5000", "", func(s map[string][]int) { s["q"], s["k"] = []int{2, 1, 5000}, []int{2, 5, 5000} }},
		{`causal is "yes"`, "yes", func(map[string][]int) {}},
	}
	for _, tt := range tests {
		shapes := good()
		tt.change(shapes)
		metadata := map[string]string{"causal": tt.causal}
		if _, err := inputs.Load(file(t, metadata, shapes)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want one with %q", err, tt.want)
		}
	}
	if _, err := inputs.Load(file(t, nil, good())); err != nil {
		t.Errorf("a good file: %v", err)
	}
	_, err := inputs.Load("minilm-pros")
	if err == nil || !strings.HasSuffix(err.Error(), `did you mean "minilm-prose"?`) {
		t.Errorf("unknown name: %v", err)
	}
}
