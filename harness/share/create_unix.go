//go:build unix && !linux

package share

import "os"

func create() (*os.File, error) { return unlinked() }
