package results

import (
	"fmt"
	"strconv"
	"strings"
)

// Escape writes a value so that it can stand in a name (see the package comment). Unescape is its inverse.
func Escape(value string) string {
	minus := trailingMinus(value)
	var b strings.Builder
	for i := range len(value) {
		if c := value[i]; needsEscape(c) || i == minus {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func needsEscape(c byte) bool {
	return c <= ' ' || c >= 0x7f || strings.IndexByte(`/=|%"\`, c) >= 0
}

// trailingMinus returns the index of the minus sign of a value that ends in minus and digits, or -1.
func trailingMinus(value string) int {
	head := strings.TrimRight(value, "0123456789")
	if len(head) < len(value) && strings.HasSuffix(head, "-") {
		return len(head) - 1
	}
	return -1
}

// Unescape reads a value out of a name.
func Unescape(text string) (string, error) {
	if !strings.Contains(text, "%") {
		return text, nil
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		if i+2 >= len(text) {
			return "", fmt.Errorf("value %q ends inside a %%XX", text)
		}
		c, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("value %q holds a bad %%XX", text)
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), nil
}

// plainNumber writes a number that has an exponent without one; any other value stays as it is.
func plainNumber(value string) string {
	if !strings.ContainsAny(value, "eE") || strings.ContainsAny(value, "xXpP_iI") {
		return value
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return value
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
