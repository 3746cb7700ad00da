//go:build !linux

package machine

import (
	"errors"
	"io/fs"
)

func (h *Host) connect() {
	h.root = nothing{}
	h.usage = func() Usage { return Usage{} }
	h.clearPeak = func() error { return errors.ErrUnsupported }
}

// nothing is a file system without files.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
