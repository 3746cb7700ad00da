package reports_test

import (
	"bytes"
	"testing"

	"attnbench/reports"
)

func TestBlock(t *testing.T) {
	report, err := reports.Build(usual().set(t))
	check(t, err)
	var block bytes.Buffer
	check(t, report.WriteBlock(&block))
	document := []byte("# Title\n\n" + reports.BlockBegin + "\nold\n" + reports.BlockEnd + "\n\nThe end.\n")
	got, err := reports.Splice(document, block.Bytes())
	check(t, err)
	compareGolden(t, "readme.md", got)
	again, err := reports.Splice(got, block.Bytes())
	check(t, err)
	if !bytes.Equal(got, again) {
		t.Error("splicing twice changes the document")
	}
}

func TestSpliceRefuses(t *testing.T) {
	for _, document := range []string{"", reports.BlockBegin, reports.BlockEnd + reports.BlockBegin} {
		if _, err := reports.Splice([]byte(document), []byte("x")); err == nil {
			t.Errorf("%q was spliced", document)
		}
	}
}
