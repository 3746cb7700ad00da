// Package chart draws lines and points on logarithmic axes, mostly over sequence lengths, as SVG, PNG or PDF.
//
// Lines are labelled at their ends, in their colours, so that no legend has to be looked up.
package chart

import (
	"fmt"
	"io"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// Unit says what the values of a chart are: which ticks its axis has, and how they read.
type Unit int

// Units of values.
const (
	Length    Unit = iota // 64, 1k, 64k: powers of two
	Seconds               // 10 µs, 1 ms, 1 s
	Bytes                 // 64 KiB, 1 MiB
	Ratio                 // 0.1×, 1×, 10×
	Fraction              // 1e-4, 0.1, 1
	Rate                  // 10 G, 100 G: operations a second
	Intensity             // 10, 100: operations a byte
)

// Series is a line. X and Y hold values in the base units of the axes (tokens, seconds, bytes); Lo and Hi,
// both nil or both as long as Y, bound the band around the line. A point whose X or Y is not positive and
// finite is left out, and so is the band where its bounds are not finite; the points may come in any order. A
// series without points keeps a colour for itself.
type Series struct {
	Label        string
	X, Y, Lo, Hi []float64
	Dashed       bool // a broken line, for a fit or a bound beside what was measured
	Plain        bool // no markers and no colour, for a bound that is known everywhere
	Colour       int  // series with the same number, from 1, share a colour; 0 gives each its own
}

// Mark is a point to look at, such as a crossover: a ring with a label. One that is not positive and finite
// is left out.
type Mark struct {
	X, Y  float64
	Label string
}

// Chart is a picture on two logarithmic axes; x is of sequence lengths where XUnit is left at Length.
type Chart struct {
	Title, XLabel, YLabel string
	XUnit, YUnit          Unit
	Series                []Series
	Marks                 []Mark
	Narrow                bool // for a phone: half as wide
}

// pngDPI makes a PNG sharp at the full width of a printed page.
const pngDPI = 192

// Write draws the chart on a white ground. The format is "svg", "png" or "pdf"; the same chart gives the same
// bytes.
func (c Chart) Write(w io.Writer, format string) error {
	c = c.tidy()
	fig, err := c.figure()
	if err != nil {
		return err
	}
	switch format {
	case "svg":
		_, err = io.WriteString(w, fig.svg(c.describe()))
	case "png":
		canvas := vgimg.NewWith(vgimg.UseWH(fig.size.X, fig.size.Y), vgimg.UseDPI(pngDPI))
		fig.draw(canvas)
		_, err = vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	case "pdf":
		err = fig.pdf(w)
	default:
		return fmt.Errorf("chart: there is no format %q: use svg, png or pdf", format)
	}
	if err != nil {
		return fmt.Errorf("chart %q as %s: %w", c.Title, format, err)
	}
	return nil
}

// InlineSVG draws the chart as an <svg> element for an HTML page. It has no ground and takes the text's
// colour from the page; the lines' colours follow the reader's light or dark scheme. The title is read aloud
// and not drawn: it belongs into the page's caption, which can wrap.
func (c Chart) InlineSVG() (string, error) {
	c = c.tidy()
	described := c.describe()
	c.Title = ""
	fig, err := c.figure()
	if err != nil {
		return "", err
	}
	return fig.inlineSVG(described), nil
}

// pdf writes the figure as a document of one page.
func (f *figure) pdf(w io.Writer) error {
	canvas := pdfCanvas{vgpdf.New(f.size.X, f.size.Y)}
	f.draw(canvas)
	return canvas.write(w)
}

// draw paints the figure, lowest layer first.
func (f *figure) draw(c vg.Canvas) {
	f.drawGrid(c)
	for _, l := range f.lines {
		l.drawBand(c)
	}
	for _, l := range f.lines {
		l.draw(c)
	}
	for _, m := range f.rings {
		ring(c, m)
	}
	f.drawText(c)
}
