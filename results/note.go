package results

// Status of a cell.
const (
	Done    = "done"
	Skipped = "skipped"
	Failed  = "failed"
)

// Roles of a variant.
const (
	RoleExact         = "exact"         // computes the very thing: a baseline
	RoleApproximation = "approximation" // stands in for it
	RoleReference     = "reference"     // a bound for orientation, never ranked
	RolePeer          = "peer"          // another implementation of one of them, in a process of its own
)

// External stands for the SIMD path of a peer, which is its own affair.
const External = "external"

// A Warning is something the reader of a number must know, and what to do about it.
type Warning struct {
	Code   string `json:"code"` // short and stable: "unstable", "gaussian-input"
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

// A CellNote is what a sample cannot carry.
type CellNote struct {
	Cell     string    `json:"cell"` // its Name
	Run      string    `json:"run"`
	Status   string    `json:"status"`
	Code     string    `json:"code,omitempty"`   // of the reason, stable: "budget", "memory", "unsupported"
	Reason   string    `json:"reason,omitempty"` // why it was skipped or failed, one line
	Warnings []Warning `json:"warnings,omitempty"`
	Output   string    `json:"output,omitempty"`   // hash of the output's bits
	Pairs    string    `json:"pairs,omitempty"`    // why pair-frac is absent or approximate
	Rows     string    `json:"rows,omitempty"`     // which rows the errors are taken over, where not all
	Label    string    `json:"label,omitempty"`    // what a table adds to the variant's name: "untrained"
	Versions string    `json:"versions,omitempty"` // of what a peer consists of: "torch 2.15.0"
}

// A Growth is a claimed order of growth in the sequence length.
type Growth struct {
	Text     string  `json:"text"`     // "n²", "n·k"
	Exponent float64 `json:"exponent"` // of n for fixed options; logarithms count as 0
}

// A Variant is what a report needs to know about a mechanism, so that it need not know mechanisms.
type Variant struct {
	Name     string `json:"variant"`
	Title    string `json:"title"`
	Summary  string `json:"summary,omitempty"`
	Family   string `json:"family,omitempty"`
	Role     string `json:"role"`
	Baseline bool   `json:"baseline,omitempty"` // speed-ups and crossovers are reported against it
	Time     Growth `json:"time"`
	Memory   Growth `json:"memory"` // beyond inputs and output
	Paper    string `json:"paper,omitempty"`
	Target   string `json:"target,omitempty"` // of rel-err, where that is not softmax attention

	// Unrelated says why rel-err is not reported: the variant is not meant to be near softmax attention.
	Unrelated string `json:"unrelated,omitempty"`

	// Of a peer: the variant that it is another implementation of, and whether that one is exact.
	Implements string `json:"implements,omitempty"`
	Exact      bool   `json:"exact,omitempty"`
}

// A Run is one invocation of the suite.
type Run struct {
	ID            string    `json:"run"`
	Start         string    `json:"start,omitempty"`   // RFC 3339
	End           string    `json:"end,omitempty"`     // absent where the run was interrupted
	Resumed       []string  `json:"resumed,omitempty"` // when an interrupted run was gone on with, RFC 3339
	SpentSeconds  float64   `json:"spent_s,omitempty"` // of wall time so far, interruptions left out
	BudgetSeconds float64   `json:"budget_s,omitempty"`
	Plan          string    `json:"plan,omitempty"`     // names the sweep: its parts have the same
	Shard         string    `json:"shard,omitempty"`    // which part of it this is, "2/4"
	Noise         []Warning `json:"noise,omitempty"`    // what was found about the machine
	Warnings      []Warning `json:"warnings,omitempty"` // about the whole run
}

// Codes of warnings that reports act upon. With one of the first two a time is untrustworthy, and the cell
// never ranked.
const (
	CodeUnstable = "unstable"       // the interval of the median is wide
	CodeDrift    = "drift"          // they have a trend
	CodeInput    = "gaussian-input" // errors on this input rank mechanisms wrongly
)

// Noisy reports whether a warning says that the cell's time cannot be trusted.
func (w Warning) Noisy() bool {
	return w.Code == CodeUnstable || w.Code == CodeDrift
}
