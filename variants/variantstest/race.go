//go:build race

package variantstest

// raced says that the race detector watches.
const raced = true
