package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attnbench/harness/peers"
	"attnbench/harness/peers/peerstest"
	"attnbench/results"
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// flawKey makes this test binary an adapter with a flaw.
const flawKey = "PEER_FLAW"

func TestMain(m *testing.M) {
	if flaw := os.Getenv(flawKey); flaw != "" {
		if err := peerstest.Serve(os.Stdin, os.Stdout, flaw); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 2 && os.Args[1] == cellWord {
		serveTestCell()
	}
	os.Exit(m.Run())
}

// declarePeers writes a file of declarations of adapters that are this binary.
func declarePeers(t *testing.T, declared ...peers.Peer) string {
	t.Helper()
	for i := range declared {
		declared[i].Command = []string{os.Args[0]}
	}
	text, err := json.Marshal(declared)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "peers.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// runPeers runs mechanisms and peers that share a flaw, and returns what was recorded.
func runPeers(t *testing.T, flaw string, axes Axes, limits Limits, declared ...peers.Peer) *journal {
	t.Helper()
	t.Setenv(flawKey, flaw)
	clock, j := &fakeClock{}, &journal{}
	axes.Peers, axes.Dim = declarePeers(t, declared...), "8"
	plan := newPlan(t, clock, axes, limits, mechanisms(clock))
	if _, err := plan.Run(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	return j
}

func copyPeer() peers.Peer {
	return peers.Peer{Name: "copy", Implements: "linear", Same: true, Malloc: true, Knobs: []string{"k"}}
}

func TestPeersAreSampledInTurns(t *testing.T) {
	j := runPeers(t, "none", Axes{N: "64", Heads: "2", Set: []string{"copy.k=9"}}, Limits{}, copyPeer())
	seen, first := map[string]int{}, map[string]int{}
	for i, s := range j.samples {
		if seen[s.Label()]++; seen[s.Label()] == 1 {
			first[s.Label()] = i
		}
		if s.Peer == nil {
			continue
		}
		if want := float64(64 * peerstest.PerToken); s.Nanoseconds != want || s.Errors.Impl != 0 {
			t.Errorf("%s: %v ns, want %v; impl-err %v", s.Label(), s.Nanoseconds, want, s.Errors.Impl)
		}
		if want := float64(peerstest.Peak + 3*4*2*64*8); s.PeakBytes.Value != want {
			t.Errorf("%s: peak %v, want %v", s.Label(), s.PeakBytes, want)
		}
	}
	for _, label := range []string{"square", "linear", "copy[k=9]", "copy[k=9,malloc=tuned]"} {
		if seen[label] != fullSamples || first[label] > 3 {
			t.Errorf("%d samples of %s, the first at %d", seen[label], label, first[label])
		}
	}
	o := j.outcome("copy[k=9]", 64)
	if o.Versions != "peerstest 1.0" || o.Status != results.Done || hasWarning(o, "preempted") {
		t.Errorf("%+v", o)
	}
}

// TestFlaws: whatever a peer does, it is a row with the reason, and the others are measured.
func TestFlaws(t *testing.T) {
	for flaw, want := range map[string]Refusal{
		"wrong": {"peer", "impl-err 1: the output is not that of its definition (accepted: 0.001)"},
		"nan":   {"peer", "output 0 of 512 is NaN or was never written"},
		"short": {"peer", "the peer's output is 1x1x63x8: it must be a float tensor out of 1x1x64x8"},
		"fail":  {"peer", "the peer failed: needs luck: bring some"},
		"crash": {"peer", "the peer died before it answered go "},
		"skip":  {"missing", "needs luck: bring some"},
	} {
		peer := copyPeer()
		peer.Malloc = false
		j := runPeers(t, flaw, Axes{N: "64"}, Limits{}, peer)
		o := j.outcome("copy", 64)
		status := results.Failed
		if flaw == "skip" {
			status = results.Skipped
		}
		if flaw == "skip" && len(o.Warnings) > 0 {
			t.Errorf("warnings about what did not run: %+v", o.Warnings)
		}
		if o.Status != status || o.Refusal.Code != want.Code || !strings.HasPrefix(o.Refusal.Reason, want.Reason) {
			t.Errorf("%s: %s %+v, want %+v", flaw, o.Status, o.Refusal, want)
		}
		if o := j.outcome("linear", 64); o.Status != results.Done || len(o.Times) != fullSamples {
			t.Errorf("%s: linear is %s with %d samples", flaw, o.Status, len(o.Times))
		}
	}
}

// TestInterruptDuringPeer: a run that is interrupted while a peer hangs ends, and does not call that a
// failure.
func TestInterruptDuringPeer(t *testing.T) {
	t.Setenv(flawKey, "hang")
	clock, j := &fakeClock{}, &journal{}
	axes := Axes{N: "64", Dim: "8", Peers: declarePeers(t, copyPeer())}
	plan := newPlan(t, clock, axes, Limits{}, mechanisms(clock))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(300*time.Millisecond, cancel)
	if _, err := plan.Run(ctx, j); !errors.Is(err, context.Canceled) {
		t.Errorf("the run ended with %v", err)
	}
	if o := j.outcome("copy", 64); o.Status != "" {
		t.Errorf("%s: %+v", o.Status, o.Refusal)
	}
}

// TestOtherFunction: what is no function of ours is measured and has no impl-err.
func TestOtherFunction(t *testing.T) {
	j := runPeers(t, "wrong", Axes{N: "64"}, Limits{}, peers.Peer{Name: "own", Implements: "linear"})
	if o := j.outcome("own", 64); o.Status != results.Done || o.Errors.Impl == o.Errors.Impl ||
		!(o.Errors.Relative > 0) {
		t.Errorf("%s, errors %+v", o.Status, o.Errors)
	}
}

// TestFirstCallDecides: a peer that is slower than its mechanism's cost predicts gets the samples that fit. A
// slow call of 64 tokens takes 6.4 ms: ten samples 83 ms in all, six 58 ms.
func TestFirstCallDecides(t *testing.T) {
	peer := peers.Peer{Name: "copy", Implements: "linear", Same: true}
	run := func(timeout time.Duration) Outcome {
		return runPeers(t, "slow", Axes{N: "64"}, Limits{Timeout: timeout}, peer).outcome("copy", 64)
	}
	if o := run(60 * time.Millisecond); len(o.Times) != minSamples || !hasWarning(o, "few-samples") {
		t.Errorf("%d samples, warnings %+v", len(o.Times), o.Warnings)
	}
	o := run(50 * time.Millisecond)
	if o.Status != results.Skipped || o.Refusal.Code != "timeout" ||
		!strings.Contains(o.Refusal.Reason, "predicted 58 ms for 6 samples") {
		t.Errorf("%s %+v", o.Status, o.Refusal)
	}
}

func TestPeerRefusals(t *testing.T) {
	clock := &fakeClock{}
	for text, want := range map[string]string{
		"torch-spda": `--peers: unknown "torch-spda": did you mean "torch-sdpa"?`,
		declarePeers(t, peers.Peer{Name: "linear", Implements: "square"}): "has the name of a variant",
		declarePeers(t, peers.Peer{Name: "x", Implements: "liner"}):       `did you mean "linear"?`,
	} {
		_, err := ParseSweep(Axes{N: "64", Peers: text}, mechanisms(clock))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("--peers %s: %v, want %q", text, err, want)
		}
	}
	plan := newPlan(t, clock, Axes{
		N: "64", Causal: "1", DType: "bf16",
		Peers: declarePeers(t, peers.Peer{Name: "a", Implements: "linear", NoCausal: "it looks ahead"},
			peers.Peer{Name: "b", Implements: "linear"}),
	}, Limits{}, mechanisms(clock))
	for i, want := range []string{"not causal: it looks ahead", "it does not compute in bf16"} {
		if c := plan.Blocks[0].Cells[2+i]; c.Skip.Code != "unsupported" || c.Skip.Reason != want {
			t.Errorf("%s: %+v, want %q", c.Label(), c.Skip, want)
		}
	}
}

// TestOnlyCausalPeers: an adapter that has no other form leaves a reason.
func TestOnlyCausalPeers(t *testing.T) {
	clock := &fakeClock{}
	peer := peers.Peer{Name: "a", Implements: "linear", OnlyCausal: "its sum runs over the past"}
	for causal, want := range map[string]string{"0": "always causal: its sum runs over the past", "1": ""} {
		axes := Axes{N: "64", Causal: causal, Peers: declarePeers(t, peer)}
		skip := newPlan(t, clock, axes, Limits{}, mechanisms(clock)).Blocks[0].Cells[2].Skip
		if !strings.HasPrefix(skip.Reason, want) || want == "" && skip.Code == "unsupported" {
			t.Errorf("causal %s: %+v, want %q", causal, skip, want)
		}
	}
}

// TestPeersRunOnce: they do not depend on our kernels.
func TestPeersRunOnce(t *testing.T) {
	clock := &fakeClock{}
	axes := Axes{N: "64", Threads: "1,2", Peers: declarePeers(t, copyPeer())}
	axes.SIMD = "generic," + kernel.Best().Name
	plan := newPlan(t, clock, axes, Limits{}, mechanisms(clock))
	names := map[string]int{}
	for _, b := range plan.Blocks {
		for _, c := range b.Cells {
			names[c.Name().Name()]++
		}
	}
	for name, count := range names {
		if count > 1 {
			t.Errorf("%s is there %d times", name, count)
		}
	}
	paths := 2
	if kernel.Best().Name == "generic" {
		paths = 1
	}
	if want := 2 * (2*paths + 2); len(names) != want {
		t.Errorf("%d cells, want %d: %v", len(names), want, names)
	}
}

// TestPeerLines: a peer's line has what is known of it and nothing else.
func TestPeerLines(t *testing.T) {
	t.Setenv(flawKey, "none")
	clock := &fakeClock{}
	exact := mechanisms(clock)
	exact[1].Role = variants.Exact
	plan := newPlan(t, clock, Axes{N: "64", Dim: "8", Peers: declarePeers(t, copyPeer())}, Limits{}, exact)
	var out bytes.Buffer
	w, err := results.NewWriter(&out, nil, results.Run{ID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	j := Journal{Writer: w}
	if err := j.Head(plan); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Run(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"variant":"copy",`, `"role":"peer"`, `"implements":"linear","exact":true`,
		"/dtype=f32/simd=external/threads=1/input=gaussian/malloc=tuned ", `"versions":"peerstest 1.0"`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the file lacks %s", want)
		}
	}
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "simd=external") && strings.Contains(line, "work-B") {
			t.Errorf("nobody knows the workspace of a peer: %s", line)
		}
	}
}
