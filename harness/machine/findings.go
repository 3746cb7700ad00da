package machine

import (
	"fmt"
	"slices"
)

// Finding is a condition of the machine or the build that makes results worse or less comparable.
type Finding struct {
	Code   string // short and stable, as in "governor"
	Text   string // what is so, and what it does to results
	Remedy string // what a person can do
}

// The noise above which a finding is made, in percent.
const (
	maxPressure = 5
	maxSteal    = 1
)

// Findings lists every condition that holds, the ones that harm most first. It is nil on an ideal machine.
func Findings(d Description, n Noise) []Finding {
	return slices.Concat(
		buildFindings(d), noiseFindings(d, n), clockFindings(d), limitFindings(d), layoutFindings(d),
		settingFindings(d),
	)
}

// when is a list of one finding, or of none.
func when(holds bool, code, text, remedy string) []Finding {
	if !holds {
		return nil
	}
	return []Finding{{code, text, remedy}}
}

func buildFindings(d Description) []Finding {
	return slices.Concat(
		when(d.Build.race, "race", "the race detector is compiled in: every time is several times too long",
			"build without -race"),
		when(slices.Contains(d.Build.tags, "noasm"), "noasm",
			"the build tag noasm leaves only the generic path",
			"build without -tags noasm"),
		when(d.Build.slow, "optimisation", "the compiler's optimisations are off",
			"build without -gcflags"),
		when(d.Build.Commit == "unknown", "commit",
			"the build does not know its commit: results can't be traced",
			"build inside a checkout, without -buildvcs=false"),
		when(d.Build.Dirty, "changes",
			"the build has changes that are in no commit: results can't be traced",
			"commit, then build again"),
	)
}

func noiseFindings(d Description, n Noise) []Finding {
	return slices.Concat(
		when(n.Pressure.Value > maxPressure, "pressure",
			fmt.Sprintf("threads waited for a CPU in %.0f %% of the last 10 s: times scatter upwards",
				n.Pressure.Value),
			"stop other programs, or measure later"),
		when(n.Load.Known && n.Load.Value >= float64(d.Threads)/2, "load",
			fmt.Sprintf("the load average is %v on %d usable threads", n.Load, d.Threads),
			"stop other programs, or measure later"),
		when(n.Steal.Value > maxSteal, "steal",
			fmt.Sprintf("the hypervisor gave %.1f %% of the CPU time to others", n.Steal.Value),
			"measure on a machine of your own, or at a quieter time"),
		when(!n.Pressure.Known, "silent", "this system does not say how busy its CPUs are",
			"measure twice and believe only what both runs agree on"),
		when(d.CPU.VM, "virtual", "this is a virtual machine: neighbours share caches and memory unseen",
			"publish from bare metal; compare only within one run"),
	)
}

func clockFindings(d Description) []Finding {
	return slices.Concat(
		when(d.Governor != "n/a" && d.Governor != "performance", "governor",
			fmt.Sprintf("the frequency governor is %q: the clock changes with the load", d.Governor),
			"cpupower frequency-set -g performance"),
		when(d.Turbo == "on", "turbo",
			"turbo is on: the clock depends on temperature and on how many cores work",
			"in /sys/devices/system/cpu, write 1 to intel_pstate/no_turbo or 0 to cpufreq/boost"),
		when(d.SMT == "on", "smt",
			"two threads share each core: more threads than cores gain little and scatter",
			fmt.Sprintf("use at most %s threads, or write off to /sys/devices/system/cpu/smt/control",
				orNA(positive(d.CPU.Cores)))),
	)
}

func limitFindings(d Description) []Finding {
	return slices.Concat(
		when(d.Quota.Known && d.Quota.Value < float64(d.Allowed), "quota",
			fmt.Sprintf("a control group grants %.2f of %d CPUs: threads beyond it are stopped in mid-sample",
				d.Quota.Value, d.Allowed),
			fmt.Sprintf("use --threads %d, or raise the quota", d.Threads)),
		when(d.Online.Known && float64(d.Allowed) < d.Online.Value, "affinity",
			fmt.Sprintf("the process may run on %d of %v CPUs", d.Allowed, d.Online),
			"start it without taskset or cpuset, unless that is meant"),
		when(d.MemoryLimit.Known && d.MemoryLimit.Value < d.MemoryTotal.Value, "memory",
			fmt.Sprintf("a control group limits memory to %s of %s: larger cells are skipped",
				d.MemoryLimit.Bytes(), d.MemoryTotal.Bytes()),
			"raise the limit, or sweep shorter lengths"),
	)
}

func layoutFindings(d Description) []Finding {
	return slices.Concat(
		when(d.Nodes != "n/a" && d.Nodes != "0", "numa",
			fmt.Sprintf("memory is spread over NUMA nodes %s: the distance to it varies", d.Nodes),
			"numactl --cpunodebind=0 --membind=0 bench run ..."),
		when(d.HugePages == "always", "hugepages",
			"huge pages are always used: peak memory grows in steps of 2 MiB",
			"write madvise to /sys/kernel/mm/transparent_hugepage/enabled"),
		when(d.HugePages == "never", "hugepages",
			"huge pages are off: long sequences pay for address translation",
			"write madvise to /sys/kernel/mm/transparent_hugepage/enabled"),
		when(d.ASLR == "on", "aslr",
			"addresses are random: times may differ by a few percent from process to process",
			"setarch -R bench run ..., or compare several runs"),
	)
}
