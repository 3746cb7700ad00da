//go:build !amd64 || noasm

package kernel

// vectorSets returns no set: this build has none.
func vectorSets() []*Set { return nil }
