// Package catalog lists the mechanisms of the suite, in the order in which tables show them. The list is
// explicit: adding a mechanism is one folder and one line here.
package catalog

import (
	"fmt"
	"strings"

	"attnbench/variants"
	"attnbench/variants/bigbird"
	"attnbench/variants/cosformer"
	"attnbench/variants/deltanet"
	"attnbench/variants/flash"
	"attnbench/variants/full"
	"attnbench/variants/gated_deltanet"
	"attnbench/variants/gla"
	"attnbench/variants/identity"
	"attnbench/variants/linear"
	"attnbench/variants/linformer"
	"attnbench/variants/local"
	"attnbench/variants/longformer"
	"attnbench/variants/nystrom"
	"attnbench/variants/performer"
	"attnbench/variants/reformer"
	"attnbench/variants/retnet"
	"attnbench/variants/sparse"
	"attnbench/variants/ssd"
)

// All returns the declarations of all mechanisms.
func All() []*variants.Mechanism {
	return []*variants.Mechanism{
		full.Mechanism(),
		flash.Mechanism(),
		linformer.Mechanism(),
		nystrom.Mechanism(),
		performer.Mechanism(),
		linear.Mechanism(),
		cosformer.Mechanism(),
		reformer.Mechanism(),
		longformer.Mechanism(),
		bigbird.Mechanism(),
		sparse.Mechanism(),
		local.Mechanism(),
		retnet.Mechanism(),
		gla.Mechanism(),
		ssd.Mechanism(),
		deltanet.Mechanism(),
		gated_deltanet.Mechanism(),
		identity.Mechanism(),
	}
}

// Names returns their names.
func Names() []string {
	var names []string
	for _, m := range All() {
		names = append(names, m.Name)
	}
	return names
}

// Lookup returns the mechanism of that name; an unknown one is refused with the nearest.
func Lookup(name string) (*variants.Mechanism, error) {
	for _, m := range All() {
		if m.Name == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("unknown variant %q%s (there are %s)",
		name, variants.DidYouMean(name, Names()), strings.Join(Names(), ", "))
}
