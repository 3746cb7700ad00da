package chart

import (
	"bytes"
	"image/color"
	"io"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// pdfCanvas makes up for what vgpdf does to translucent colours and to text outside ASCII.
type pdfCanvas struct{ *vgpdf.Canvas }

// SetColor sets the colour of what follows.
func (c pdfCanvas) SetColor(clr color.Color) {
	if n, ok := clr.(color.NRGBA); ok {
		clr = straight(n)
	}
	c.Canvas.SetColor(clr)
}

// straight is a colour that is not multiplied by its opacity. vgpdf takes what a colour returns as such,
// which darkens translucent ones.
type straight color.NRGBA

// RGBA returns the channels and the opacity, each up to 0xffff.
func (s straight) RGBA() (r, g, b, a uint32) {
	return uint32(s.R) * 0x101, uint32(s.G) * 0x101, uint32(s.B) * 0x101, uint32(s.A) * 0x101
}

// FillString writes text. The document's fonts have the code page Windows-1252; a character outside it turns
// into a question mark.
func (c pdfCanvas) FillString(face font.Face, p vg.Point, text string) {
	var coded strings.Builder
	for _, r := range text {
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			b = '?'
		}
		coded.WriteByte(b)
	}
	c.Canvas.FillString(face, p, coded.String())
}

// write writes the document, without the time of its making: equal charts are equal files.
func (c pdfCanvas) write(w io.Writer) error {
	var document bytes.Buffer
	if _, err := c.WriteTo(&document); err != nil {
		return err
	}
	date := regexp.MustCompile(`(/(?:CreationDate|ModDate) \(D:)\d{14}\)`)
	_, err := w.Write(date.ReplaceAll(document.Bytes(), []byte("${1}20000101000000)")))
	return err
}
