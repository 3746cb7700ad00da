//go:build noasm || !(amd64 || arm64)

package kernel

// vectorSets returns no set: this build has none.
func vectorSets() []*Set { return nil }
