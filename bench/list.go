package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnbench/harness/peers"
	"attnbench/variants"
	"attnbench/variants/catalog"
)

type listCommand struct {
	Variants []string `arg:"" optional:"" name:"variant" help:"Only these mechanisms or peers."`
}

const peersHeading = "Peers: other implementations, measured in turns with ours by bench run --peers LIST."

// Run prints what each mechanism declares.
func (c *listCommand) Run(env *environment) error {
	mechanisms, others, err := c.choose()
	if err != nil {
		return err
	}
	for _, m := range mechanisms {
		fmt.Fprintln(env.stdout, describe(m))
	}
	if len(others) > 0 {
		fmt.Fprintf(env.stdout, "%s\n\n", peersHeading)
	}
	for _, p := range others {
		fmt.Fprintln(env.stdout, describePeer(p))
	}
	fmt.Fprintf(env.stdout, "Limits: n and s up to %d, batch × heads up to %d, d and e up to %d.\n",
		variants.MaxLength, variants.MaxHeads, variants.MaxDim)
	return nil
}

// choose are the mechanisms and peers to list: all of them, or those that are named.
func (c *listCommand) choose() ([]*variants.Mechanism, []*peers.Peer, error) {
	known := peers.All()
	if len(c.Variants) == 0 {
		return catalog.All(), known, nil
	}
	var mechanisms []*variants.Mechanism
	var others []*peers.Peer
	for _, name := range c.Variants {
		if i := slices.IndexFunc(known, func(p *peers.Peer) bool { return p.Name == name }); i >= 0 {
			others = append(others, known[i])
			continue
		}
		m, err := catalog.Lookup(name)
		if err != nil {
			return nil, nil, err
		}
		mechanisms = append(mechanisms, m)
	}
	return mechanisms, others, nil
}

// describePeer is one peer's paragraph.
func describePeer(p *peers.Peer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", p.Name, p.Summary)
	field := func(name, text string) { fmt.Fprintf(&b, "  %-10s %s\n", name, text) }
	field("from", p.Source)
	check := "checked against our definition"
	if !p.Same {
		check = "a function of its own: only its error against exact attention is reported"
	}
	settings := ""
	if p.Options != "" {
		settings = " with " + p.Options
	}
	field("implements", p.Implements+settings+", "+check)
	have := []string{"forward", strings.Join(p.Formats(), " and ")}
	if p.Backward {
		have = append(have, "backward")
	}
	field("supports", strings.Join(have, ", "))
	if p.NoCausal != "" {
		field("refuses", "causal ("+p.NoCausal+")")
	}
	options := p.Knobs
	if p.Malloc {
		options = append(slices.Clone(options), "malloc")
	}
	if len(options) > 0 {
		field("options", strings.Join(options, ", "))
	}
	return b.String()
}

// describe is one mechanism's paragraph.
func describe(m *variants.Mechanism) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s (%s)\n", m.Name, m.Summary, m.Family)
	field := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	field("paper", "%s", m.Paper)
	field("claimed", "time O(%s), memory O(%s)", m.Time.Text, m.Memory.Text)
	field("role", "%s", m.Role)
	field("supports", "%s", strings.Join(supports(m), ", "))
	if refusals := refuses(m); len(refusals) > 0 {
		field("refuses", "%s", strings.Join(refusals, "; "))
	}
	for i, o := range m.Options {
		field(label(i, "options"), "%-28s %s", o.Name+"="+defaultOf(o), o.Doc+rangeOf(o))
	}
	for i, in := range m.Inputs {
		field(label(i, "inputs"), "%-28s %s %s", in.Name, in.Type, in.Layout+": "+in.Doc)
	}
	if m.Unrelated != "" {
		field("rel-err", "n/a: %s", m.Unrelated)
	}
	if m.Target != nil {
		field("target", "rel-err is against %s, never ranked with the others", m.TargetName)
	}
	return b.String()
}

// label names the first line of a list only.
func label(i int, name string) string {
	if i > 0 {
		return ""
	}
	return name
}

func supports(m *variants.Mechanism) []string {
	have := []string{"forward"}
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"backward", m.Gradient != nil}, {"causal", m.NoCausal == ""}, {"cross", m.NoCross == ""},
		{"key mask", m.NoMask == ""}, {"decode", m.NewDecoder != nil},
	} {
		if f.ok {
			have = append(have, f.name)
		}
	}
	return have
}

func refuses(m *variants.Mechanism) []string {
	var list []string
	for _, f := range []struct{ name, reason string }{
		{"causal", m.NoCausal}, {"not causal", m.OnlyCausal}, {"cross", m.NoCross}, {"key mask", m.NoMask},
		{"decode", m.NoDecode},
	} {
		if f.reason != "" {
			list = append(list, f.name+" ("+f.reason+")")
		}
	}
	return list
}

func defaultOf(o variants.Option) string {
	if o.Default == "" {
		return "(" + o.Derived + ")"
	}
	return o.Default
}

func rangeOf(o variants.Option) string {
	switch o.Kind {
	case variants.Choice:
		return ": " + strings.Join(o.Choices, ", ")
	case variants.Bool:
		return ": true, false"
	}
	return ", " + plain(o.Min) + " to " + plain(o.Max)
}

// plain writes a number without an exponent.
func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
