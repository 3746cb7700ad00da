package peers

// Request is what an adapter is asked to prepare. Sizes are those of variants.Shape.
type Request struct {
	Peer    string            `json:"peer"` // the declared name: one adapter may serve several
	N       int               `json:"n"`
	S       int               `json:"s"`
	D       int               `json:"d"`
	E       int               `json:"e"`
	Heads   int               `json:"heads"`
	Batch   int               `json:"batch"`
	Causal  bool              `json:"causal"`
	DType   string            `json:"dtype"` // "f32", "bf16"
	Threads int               `json:"threads"`
	Pass    string            `json:"pass"`    // "forward", "backward", "both"
	Options map[string]string `json:"options"` // of the mechanism that the peer implements, all of them
	Inputs  string            `json:"inputs"`  // tensor file with q, k, v
	Side    string            `json:"side,omitempty"`
	Output  string            `json:"output"` // tensor file to write
	Memory  int64             `json:"memory"` // bytes that the process may add to what it has; 0: no limit
}

// Answer is what an adapter says of a number of calls.
type Answer struct {
	Nanoseconds int64 // of all calls together
	Peak        int64 // bytes that the calls added at most; -1 unknown
}

// Skip is an adapter's word that it cannot do what was asked.
type Skip string

func (s Skip) Error() string { return string(s) }

// Malloc is a setting of the C library's allocator. Libraries that allocate large temporaries on every call
// spend up to half their time on fresh pages under the default setting; under the tuned one freed memory is
// kept for the next call.
type Malloc string

// The settings: glibc's own, and memory that is never given back.
const (
	Default Malloc = "default"
	Tuned   Malloc = "tuned"
)

// environment returns the variables that make the setting.
func (m Malloc) environment() []string {
	if m != Tuned {
		return nil
	}
	return []string{
		"MALLOC_MMAP_MAX_=0", "MALLOC_TRIM_THRESHOLD_=64000000000", "MALLOC_TOP_PAD_=268435456",
	}
}
