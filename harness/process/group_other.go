//go:build !unix

package process

import "os/exec"

// ownGroup leaves the process as it is: there are no groups to kill.
func ownGroup(*exec.Cmd) {}
