package machine

import (
	"runtime"
	"runtime/debug"
)

// Available is how many bytes the process can still have without swapping or being killed: what the
// system has available, or what the tightest control group leaves, whichever is less.
func (h *Host) Available() Figure { return smaller(h.meminfo("MemAvailable"), h.limits().left) }

// Resident is the memory that the process holds now, in bytes.
func (h *Host) Resident() Figure { return kilobytes(h.read("proc/self/status"), "VmRSS") }

// ResetPeak returns freed memory to the system and lets Peak start anew from what is left. It reports
// whether the system can do that; where it can't, Peak has no meaning for a part of the run. It takes
// milliseconds.
func (h *Host) ResetPeak() bool {
	Collect(debug.FreeOSMemory)
	return h.clearPeak() == nil
}

// Collect calls runtime.GC or debug.FreeOSMemory, which end by sweeping memory piece by piece and offer the
// processor to others after each: with several processors every offer wakes a thread, which takes the sweeper
// over, and all that wakes takes several times as long as the collection. So there is one processor for it.
func Collect(collect func()) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	collect()
}

// Peak is the most memory that the process held since ResetPeak, in bytes.
func (h *Host) Peak() Figure { return kilobytes(h.read("proc/self/status"), "VmHWM") }
