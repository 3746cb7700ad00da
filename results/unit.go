package results

// A Unit is one figure that a sample can have.
type Unit struct {
	Name   string
	Better string // "lower", "higher", or empty where neither is better
	Exact  bool   // counted, not measured: samples of one cell are equal
	Doc    string // one line
}

// Names of the units, in the order in which a line has them.
const (
	Time        = "ns/op"
	FLOPRate    = "FLOP/s"
	ExecRate    = "exec-FLOP/s"
	PeakFrac    = "peak-frac"
	PlanTime    = "plan-ns"
	WorkBytes   = "work-B"
	SavedBytes  = "saved-B"
	StateBytes  = "state-B"
	ParamBytes  = "param-B"
	PeakBytes   = "peak-B"
	RelErr      = "rel-err"
	RelErrZero  = "rel-err-zero"
	RelErrMeanV = "rel-err-mean-v"
	PairFrac    = "pair-frac"
	ImplErr     = "impl-err"
)

// Units lists every unit of the schema in the order in which a line has them.
func Units() []Unit {
	return []Unit{
		{Time, "lower", false, "time of one call"},
		{FLOPRate, "higher", false, "useful work per second"},
		{ExecRate, "", false, "work done per second, useful or not"},
		{PeakFrac, "higher", false, "useful work over the machine's measured FMA peak at that thread count"},
		{PlanTime, "lower", false, "set-up: drawing parameters, allocating"},
		{WorkBytes, "lower", true, "workspace of the call beyond inputs and output"},
		{SavedBytes, "lower", true, "kept for the backward pass"},
		{StateBytes, "lower", true, "kept between tokens for decoding"},
		{ParamBytes, "lower", true, "parameters"},
		{PeakBytes, "lower", false, "the operating system's high-water mark over the cell"},
		{RelErr, "lower", false, "error against exact attention on the cell's input"},
		{RelErrZero, "", false, "the same for an output of zeros"},
		{RelErrMeanV, "", false, "the same for the mean of V over the keys that the row may see"},
		{PairFrac, "", false, "distinct query-key pairs scored over pairs allowed"},
		{ImplErr, "lower", false, "error against the variant's own float64 definition"},
	}
}

// unitOrder maps a unit's name to its place on the line.
func unitOrder() map[string]int {
	order := make(map[string]int)
	for i, u := range Units() {
		order[u.Name] = i
	}
	return order
}
