package harness

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// job is what the suite relies on of a Kubernetes job.
type job struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Spec       struct {
		Completions, Parallelism int
		CompletionMode           string `yaml:"completionMode"`
		Template                 struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Containers    []struct {
					Command, Args []string
					Env           []struct{ Name, Value string }
					VolumeMounts  []struct{ Name string } `yaml:"volumeMounts"`
					Resources     struct{ Requests, Limits map[string]string }
				}
				Volumes []struct{ Name string }
			}
		}
	}
}

func readJob(t *testing.T, path string) job {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var j job
	if err := yaml.Unmarshal(text, &j); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if j.APIVersion != "batch/v1" || j.Kind != "Job" || len(j.Spec.Template.Spec.Containers) != 1 ||
		j.Spec.Template.Spec.RestartPolicy != "Never" {
		t.Fatalf("%s: no job of one container: %+v", path, j)
	}
	spec := j.Spec.Template.Spec
	if len(spec.Volumes) != 1 || len(spec.Containers[0].VolumeMounts) != 1 ||
		spec.Volumes[0] != spec.Containers[0].VolumeMounts[0] {
		t.Errorf("%s: volumes and mounts differ", path)
	}
	return j
}

// TestKubernetesTemplate: every pod of the job learns its shard, and all of them are the sweep.
func TestKubernetesTemplate(t *testing.T) {
	j := readJob(t, "cluster/kubernetes.yaml")
	c := j.Spec.Template.Spec.Containers[0]
	values := map[string]string{}
	for _, e := range c.Env {
		values[e.Name] = e.Value
	}
	if j.Spec.CompletionMode != "Indexed" || j.Spec.Completions != j.Spec.Parallelism {
		t.Errorf("%+v: shards must be indexed, and run at once", j.Spec)
	}
	for i := range j.Spec.Completions {
		values["JOB_COMPLETION_INDEX"] = strconv.Itoa(i)
		s, err := AutoShard(func(name string) string { return values[name] })
		if err != nil || s.Index != i+1 || s.Count != j.Spec.Completions {
			t.Errorf("pod %d: shard %v, %v", i, s, err)
		}
	}
	if len(c.Resources.Limits) == 0 || c.Resources.Limits["cpu"] != c.Resources.Requests["cpu"] {
		t.Errorf("%v: whole cores need the same CPUs in requests and limits", c.Resources)
	}
	script := strings.Join(slices.Concat(c.Command, c.Args), " ")
	if !strings.Contains(script, "bench run --shard auto -o ") || !strings.Contains(script, "--budget") {
		t.Errorf("the container runs %q", script)
	}
	merge := readJob(t, "cluster/kubernetes-merge.yaml").Spec.Template.Spec.Containers[0]
	if text := strings.Join(merge.Command, " "); !strings.Contains(text, "bench merge /results/[0-9]*.txt -o ") {
		t.Errorf("the merge runs %q", text)
	}
}

// TestClusterScripts: what the shell of the templates reads is well-formed.
func TestClusterScripts(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is missing")
	}
	for _, name := range []string{"slurm.sbatch", "slurm-merge.sbatch", "slurm-test.sh"} {
		if out, err := exec.Command(shell, "-n", "cluster/"+name).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
	container := readJob(t, "cluster/kubernetes.yaml").Spec.Template.Spec.Containers[0]
	if out, err := exec.Command(shell, "-n", "-c", container.Command[2]).CombinedOutput(); err != nil {
		t.Errorf("kubernetes.yaml: %v %s", err, out)
	}
}
