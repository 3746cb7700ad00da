package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"attnbench/reports/chart"
)

// sample has a band, a hole, a broken line, a mark, and more lines than there are colours.
func sample() chart.Chart {
	c := chart.Chart{
		Title: "Time & memory", XLabel: "length", YLabel: "µs per token", YUnit: chart.Seconds,
		Marks: []chart.Mark{{X: 300, Y: 2e-3, Label: "crossover at 300"}, {X: 0, Y: 1, Label: "nowhere"}},
	}
	for i, label := range strings.Fields("one two three four five six seven eight nine ten") {
		s := chart.Series{Label: label, Dashed: i == 1 || i == 9}
		for n := 64.0; n <= 4096; n *= 2 {
			y := 1e-5 * n * math.Pow(1.3, float64(i))
			s.X, s.Y = append(s.X, n), append(s.Y, y)
			s.Lo, s.Hi = append(s.Lo, y*0.9), append(s.Hi, y*1.2)
		}
		s.Y[2], s.Hi[4] = math.NaN(), math.NaN()
		c.Series = append(c.Series, s)
	}
	return c
}

func draw(t *testing.T, c chart.Chart, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inline(t *testing.T, c chart.Chart) string {
	t.Helper()
	svg, err := c.InlineSVG()
	if err != nil {
		t.Fatal(err)
	}
	return svg
}

// parsed returns the text of a well-formed document by element, and the attributes of its root.
func parsed(t *testing.T, document string) (text map[string]string, root map[string]string) {
	t.Helper()
	text, root = map[string]string{}, map[string]string{}
	decoder, open := xml.NewDecoder(strings.NewReader(document)), []string{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return text, root
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(open) == 0 {
				for _, a := range token.Attr {
					root[a.Name.Local] = a.Value
				}
			}
			open = append(open, token.Name.Local)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				text[open[len(open)-1]] += string(token) + "\n"
			}
		}
	}
}

func TestEqualChartsAreEqualBytes(t *testing.T) {
	for _, format := range []string{"svg", "png", "pdf"} {
		if first, second := draw(t, sample(), format), draw(t, sample(), format); !bytes.Equal(first, second) {
			t.Errorf("%s: two drawings differ", format)
		}
	}
	if first, second := inline(t, sample()), inline(t, sample()); first != second {
		t.Error("two inline drawings differ")
	}
}

func TestFormats(t *testing.T) {
	img, err := png.Decode(bytes.NewReader(draw(t, sample(), "png")))
	if err != nil {
		t.Fatal(err)
	}
	if w, h := img.Bounds().Dx(), img.Bounds().Dy(); w < 1600 || h < 900 {
		t.Errorf("png: %d×%d pixels are too few for print", w, h)
	}
	pdf := draw(t, sample(), "pdf")
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte("(D:20000101000000)")) {
		t.Error("pdf: no PDF without a time")
	}
	err = sample().Write(io.Discard, "gif")
	if err == nil || !strings.Contains(err.Error(), "svg, png or pdf") {
		t.Errorf("gif: %v", err)
	}
}

func TestDocumentSaysEverything(t *testing.T) {
	for name, document := range map[string]string{
		"svg": string(draw(t, sample(), "svg")), "inline": inline(t, sample()),
	} {
		text, root := parsed(t, document)
		if strings.TrimSpace(text["title"]) != "Time & memory" || root["role"] != "img" || root["viewBox"] == "" {
			t.Errorf("%s: title %q, root %v", name, text["title"], root)
		}
		for _, want := range []string{"seven", "crossover at 300", "64"} {
			if !strings.Contains(text["text"], want+"\n") {
				t.Errorf("%s: %q is not drawn", name, want)
			}
		}
		for _, want := range []string{"one: 640 µs at 64, 41 ms at 4k", "crossover at 300: 2 ms at 300"} {
			if !strings.Contains(text["desc"], want) {
				t.Errorf("%s: %q is not in the description %q", name, want, text["desc"])
			}
		}
		if strings.Contains(document, "nowhere") || strings.Contains(document, "NaN") {
			t.Errorf("%s: something is drawn that has no place", name)
		}
	}
}

func TestInlineFollowsThePage(t *testing.T) {
	svg := inline(t, sample())
	_, root := parsed(t, svg)
	if root["width"] != "100%" || !strings.Contains(root["font-family"], "sans-serif") {
		t.Errorf("root %v", root)
	}
	sheet := regexp.MustCompile(`<style>.*?</style>`)
	if !strings.Contains(sheet.FindString(svg), "prefers-color-scheme:dark") {
		t.Error("there are no colours for a dark page")
	}
	colour := regexp.MustCompile(`#[0-9A-Fa-f]{3,6}|black|rgb\(`)
	if fixed := colour.FindString(sheet.ReplaceAllString(svg, "")); fixed != "" {
		t.Errorf("%s is the same on a light and a dark page", fixed)
	}
	if strings.Contains(svg, "<rect") {
		t.Error("there is a ground")
	}
}

func TestHostileLabels(t *testing.T) {
	const label = "a<b> & \"c\" style=\"fill:#0072B2\" \x00\xff\n  <text d"
	c := sample()
	c.Title, c.Series[0].Label, c.Marks[0].Label = label, label, label
	const want = "a<b> & \"c\" style=\"fill:#0072B2\" \ufffd <text d"
	for document, labels := range map[string]int{string(draw(t, c, "svg")): 3, inline(t, c): 2} {
		text, _ := parsed(t, document)
		if strings.Count(text["text"], want+"\n") != labels || !strings.HasPrefix(text["title"], want) {
			t.Errorf("the labels read %q, the title %q", text["text"], text["title"])
		}
	}
	draw(t, c, "pdf")
}

func TestCorners(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	series := func(x, y, lo, hi []float64) chart.Chart {
		return chart.Chart{Title: "t", Series: []chart.Series{{Label: "s", X: x, Y: y, Lo: lo, Hi: hi}}}
	}
	for name, c := range map[string]chart.Chart{
		"empty":             {},
		"empty series":      series(nil, nil, nil, nil),
		"nothing drawable":  series([]float64{0, 64, 64, nan}, []float64{1, 0, inf, 1}, nil, nil),
		"one point":         series([]float64{1000}, []float64{1e-3}, []float64{0}, []float64{2e-3}),
		"bound below zero":  series([]float64{64, 128}, []float64{1, 2}, []float64{-1, -2}, []float64{2, 3}),
		"subnormal, huge":   series([]float64{64, 128, 256}, []float64{5e-324, 1, 1e308}, nil, nil),
		"equal points":      series([]float64{64, 64, 64}, []float64{1, 1, 1}, nil, nil),
		"shorter bounds":    series([]float64{64, 128}, []float64{1, 2}, []float64{1}, []float64{2}),
		"mark without line": {Marks: []chart.Mark{{X: 64, Y: 1, Label: "m"}}},
	} {
		draw(t, c, "pdf")
		document := inline(t, c)
		text, _ := parsed(t, document)
		if strings.Contains(document, "NaN") || strings.TrimSpace(text["text"]) == "" {
			t.Errorf("%s: text %q", name, text["text"])
		}
	}
}
