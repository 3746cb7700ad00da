package machine

import (
	"path"
	"slices"
	"strings"
)

// limits are what control groups grant. A group's own limit may be looser than that of a group around
// it, so each is the tightest over all ancestors that can be seen.
type limits struct {
	cpus   Figure // CPUs
	memory Figure // bytes
	left   Figure // bytes that can still be had below memory
}

// group is a control group hierarchy as the process sees it.
type group struct {
	unified     bool     // version 2
	controllers []string // of version 1
	mount       string   // where it is mounted, without the leading slash
	folder      string   // of the process, from mount
}

func (h *Host) limits() limits {
	var l limits
	for _, g := range h.groups() {
		for folder := g.folder; ; folder = path.Dir(folder) {
			at := func(file string) string { return path.Join(g.mount, folder, file) }
			if g.unified || slices.Contains(g.controllers, "cpu") {
				l.cpus = smaller(l.cpus, h.quota(g.unified, at))
			}
			if g.unified || slices.Contains(g.controllers, "memory") {
				limit, left := h.memory(g.unified, at)
				l.memory, l.left = smaller(l.memory, limit), smaller(l.left, left)
			}
			if folder == "." {
				break
			}
		}
	}
	return l
}

// groups matches /proc/self/cgroup, which says where the process is in each hierarchy, with the mounts,
// which say where the hierarchies are and at which of their folders they begin.
func (h *Host) groups() []group {
	where := map[string]string{} // hierarchy (its controllers, "" for version 2) to folder
	for line := range strings.Lines(h.read("proc/self/cgroup")) {
		if parts := strings.SplitN(strings.TrimSpace(line), ":", 3); len(parts) == 3 {
			for controller := range strings.SplitSeq(parts[1], ",") {
				where[controller] = parts[2]
			}
		}
	}
	var groups []group
	for line := range strings.Lines(h.read("proc/self/mountinfo")) {
		fields, rest, ok := strings.Cut(strings.TrimSpace(line), " - ")
		mount, source := strings.Fields(fields), strings.Fields(rest)
		if !ok || len(mount) < 5 || len(source) < 3 || !strings.HasPrefix(source[0], "cgroup") {
			continue
		}
		g := group{unified: source[0] == "cgroup2", mount: strings.Trim(mount[4], "/")}
		folder := where[""]
		if !g.unified {
			for option := range strings.SplitSeq(source[2], ",") {
				if at, ok := where[option]; ok && option != "" {
					g.controllers, folder = append(g.controllers, option), at
				}
			}
		}
		g.folder = below(mount[3], folder)
		groups = append(groups, g)
	}
	return groups
}

// below is folder seen from root: in a container the mount often begins at the container's own group.
func below(root, folder string) string {
	rest, ok := strings.CutPrefix(folder, strings.TrimSuffix(root, "/"))
	if !ok || rest != "" && rest[0] != '/' {
		return "."
	}
	return path.Join(".", strings.Trim(path.Clean("/"+rest), "/"))
}

// quota is the number of CPUs that one group grants.
func (h *Host) quota(unified bool, at func(string) string) Figure {
	quota, period := h.number(at("cpu.cfs_quota_us")), h.number(at("cpu.cfs_period_us"))
	if unified {
		words := strings.Fields(h.line(at("cpu.max"))) // "max 100000" is no limit
		if len(words) != 2 {
			return Figure{}
		}
		quota, period = parse(words[0]), parse(words[1])
	}
	if !quota.Known || !period.Known || quota.Value <= 0 || period.Value <= 0 {
		return Figure{}
	}
	return known(quota.Value / period.Value)
}

// memory is the limit of one group and what is left of it. Cached files count as used but give way, so the
// inactive ones are taken off.
func (h *Host) memory(unified bool, at func(string) string) (limit, left Figure) {
	limit, used := h.number(at("memory.limit_in_bytes")), h.number(at("memory.usage_in_bytes"))
	inactive := "total_inactive_file"
	if unified {
		limit = smaller(h.number(at("memory.max")), h.number(at("memory.high")))
		used, inactive = h.number(at("memory.current")), "inactive_file"
	}
	const none = 1 << 60 // version 1 writes "no limit" as a number near 2^63
	if !limit.Known || limit.Value < 0 || limit.Value >= none {
		return Figure{}, Figure{}
	}
	if !used.Known {
		return limit, limit
	}
	if words := field(h.read(at("memory.stat")), inactive); words != nil {
		used.Value -= min(used.Value, parse(words[0]).Value)
	}
	return limit, known(max(0, limit.Value-used.Value))
}
