package machine

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Settings are what the kernel does beside the program that is measured. Texts are "on", "off" or "n/a".
type Settings struct {
	Balancing string // moving memory between NUMA nodes
	KSM       string // merging equal pages
	Watchdog  string // sampling CPUs for lock-ups
	Tickless  string // some CPUs without timer interrupts
	Counters  string // hardware performance counters
	Energy    string // energy counters
	Throttled Figure // times that the first CPU was slowed down by heat, since boot
	Peak      bool   // the high-water mark of memory can be reset
}

func (h *Host) settings() Settings {
	s := Settings{
		Balancing: h.onOff("proc/sys/kernel/numa_balancing", "1", "0"),
		KSM:       h.onOff("sys/kernel/mm/ksm/run", "1", "0"),
		Watchdog:  h.onOff("proc/sys/kernel/watchdog", "1", "0"),
		Tickless:  "n/a",
		Counters:  h.present("sys/bus/event_source/devices", "cpu", "armv8", "apple"),
		Energy:    h.present("sys/class/powercap", "intel-rapl:", "amd"),
		Throttled: h.number("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"),
		Peak:      h.clearPeak() == nil,
	}
	const file = "sys/devices/system/cpu/nohz_full"
	if list := h.line(file); list != "" && list != "(null)" {
		s.Tickless = "on"
	} else if _, err := fs.Stat(h.root, file); err == nil {
		s.Tickless = "off"
	}
	return s
}

// present says whether a folder has an entry that begins with one of the names; "n/a" where there is no such
// folder.
func (h *Host) present(folder string, names ...string) string {
	entries, err := fs.ReadDir(h.root, folder)
	if err != nil {
		return "n/a"
	}
	for _, e := range entries {
		if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(e.Name(), name) }) {
			return "on"
		}
	}
	return "off"
}

// settingFindings are settings that disturb measurements.
func settingFindings(d Description) []Finding {
	return slices.Concat(
		when(d.Procs > 0 && d.Procs < d.Threads, "gomaxprocs",
			fmt.Sprintf("Go uses %d of %d CPUs: more threads take turns on them", d.Procs, d.Threads),
			"unset GOMAXPROCS"),
		when(d.Settings.Throttled.Value > 0, "throttled",
			fmt.Sprintf("heat has slowed the CPU %v times since boot: long runs get slower", d.Settings.Throttled),
			"improve cooling, or turn turbo off"),
		when(d.Settings.Balancing == "on" && d.Nodes != "0", "balancing",
			"the kernel moves memory between NUMA nodes: calls stop in between",
			"write 0 to /proc/sys/kernel/numa_balancing"),
		when(d.Settings.KSM == "on", "ksm",
			"the kernel searches memory for equal pages, which takes time and bandwidth",
			"write 0 to /sys/kernel/mm/ksm/run"),
	)
}

// Advice lists what else could be better, too common or too slight to stand in every result.
func Advice(d Description) []Finding {
	s := d.Settings
	return slices.Concat(
		when(s.Watchdog == "on", "watchdog", "the kernel's watchdog interrupts every CPU now and then",
			"write 0 to /proc/sys/kernel/watchdog"),
		when(s.Tickless == "off", "tick", "timer interrupts reach every CPU",
			"boot with nohz_full=CPUS and run there with taskset -c CPUS"),
		when(d.Governor == "n/a" && d.Turbo == "n/a", "frequency",
			"the system does not show the CPU's frequency, governor and turbo: changes of it go unseen",
			"compare only within one run, or measure where /sys/devices/system/cpu has cpufreq"),
		when(s.Counters == "off", "counters",
			"there are no hardware performance counters: perf cannot explain a time",
			"give the guest a virtual PMU, or profile on bare metal"),
		when(s.Energy != "on", "energy", "the system does not say how much energy it takes",
			"measure energy at the plug, or where /sys/class/powercap has it"),
		when(!s.Peak, "peak", "the high-water mark of memory cannot be reset: results have no peak-B",
			"run on Linux, with /proc/self/clear_refs writable"),
	)
}
