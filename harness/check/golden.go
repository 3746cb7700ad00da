package check

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnbench/harness/tensorfile"
	"attnbench/variants"
)

// Status is the outcome of a replay.
type Status string

// The outcomes of a replay. A skipped one has nothing in it that this build computes.
const (
	Pass Status = "PASS"
	Fail Status = "FAIL"
	Skip Status = "SKIP"
)

// Replay is the outcome of one golden file on one mechanism.
type Replay struct {
	Variant string
	Status  Status
	Reason  string   // of a failure or a skip; of a refusal that was expected: its text
	Error   float64  // largest error over all tensors, relative to the largest expected value of each
	Skipped []string // expected tensors that this build does not compute
}

// Golden replays one golden file on every mechanism that it is meant for: its own and those that compute the
// same function.
func Golden(path string, all []*variants.Mechanism, e Engine) ([]Replay, error) {
	f, refusal := tensorfile.Read(path)
	if refusal != nil { // a file that must be refused for its values is still readable
		var err error
		if f, err = tensorfile.Read(path, tensorfile.AllowNonFinite); err != nil {
			return nil, err
		}
	}
	name := f.Metadata["variant"]
	if name == "" {
		return nil, fmt.Errorf("%s: no variant in its metadata: not a golden file", path)
	}
	var replays []Replay
	for _, m := range all {
		if m.Name == name || m.SameAs == name {
			r := replay(m, f, refusal, e)
			r.Variant = m.Name
			replays = append(replays, r)
		}
	}
	if replays == nil {
		reason := "this build has no variant " + name
		replays = []Replay{{Variant: name, Status: Skip, Reason: reason}}
	}
	return replays, nil
}

func replay(m *variants.Mechanism, f *tensorfile.File, refusal error, e Engine) Replay {
	var call *Call
	if refusal == nil {
		call, refusal = NewCall(m, f, Settings{Options: f.Metadata["options"],
			Causal: f.Metadata["causal"] == "true", Backward: m.Gradient != nil && expectsGradients(f)}, e)
	}
	switch expected := f.Metadata["expect"] == "error"; {
	case expected && refusal != nil:
		return Replay{Status: Pass, Reason: "refused: " + refusal.Error()}
	case expected:
		return Replay{Status: Fail, Reason: "accepted, but must be refused: " + f.Metadata["reason"]}
	case refusal != nil:
		return Replay{Status: Fail, Reason: "refused: " + refusal.Error()}
	}
	return compare(f, results(call))
}

// expectsGradients reports whether the file has an expected gradient.
func expectsGradients(f *tensorfile.File) bool {
	return slices.ContainsFunc(sortedNames(f.Tensors), func(name string) bool {
		return strings.HasPrefix(name, "want.d")
	})
}

// results runs the call and returns what a golden file can expect of it, by name.
func results(c *Call) map[string]variants.Tensor {
	out, attention, _ := c.Plan()
	c.Forward(attention, out)
	got := map[string]variants.Tensor{"out": {Dims: c.OutDims(), F32: out.F32}}
	if tracer, ok := attention.(variants.Tracer); ok {
		for name, t := range tracer.Traces() {
			got[name] = t
		}
	}
	if c.DOut != nil {
		gradients := c.NewGradients()
		c.Backward(attention, gradients, out)
		maps.Copy(got, c.Named(gradients))
	}
	return got
}

// compare holds the results against every tensor want.NAME of the file.
func compare(f *tensorfile.File, got map[string]variants.Tensor) Replay {
	r := Replay{Status: Pass}
	for _, name := range sortedNames(f.Tensors) {
		name, expected := strings.CutPrefix(name, "want.")
		if !expected {
			continue
		}
		result, ok := got[name]
		if !ok {
			r.Skipped = append(r.Skipped, name)
			continue
		}
		relative, err := differ(name, result, f)
		r.Error = math.Max(r.Error, relative)
		if err != nil {
			r.Status, r.Reason = Fail, err.Error()
			return r
		}
	}
	if len(r.Skipped) > 0 && f.Tensors["want.out"].Dims == nil {
		r.Status, r.Reason = Skip, "this build computes none of what it expects"
	}
	return r
}

func sortedNames(tensors map[string]variants.Tensor) []string {
	names := make([]string, 0, len(tensors))
	for name := range tensors {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// differ applies the golden files' rule: max|got-want| ≤ rtol·max|want| + atol; integers are equal. It
// returns the error relative to max|want|.
func differ(name string, got variants.Tensor, f *tensorfile.File) (float64, error) {
	want := f.Tensors["want."+name]
	if !slices.Equal(got.Dims, want.Dims) {
		return 0, fmt.Errorf("%s is %s, expected %s",
			name, variants.FormatDims(got.Dims), variants.FormatDims(want.Dims))
	}
	if want.I64 != nil {
		for i, w := range want.I64 {
			if got.I64[i] != w {
				return 1, fmt.Errorf("%s[%d] is %d, expected %d", name, i, got.I64[i], w)
			}
		}
		return 0, nil
	}
	var worst, top float64
	for i, w := range want.F32 {
		d := math.Abs(float64(got.F32[i]) - float64(w))
		if d > worst || math.IsNaN(d) {
			worst = d
		}
		top = math.Max(top, math.Abs(float64(w)))
	}
	limit, err := tolerance(name, f.Metadata, top)
	if err != nil {
		return 0, err
	}
	relative := worst
	if top > 0 {
		relative = worst / top
	}
	if !(worst <= limit) {
		return relative, fmt.Errorf("%s differs by %.3g, accepted %.3g (largest value %.3g)",
			name, worst, limit, top)
	}
	return relative, nil
}

// tolerance is the accepted absolute error: gradients, whose names begin with d, have limits of their own.
func tolerance(name string, metadata map[string]string, top float64) (float64, error) {
	prefix := ""
	if strings.HasPrefix(name, "d") {
		prefix = "grad_"
	}
	rtol, err := strconv.ParseFloat(metadata[prefix+"rtol"], 64)
	if err != nil {
		return 0, fmt.Errorf("%srtol of the metadata is %q: not a number", prefix, metadata[prefix+"rtol"])
	}
	atol := 0.0
	if text := metadata[prefix+"atol"]; text != "" {
		if atol, err = strconv.ParseFloat(text, 64); err != nil {
			return 0, fmt.Errorf("%satol of the metadata is %q: not a number", prefix, text)
		}
	}
	return rtol*top + atol, nil
}
