//go:build !linux

package process

import (
	"io"
	"os"
)

// Stdin is the standard input.
func Stdin() io.Reader { return os.Stdin }
