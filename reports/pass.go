package reports

import (
	"slices"

	"attnbench/results"
)

// passText is a pass in a caption.
func passText(pass string) string {
	switch pass {
	case results.PassBackward:
		return "backward alone"
	case results.PassBoth:
		return "forward and backward"
	case results.PassDecode:
		return "decoding"
	}
	return pass
}

// decodes reports whether the setting's calls take one more token, at position n.
func (s *setting) decodes() bool { return s.probe.Pass == results.PassDecode }

// callText is a call in the title of a table.
func (s *setting) callText() string {
	if s.decodes() {
		return "one more token at position n"
	}
	return "one call"
}

// lengthText is what n is.
func (s *setting) lengthText() string {
	if s.decodes() {
		return "position"
	}
	return "length"
}

// claims are the orders of growth that a variant claims for a call of the setting. One token takes an n-th of
// the time of a causal forward pass, and touches what is kept once, so time and state grow alike.
func (s *setting) claims(v results.Variant) (time, memory results.Growth) {
	if !s.decodes() {
		return v.Time, v.Memory
	}
	token := results.Growth{Text: "1"}
	if token.Exponent = v.Time.Exponent - 1; token.Exponent > 0 {
		token.Text = "n"
	}
	return token, token
}

// gradients reports whether the setting's calls compute gradients.
func (s *setting) gradients() bool {
	return s.probe.Pass == results.PassBackward || s.probe.Pass == results.PassBoth
}

// verified says what cells were checked for before they were timed.
func (s *setting) verified() string {
	if s.gradients() {
		return "Output and gradients of every cell agreed with their definitions before it was timed."
	}
	if s.decodes() {
		return "The last tokens of every cell, decoded one by one, agreed with the rows of its definition " +
			"before it was timed. Samples repeat the token: what is kept stays in the caches of the CPU where it fits."
	}
	return "Every cell agreed with its definition before it was timed."
}

// withErrors are the settings whose errors a report shows: backward alone has none, and the outputs of
// forward and backward are those of forward, where that was measured too.
func withErrors(all []*setting) []*setting {
	var list []*setting
	for _, s := range all {
		forward := s.probe
		forward.Pass = results.PassForward
		elsewhere := func(o *setting) bool { return o != s && o.probe.Name() == forward.Name() }
		scored := slices.ContainsFunc(s.series, func(x *series) bool { return x.has(results.RelErr) })
		if scored && !slices.ContainsFunc(all, elsewhere) {
			list = append(list, s)
		}
	}
	return list
}

// sizes are the counted bytes that a call holds beyond operands and results, over lengths: its workspace, and
// what is kept for the backward pass; in decoding, what is kept between tokens.
func (x *series) sizes() []Point {
	if x.cells[0].Pass == results.PassDecode {
		// A window that reaches all of a context says nothing of its growth.
		covered := func(p Point) bool { return x.at(p.N).covered() }
		return slices.DeleteFunc(exact(x.points(results.StateBytes)), covered)
	}
	points := exact(x.points(results.WorkBytes))
	for i, p := range points {
		saved, _ := x.at(p.N).value(results.SavedBytes)
		for _, bound := range []*float64{&points[i].Median, &points[i].Lo, &points[i].Hi} {
			*bound += saved
		}
	}
	return points
}

// memoryWord is what counted memory is.
func (s *setting) memoryWord() string {
	if s.decodes() {
		return "state"
	}
	return "memory"
}

// memoryNote says which bytes a growth of memory is of.
func (s *setting) memoryNote() string {
	if s.gradients() {
		return "Memory: the same for the counted bytes of the workspace and of what is kept for the backward " +
			"pass, which have no noise."
	}
	if s.decodes() {
		return "Memory: the same for the counted bytes of the state, which have no noise."
	}
	return "Memory: the same for the counted bytes of the workspace, which have no noise."
}

// passes reports whether the group has cells of several passes.
func (g *group) passes() bool {
	return slices.ContainsFunc(g.cells, func(c *measured) bool { return c.Pass != g.cells[0].Pass })
}
