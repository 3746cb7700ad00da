package machine

import (
	"strings"
	"time"
)

// Usage is what the system has charged to the process since it began. Reading it costs about a
// microsecond, so it can stand on both sides of a sample.
type Usage struct {
	CPU         time.Duration // of all threads, in user and kernel mode
	Involuntary int64         // context switches that were forced on it
	Known       bool
}

// Usage reads the process's usage.
func (h *Host) Usage() Usage { return h.usage() }

// Since is the usage after before.
func (u Usage) Since(before Usage) Usage {
	if !u.Known || !before.Known {
		return Usage{}
	}
	return Usage{CPU: u.CPU - before.CPU, Involuntary: u.Involuntary - before.Involuntary, Known: true}
}

// Noise is how much else the machine was doing.
type Noise struct {
	Pressure Figure // percent of the last 10 s in which some thread waited for a CPU
	Load     Figure // load average over 1 minute
	Stalled  Figure // seconds in which some thread waited for a CPU, since boot or another reading
	Steal    Figure // percent of CPU time that the hypervisor gave to others, since boot or another reading

	steal, total Figure // ticks since boot
}

// Noise reads the machine's noise.
func (h *Host) Noise() Noise {
	waits := h.read("proc/pressure/cpu")
	n := Noise{Pressure: pressure(waits, "avg10="), Stalled: pressure(waits, "total=")}
	n.Stalled.Value /= 1e6
	if words := strings.Fields(h.line("proc/loadavg")); len(words) > 0 {
		n.Load = parse(words[0])
	}
	n.steal, n.total = ticks(h.read("proc/stat"))
	n.Steal = percent(n.steal, n.total)
	return n
}

// Since is n with the steal and the waits of the time after before.
func (n Noise) Since(before Noise) Noise {
	n.Stalled = difference(n.Stalled, before.Stalled)
	n.Steal = percent(difference(n.steal, before.steal), difference(n.total, before.total))
	return n
}

// pressure reads a figure of the line "some avg10=1.23 avg60=… total=MICROSECONDS".
func pressure(text, name string) Figure {
	for _, word := range field(text, "some") {
		if value, ok := strings.CutPrefix(word, name); ok {
			return parse(value)
		}
	}
	return Figure{}
}

// ticks reads the line "cpu user nice system idle iowait irq softirq steal guest …" of stat. Guest time
// is part of user time and is not counted again.
func ticks(stat string) (steal, total Figure) {
	const columns = 8
	words := field(stat, "cpu")
	if len(words) < columns {
		return Figure{}, Figure{}
	}
	sum := 0.0
	for _, word := range words[:columns] {
		value := parse(word)
		if !value.Known {
			return Figure{}, Figure{}
		}
		sum += value.Value
	}
	return parse(words[columns-1]), known(sum)
}

func difference(a, b Figure) Figure { return Figure{a.Value - b.Value, a.Known && b.Known} }

func percent(part, whole Figure) Figure {
	if !part.Known || !whole.Known || whole.Value <= 0 {
		return Figure{}
	}
	return known(100 * part.Value / whole.Value)
}
