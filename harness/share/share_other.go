//go:build !unix

package share

import (
	"errors"
	"os"
)

// Supported reports whether children can inherit files and map them.
const Supported = false

func create() (*os.File, error) { return nil, errors.ErrUnsupported }

func mapped(*os.File, int) ([]byte, func(), error) { return nil, nil, errors.ErrUnsupported }
