// Package machine states what the suite runs on and how quiet it is: CPU, memory, limits, build, noise.
//
// Everything is read and nothing is changed. A figure that the system does not give is unknown and
// prints as "n/a"; outside Linux that is most of them. No host name, user name or path is in any result.
package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// Host gives access to the facts. Its methods may be called at any time from any goroutine.
type Host struct {
	root  fs.FS        // holds proc and sys, or is empty
	goos  string       // as runtime.GOOS
	cpus  int          // CPUs that the process may run on
	procs int          // threads that Go runs at once; 0: unknown
	usage func() Usage // of this process
	// clearPeak resets the high-water mark of resident memory.
	clearPeak func() error
}

// This is the machine that the program runs on.
func This() *Host {
	h := &Host{goos: runtime.GOOS, cpus: runtime.NumCPU(), procs: runtime.GOMAXPROCS(0)}
	h.connect()
	return h
}

// CPU is what the processor says of itself. Sizes are bytes; 0 is unknown.
type CPU struct {
	Brand, Vendor string
	Features      []string // names of instruction-set extensions
	Cores         int      // physical cores
	L1D, L2, L3   int
	VM            bool // it says that it is virtual
}

// Figure is a number that the system may not give.
type Figure struct {
	Value float64
	Known bool
}

func known(value float64) Figure { return Figure{value, true} }

// String is the number in plain decimals, or "n/a".
func (f Figure) String() string {
	if !f.Known {
		return "n/a"
	}
	return strconv.FormatFloat(f.Value, 'f', -1, 64)
}

// smaller is the smaller of the known figures.
func smaller(a, b Figure) Figure {
	if !a.Known || b.Known && b.Value < a.Value {
		return b
	}
	return a
}

// Description is what a results file says of the machine. Texts are "n/a" where the system does not say.
type Description struct {
	// ID is 12 hexadecimal digits made of the CPU, the number of CPUs, the memory in GiB and the
	// platform. It survives reboots and updates; machines that are alike share it.
	ID       string
	Platform string // GOOS/GOARCH
	OS       string // name and kernel release
	CPU      CPU

	Online  Figure // logical CPUs
	Allowed int    // logical CPUs that the process may run on
	Quota   Figure // CPUs that a cgroup grants, may be a fraction
	Threads int    // threads that can really run at once: Allowed, cut by Quota
	Procs   int    // GOMAXPROCS; 0: unknown

	MemoryTotal     Figure // bytes
	MemoryAvailable Figure // bytes that can be had now: see Host.Available
	MemoryLimit     Figure // bytes, of the tightest cgroup

	Governor, Turbo, SMT, HugePages, ASLR, Nodes string

	Settings Settings

	Build Build
}

// Describe reads the facts; cpu is what the kernels' detection found.
func (h *Host) Describe(cpu CPU) Description {
	limits := h.limits()
	d := Description{
		Platform: h.goos + "/" + runtime.GOARCH,
		OS:       h.system(), CPU: cpu,
		Online: h.online(), Allowed: h.cpus, Quota: limits.cpus,
		Threads: h.cpus, Procs: h.procs, Settings: h.settings(),
		MemoryTotal: h.meminfo("MemTotal"), MemoryAvailable: h.Available(), MemoryLimit: limits.memory,
		Governor:  h.word("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		Turbo:     h.turbo(),
		SMT:       h.onOff("sys/devices/system/cpu/smt/active", "1", "0"),
		HugePages: selected(h.line("sys/kernel/mm/transparent_hugepage/enabled")),
		ASLR:      h.aslr(),
		Nodes:     h.word("sys/devices/system/node/online"),
	}
	info, ok := debug.ReadBuildInfo()
	d.Build = newBuild(info, ok, commit)
	if d.Quota.Known {
		d.Threads = min(d.Threads, max(1, int(d.Quota.Value)))
	}
	d.ID = identity(d)
	return d
}

// identity leaves out what an update of the system or of the detection library may change. Guests often
// hide the CPU's name, so the instruction sets that decide about speed are in it.
func identity(d Description) string {
	var sets []string
	for _, name := range []string{"AVX2", "FMA3", "AVX512F", "AVX512BF16", "AMXTILE", "ASIMD", "SVE"} {
		if slices.Contains(d.CPU.Features, name) {
			sets = append(sets, name)
		}
	}
	gib := math.Round(d.MemoryTotal.Value / (1 << 30))
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%v|%d|%d|%d|%d|%t|%v|%v",
		d.Platform, d.CPU.Vendor, d.CPU.Brand, sets, d.CPU.Cores,
		d.CPU.L1D, d.CPU.L2, d.CPU.L3, d.CPU.VM, d.Online, gib))
	return hex.EncodeToString(sum[:6])
}

// Fact is one line of a description.
type Fact struct{ Name, Value string }

// Facts lists the description for people, in reading order.
func (d Description) Facts() []Fact {
	return []Fact{
		{"machine", d.ID},
		{"cpu", orNA(d.CPU.Brand)},
		{"cores", orNA(positive(d.CPU.Cores))},
		{"caches", fmt.Sprintf("L1d %s, L2 %s, L3 %s", size(d.CPU.L1D), size(d.CPU.L2), size(d.CPU.L3))},
		{"virtual", strconv.FormatBool(d.CPU.VM)},
		{"cpus", fmt.Sprintf("%v online, %d allowed, quota %v, usable threads %d",
			d.Online, d.Allowed, d.Quota, d.Threads)},
		{"memory", fmt.Sprintf("%s total, %s available, limit %s",
			d.MemoryTotal.Bytes(), d.MemoryAvailable.Bytes(), d.MemoryLimit.Bytes())},
		{"numa nodes", d.Nodes},
		{"os", d.OS},
		{"platform", d.Platform},
		{"governor", d.Governor},
		{"turbo", d.Turbo},
		{"smt", d.SMT},
		{"huge pages", d.HugePages},
		{"aslr", d.ASLR},
		{"go", d.Build.Go},
		{"build", d.Build.Flags},
		{"commit", d.Build.Revision()},
	}
}

// Bytes writes the figure as a size: "7.5 GiB", or "n/a".
func (f Figure) Bytes() string {
	if !f.Known {
		return "n/a"
	}
	value, unit := f.Value, 0
	for value >= 1024 && unit < 4 {
		value, unit = value/1024, unit+1
	}
	return strings.TrimSuffix(strconv.FormatFloat(value, 'f', 1, 64), ".0") +
		" " + [...]string{"B", "KiB", "MiB", "GiB", "TiB"}[unit]
}

func size(bytes int) string { return Figure{float64(bytes), bytes > 0}.Bytes() }

func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func orNA(text string) string {
	if text == "" {
		return "n/a"
	}
	return text
}
