package kernel

import "github.com/klauspost/cpuid/v2"

// Info describes the CPU for a machine report. Sizes are bytes; 0 means that the CPU does not say.
type Info struct {
	Brand, Vendor string
	Features      []string // names of the instruction-set extensions that CPU and operating system support
	Cores         int      // physical cores of one package
	L1D, L2, L3   int
	VM            bool // whether the CPU says that it is virtual
}

// CPU describes the CPU that runs the program.
func CPU() Info {
	c := cpuid.CPU
	return Info{
		Brand: c.BrandName, Vendor: c.VendorString, Features: c.FeatureSet(), Cores: c.PhysicalCores,
		L1D: known(c.Cache.L1D), L2: known(c.Cache.L2), L3: known(c.Cache.L3), VM: c.VM(),
	}
}

// known replaces the negative size that cpuid gives for "not found".
func known(size int) int { return max(size, 0) }
