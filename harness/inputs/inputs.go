// Package inputs provides what a sweep feeds to the mechanisms: activations of trained models that are
// part of the binary, tensor files of the user, and seeded Gaussian numbers.
//
// Only trained activations say how close an approximation is to exact attention. Gaussian inputs are for
// timing.
package inputs

import (
	"embed"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"attnbench/harness/tensorfile"
	"attnbench/variants"
)

//go:embed data/smollm2-prose.safetensors data/minilm-prose.safetensors
var shipped embed.FS

// Extension is the ending by which an input is taken for a file.
const Extension = ".safetensors"

// GaussianName is the input that Gaussian draws; it is no set.
const GaussianName = "gaussian"

// Names lists the shipped sets.
func Names() []string { return []string{"smollm2-prose", "minilm-prose"} }

// Set is a number of heads with fixed queries, keys and values. Heads are independent problems.
type Set struct {
	Name   string // may stand in a benchmark name: no slash, no blank
	Causal bool
	D, E   int  // head dimension of q and k, of v
	N, S   int  // rows of q, of k and v
	Prefix bool // shorter lengths can be cut from the front: causal self-attention only
	// Heads holds Batch × heads entries, batch by batch. Batch is 1 but for a file with a batch axis.
	Heads []Head
	Batch int
	// Side holds every further tensor of a user's file: key_mask, side inputs, expected values.
	Side map[string]variants.Tensor

	q, k, v []float32
}

// Head says which head of a model an entry is and what its attention does.
type Head struct {
	Name string // "layer:head", or the index where the file does not say
	Kind string // "local", "sink", …; "" where the file does not say
}

// Load reads a shipped set, or a tensor file where name ends in Extension. A leading batch axis gives
// more heads. A file brings its own causality in metadata "causal" (absent: false), and may name its
// heads as the shipped ones do, in metadata "layer", "heads" and "kinds".
func Load(name string, opts ...tensorfile.Option) (*Set, error) {
	file, err := read(name, opts)
	if err != nil {
		return nil, err
	}
	set, err := newSet(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	set.Name = strings.Map(func(r rune) rune {
		if r <= ' ' || strings.ContainsRune("/\\=\u007f", r) {
			return '_'
		}
		return r
	}, filepath.Base(name))
	return set, nil
}

func read(name string, opts []tensorfile.Option) (*tensorfile.File, error) {
	data, err := shipped.ReadFile("data/" + name + Extension)
	if err == nil {
		return tensorfile.Decode(data, opts...)
	}
	if strings.HasSuffix(name, Extension) {
		return tensorfile.Read(name, opts...)
	}
	return nil, fmt.Errorf("unknown input %q (%s, %s or FILE%s)%s", name, GaussianName,
		strings.Join(Names(), ", "), Extension, variants.DidYouMean(name, append(Names(), GaussianName)))
}

func newSet(file *tensorfile.File) (*Set, error) {
	shape, _, err := file.Shape(false) // a set is for every mechanism, so k must be there
	if err != nil {
		return nil, err
	}
	if shape.Causal, err = file.Causal(); err != nil {
		return nil, err
	}
	if err := shape.Validate(); err != nil {
		return nil, err
	}
	set := &Set{
		Causal: shape.Causal, D: shape.D, E: shape.E, N: shape.N, S: shape.S,
		Prefix: shape.Causal && !shape.Cross(),
		Batch:  shape.Batch,
		Heads:  heads(file.Metadata, shape.Slices()),
		Side:   map[string]variants.Tensor{},
		q:      file.Tensors["q"].F32, k: file.Tensors["k"].F32, v: file.Tensors["v"].F32,
	}
	for name, t := range file.Tensors {
		if name != "q" && name != "k" && name != "v" {
			set.Side[name] = t
		}
	}
	return set, nil
}

// heads labels count heads from the metadata. Users' files may hold anything under these names, so a
// list that is not one entry per head is no list of ours and is left aside.
func heads(metadata map[string]string, count int) []Head {
	list := func(key string) []string {
		entries := strings.Split(metadata[key], ",")
		if metadata[key] == "" || len(entries) != count {
			return nil
		}
		return entries
	}
	layers, numbers, kinds := list("layer"), list("heads"), list("kinds")
	heads := make([]Head, count)
	for i := range heads {
		heads[i].Name = strconv.Itoa(i)
		if layers != nil && numbers != nil {
			layer, err := strconv.ParseUint(layers[i], 10, 32)
			number, err2 := strconv.ParseUint(numbers[i], 10, 32)
			if err == nil && err2 == nil {
				heads[i].Name = fmt.Sprintf("%d:%d", layer, number)
			}
		}
		if kinds != nil {
			heads[i].Kind = strings.Join(strings.FieldsFunc(kinds[i], notInKind), " ")
		}
	}
	return heads
}

// notInKind reports what separates the words of a kind: hyphens, blanks, and whatever a terminal would
// obey.
func notInKind(r rune) bool { return r == '-' || r == ' ' || !unicode.IsPrint(r) }

// CheckLength returns why the set has no problem of n queries, or nil.
func (s *Set) CheckLength(n int) error {
	switch {
	case n == s.N:
		return nil
	case n < 1 || n > s.N:
		return fmt.Errorf("n = %d: input %s has %d tokens", n, s.Name, s.N)
	case !s.Causal:
		return fmt.Errorf("n = %d: input %s is not causal, a prefix of it is another problem: use n = %d",
			n, s.Name, s.N)
	case !s.Prefix:
		return fmt.Errorf("n = %d: input %s has %d queries on %d keys and can't be cut: use n = %d",
			n, s.Name, s.N, s.S, s.N)
	}
	return nil
}

// QKV returns the queries [n, d], keys [s, d] and values [s, e] of one head cut to n tokens. They are
// the set's own memory: read only. It panics where CheckLength(n) reports an error.
func (s *Set) QKV(head, n int) (q, k, v []float32) {
	if err := s.CheckLength(n); err != nil {
		panic("inputs: " + err.Error())
	}
	keys := s.S - s.N + n
	return rows(s.q, head, s.N, s.D, n), rows(s.k, head, s.S, s.D, keys), rows(s.v, head, s.S, s.E, keys)
}

// rows returns the first n rows of one head of x [heads, length, width].
func rows(x []float32, head, length, width, n int) []float32 {
	start := head * length * width
	return x[start : start+n*width : start+n*width]
}
