package peers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"attnbench/variants"
)

// Peer declares an external implementation. In a file of a user's own it is JSON, alone or in a list.
type Peer struct {
	Name    string `json:"name"` // as on the command line and in results: lower case
	Title   string `json:"title"`
	Summary string `json:"summary"` // what it is, one line
	Source  string `json:"source"`  // where its code comes from

	// Implements names the mechanism of the suite that does the same: the two are compared. Options are the
	// settings of that mechanism ("a=1,b=2") under which it does.
	Implements string `json:"implements"`
	Options    string `json:"options,omitempty"`
	// Same says that output is the mechanism's, up to rounding, on equal inputs: it is checked against the
	// mechanism's definition. Otherwise only its error against exact attention is reported.
	Same bool `json:"same,omitempty"`
	// ShareInputs says that its heads share a side input that the suite draws for each head: all get the first
	// head's.
	ShareInputs bool `json:"share_inputs,omitempty"`
	// Knobs are options of the mechanism that the adapter honours: --set NAME.KNOB=VALUE.
	Knobs []string `json:"knobs,omitempty"`

	NoCausal   string   `json:"no_causal,omitempty"`   // why it has no causal form
	OnlyCausal string   `json:"only_causal,omitempty"` // why it has no other
	Types      []string `json:"dtypes,omitempty"`      // number formats; none stands for f32
	Backward   bool     `json:"backward,omitempty"`    // it computes gradients

	// Scores is how many matrices of n × s floats it holds per head at a time; ResidentMiB the size of its
	// process before any input. The memory guard goes by them.
	Scores      float64 `json:"scores,omitempty"`
	ResidentMiB int64   `json:"resident_mib,omitempty"`
	// Malloc says that it allocates on every call, so that the allocator's setting matters: both are measured.
	Malloc bool `json:"malloc,omitempty"`

	// Command starts the adapter. {python} stands for the interpreter, {scripts} for the folder of the suite's
	// own adapters; a relative path counts from the declaration's folder.
	Command []string `json:"command"`
}

// All lists the peers that come with the suite.
func All() []*Peer {
	declared, err := scripts.ReadFile("scripts/peers.json")
	if err != nil {
		panic(err) // it is embedded
	}
	list, err := parse(declared, "")
	if err != nil {
		panic("peers.json: " + err.Error())
	}
	return list
}

// Select returns the peers that a flag's text names: names of known ones, all, files with declarations.
func Select(text string, known []*Peer) ([]*Peer, error) {
	var list []*Peer
	names := []string{"all"}
	for _, p := range known {
		names = append(names, p.Name)
	}
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		var more []*Peer
		i := slices.Index(names, word)
		switch {
		case i == 0:
			more = known
		case i > 0:
			more = known[i-1 : i]
		case strings.HasSuffix(word, ".json"):
			var err error
			if more, err = read(word); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("unknown %q%s (there are %s; a file of your own ends in .json)",
				word, variants.DidYouMean(word, names), strings.Join(names, ", "))
		}
		list = append(list, more...)
	}
	return unique(list)
}

// unique drops peers that are named twice; two of one name are refused.
func unique(list []*Peer) ([]*Peer, error) {
	var once []*Peer
	for _, p := range list {
		i := slices.IndexFunc(once, func(o *Peer) bool { return o.Name == p.Name })
		if i < 0 {
			once = append(once, p)
		} else if once[i] != p {
			return nil, fmt.Errorf("two peers are called %q: rename the one of your file", p.Name)
		}
	}
	return once, nil
}

func read(path string) ([]*Peer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		var file *os.PathError
		if errors.As(err, &file) {
			err = file.Err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	list, err := parse(text, folder)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// parse reads one declaration or a list of them.
func parse(text []byte, folder string) ([]*Peer, error) {
	text = bytes.TrimSpace(text)
	if !bytes.HasPrefix(text, []byte("[")) {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var list []*Peer
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("no declaration of peers: %w", err)
	}
	for _, p := range list {
		if p == nil || p.Name == "" || p.Implements == "" || len(p.Command) == 0 {
			return nil, errors.New("a peer needs a name, what it implements, and a command")
		}
		if p.Name != strings.ToLower(p.Name) || strings.ContainsAny(p.Name, " ,=.|/[]\t\n") {
			return nil, fmt.Errorf("peer %q: a name is lower case, without space, comma, = . | / [ ]", p.Name)
		}
		if program := p.Command[0]; folder != "" && strings.ContainsRune(program, filepath.Separator) &&
			!filepath.IsAbs(program) {
			p.Command[0] = filepath.Join(folder, program)
		}
	}
	return list, nil
}
