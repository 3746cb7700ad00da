package claims

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"

	"attnbench/results"
)

// The JSON form: figures in base units, null for what is not known or open.
type (
	jsonPlace struct {
		Machine string      `json:"machine"`
		Commit  string      `json:"commit"`
		SIMD    string      `json:"simd"`
		Claims  []jsonClaim `json:"claims"`

		Warnings []results.Warning `json:"warnings"`
	}
	jsonClaim struct {
		Name       string     `json:"claim"`
		Title      string     `json:"title"`
		Source     string     `json:"source"`
		URL        string     `json:"url"`
		Statement  string     `json:"statement"`
		Conditions string     `json:"conditions"`
		Differs    string     `json:"differs,omitempty"`
		Needs      string     `json:"needs,omitempty"`
		Setting    string     `json:"setting"`
		Verdict    Verdict    `json:"verdict"`
		Tests      []jsonTest `json:"tests"`
	}
	jsonTest struct {
		Test     string     `json:"test"`
		Measure  string     `json:"measure"`
		Quantity string     `json:"quantity"`
		At       int        `json:"at,omitempty"`
		Unit     string     `json:"unit"`
		Original *float64   `json:"original"`
		Ours     *float64   `json:"ours"`
		Low      *float64   `json:"low"`
		High     *float64   `json:"high"`
		Text     string     `json:"text"` // ours in words: "not up to 8192"
		Min      *float64   `json:"min"`
		Max      *float64   `json:"max"`
		Verdict  Verdict    `json:"verdict"`
		Why      string     `json:"why,omitempty"`
		Settle   string     `json:"settle,omitempty"`
		Commands []string   `json:"commands,omitempty"`
		Cells    []jsonCell `json:"cells"`
	}
	jsonCell struct {
		Cell    string   `json:"cell"` // as results name it; empty where they have none
		Files   []string `json:"files"`
		Counted bool     `json:"counted"`
		Problem string   `json:"problem,omitempty"`
		Median  *float64 `json:"median"`
		Low     *float64 `json:"low"`
		High    *float64 `json:"high"`
		Samples int      `json:"samples"`
	}
)

func writeJSON(w io.Writer, all []Verdicts) error {
	places := []jsonPlace{}
	for _, v := range all {
		p := jsonPlace{Machine: v.Machine, Commit: v.Commit, SIMD: v.SIMD, Claims: []jsonClaim{}}
		p.Warnings = append([]results.Warning{}, v.Warnings...)
		for _, j := range v.Judgements {
			p.Claims = append(p.Claims, j.json())
		}
		places = append(places, p)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(places)
}

func (j Judgement) json() jsonClaim {
	c := j.Claim
	out := jsonClaim{
		Name: c.Name, Title: c.Title, Source: c.Source, URL: c.URL, Statement: c.Statement,
		Conditions: c.Conditions, Differs: c.Differs, Needs: c.Needs, Setting: c.setting(), Verdict: j.Verdict,
		Tests: []jsonTest{},
	}
	for _, f := range j.Findings {
		t := jsonTest{
			Test: f.what(c), Measure: f.Test.Measure, Quantity: f.Quantity, At: f.At, Unit: f.unit(c),
			Original: known(f.Original), Ours: known(f.Ours.Median), Low: known(f.Ours.Lo), High: known(f.Ours.Hi),
			Text: f.ours(c), Min: known(f.Min), Max: known(f.Max), Verdict: f.Verdict, Why: f.Why, Settle: f.Settle,
			Cells: []jsonCell{},
		}
		for _, r := range f.Runs {
			t.Commands = append(t.Commands, r.String())
		}
		for _, e := range f.Evidence {
			t.Cells = append(t.Cells, e.json())
		}
		out.Tests = append(out.Tests, t)
	}
	return out
}

func (e *Evidence) json() jsonCell {
	cell := jsonCell{Cell: e.Name, Files: append([]string{}, e.Files...), Problem: e.Problem}
	if cell.Counted = e.Problem == ""; cell.Counted {
		cell.Median, cell.Low, cell.High = known(e.Median), known(e.Lo), known(e.Hi)
		cell.Samples = e.Samples
	}
	return cell
}

// known is nil for what JSON has no number for.
func known(v float64) *float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return &v
}

// writeCSV writes a line for every test.
func writeCSV(w io.Writer, all []Verdicts) error {
	out := csv.NewWriter(w)
	// The writer keeps its first error until Flush.
	_ = out.Write([]string{
		"machine", "commit", "simd", "claim", "claim verdict", "test", "measure", "quantity", "at", "unit",
		"original", "ours", "low", "high", "min", "max", "verdict", "why", "cells",
	})
	for _, v := range all {
		for _, j := range v.Judgements {
			for _, f := range j.Findings {
				_ = out.Write(append([]string{v.Machine, v.Commit, v.SIMD}, j.record(&f)...))
			}
		}
	}
	out.Flush()
	return out.Error()
}

func (j Judgement) record(f *Finding) []string {
	number := func(v float64) string {
		if known(v) == nil {
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	var cells []string
	for _, e := range f.Evidence {
		if e.Name != "" {
			cells = append(cells, e.Name)
		}
	}
	return []string{
		j.Claim.Name, string(j.Verdict), f.what(j.Claim), f.Test.Measure, f.Quantity, strconv.Itoa(f.At),
		f.unit(j.Claim), number(f.Original), number(f.Ours.Median), number(f.Ours.Lo), number(f.Ours.Hi),
		number(f.Min), number(f.Max), string(f.Verdict), f.Why, strings.Join(cells, " "),
	}
}
