package attnbench_test

import (
	"slices"
	"strings"
	"testing"
)

// TestNoNetwork: the program holds no code that could reach a network, whatever it is given.
func TestNoNetwork(t *testing.T) {
	linked := strings.Fields(mustRun(t, ".", "go", "list", "-deps", "./bench"))
	if !slices.Contains(linked, "os/exec") { // peers are processes: the list is one of what is linked
		t.Fatalf("go list -deps gives %d packages without os/exec", len(linked))
	}
	for _, banned := range []string{"net", "net/http", "net/rpc", "crypto/tls", "plugin"} {
		if slices.Contains(linked, banned) {
			t.Errorf("bench links %s: go mod why %s", banned, banned)
		}
	}
}
