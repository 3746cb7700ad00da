package catalog

import (
	"fmt"
	"strings"
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// ExampleLookup plans a mechanism for one shape and runs it: what every caller does.
func ExampleLookup() {
	mechanism, err := Lookup("flash")
	if err != nil {
		fmt.Println(err)
		return
	}
	pool := work.NewPool(1)
	defer pool.Close()
	problem, err := mechanism.Resolve(variants.Request{
		Shape:   variants.Shape{Batch: 1, Heads: 1, N: 2, S: 2, D: 1, E: 1, Causal: true},
		Kernels: kernel.Best(), Pool: pool,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	attention, _ := problem.Plan()
	out := make([]float32, 2)
	f := variants.F32s
	attention.Forward(f(out), f([]float32{1, 0}), f([]float32{1, 1}), f([]float32{10, 20}))
	fmt.Println(out)
	// Output: [10 15]
}

// TestDeclarations checks what flags, tables and reports take from every declaration.
func TestDeclarations(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		t.Run(m.Name, func(t *testing.T) {
			if seen[m.Name] || m.Name != strings.ToLower(m.Name) {
				t.Errorf("name %q is taken or not lower case", m.Name)
			}
			seen[m.Name] = true
			for what, text := range map[string]string{
				"title": m.Title, "summary": m.Summary, "paper": m.Paper, "role": string(m.Role), "family": m.Family,
				"time": m.Time.Text, "memory": m.Memory.Text,
			} {
				if text == "" {
					t.Errorf("no %s", what)
				}
			}
			if (m.Target == nil) != (m.TargetName == "") {
				t.Error("a target of fidelity needs a name, and a name a target")
			}
			if (m.Gradient == nil) != (m.BackwardCost == nil) {
				t.Error("a gradient needs its cost, and a cost its gradient")
			}
			if (m.NewDecoder == nil) != (m.DecodeCost == nil) || (m.NewDecoder == nil) != (m.NoDecode != "") {
				t.Error("a decoder needs its cost, and a mechanism without one the reason")
			}
			checkOptions(t, m)
			checkFidelity(t, m)
		})
	}
}

func checkOptions(t *testing.T, m *variants.Mechanism) {
	for _, o := range m.Options {
		if (o.Default == "") == (o.Derived == "") || o.Doc == "" {
			t.Errorf("option %s needs a doc, and a default or words for how it is derived", o.Name)
		}
		if o.Default == "" {
			continue
		}
		if _, err := o.Canonical(o.Default); err != nil {
			t.Errorf("the default of %s is refused: %v", o.Name, err)
		}
		if o.Kind == variants.Choice && o.Choices[0] != o.Default {
			t.Errorf("the choices of %s do not begin with its default", o.Name)
		}
	}
}

// checkFidelity resolves the settings of the fidelity report on shapes like those of the real activations.
func checkFidelity(t *testing.T, m *variants.Mechanism) {
	for _, f := range m.Fidelity {
		settings, err := variants.ParseSettings(f.Options)
		if err != nil {
			t.Fatal(err)
		}
		n := 512
		if f.Causal {
			n = 4096
		}
		_, err = m.Resolve(variants.Request{
			Shape:   variants.Shape{Batch: 1, Heads: 1, N: n, S: n, D: 64, E: 64, Causal: f.Causal},
			Options: settings, Draw: true,
			Kernels: kernel.Generic(), Pool: work.NewPool(1),
		})
		if err != nil {
			t.Errorf("fidelity %+v is refused: %v", f, err)
		}
	}
}

func TestLookupSuggests(t *testing.T) {
	_, err := Lookup("perfomer")
	if err == nil || !strings.Contains(err.Error(), `did you mean "performer"?`) {
		t.Errorf("got %v", err)
	}
}
