package results

import (
	"fmt"
	"strings"
	"unicode"
)

// Schema is the version of the format that this package writes and reads.
const Schema = "1"

// Header keys that a report relies on. A header may hold any other.
const (
	KeySchema  = "schema"
	KeyMachine = "machine" // identifies the machine: numbers of two machines never share a table
	KeyCommit  = "commit"
	KeyCommand = "command"
	KeySeed    = "seed"
)

// A Header is what is constant over a run, in the order in which it is written. The schema is added by the
// Writer.
type Header []Field

// A Field is one "key: value" line.
type Field struct {
	Key, Value string
}

// Get returns the value of a key, empty where it is absent.
func (h Header) Get(key string) string {
	for _, f := range h {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}

// check refuses what benchfmt would not read back.
func (h Header) check() error {
	for _, f := range h {
		bad := f.Key == "" || !unicode.IsLower([]rune(f.Key)[0]) || strings.ContainsFunc(f.Key, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsUpper(r) || r == ':' || r == unicode.ReplacementChar
		})
		if bad {
			return fmt.Errorf("header key %q: it must start with a lower-case letter and hold "+
				"no space, capital or colon", f.Key)
		}
		if f.Value == "" || f.Value != strings.TrimSpace(f.Value) || strings.ContainsAny(f.Value, "\r\n") {
			return fmt.Errorf("header %s: value %q must be one line without space around it", f.Key, f.Value)
		}
	}
	return nil
}
