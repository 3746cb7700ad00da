#!/bin/bash
# Runs slurm.sbatch and slurm-merge.sbatch on a Slurm of one node that lives in a temporary folder and listens on loopback only, and
# compares what they give with one run of the whole sweep. Needs root, and slurmctld, slurmd and munged, which it installs on Debian.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ $(id -u) == 0 ]] || { echo "slurm-test needs root: Slurm's daemons start jobs for other users" >&2; exit 2; }
if ! command -v slurmctld slurmd munged sbatch >/dev/null; then
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # 1: the packages' own services are not started
	apt-get -qq update
	apt-get -qq install --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null
fi

work=$(mktemp -d)
export SLURM_CONF=$work/slurm.conf BENCH=$work/bench RESULTS=$work/results
pids=()
finish() {
	local code=$?
	[[ $code == 0 ]] || tail -n 20 "$work"/*.log "$work"/munge/*.log >&2 || true
	for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	rm -rf "$work"
	exit $code
}
trap finish EXIT
chmod 711 "$work"
go build -trimpath -o "$BENCH" ./bench

install -d -o munge -m 711 "$work/munge"
dd if=/dev/urandom of="$work/munge/key" bs=1024 count=1 status=none
chown munge "$work/munge/key" && chmod 400 "$work/munge/key"
setpriv --reuid munge --regid munge --clear-groups munged --foreground --key-file "$work/munge/key" \
	--socket "$work/munge/socket" --pid-file "$work/munge/pid" --log-file "$work/munge/munge.log" --seed-file "$work/munge/seed" 2>/dev/null &
pids+=($!)

host=$(hostname -s)
cat >"$SLURM_CONF" <<CONF
ClusterName=attnbench
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthInfo=socket=$work/munge/socket
SlurmUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SchedulerParameters=sched_interval=2,batch_sched_delay=0
ReturnToService=2
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc)
PartitionName=all Nodes=ALL Default=YES
CONF
mkdir "$work/state" "$work/spool"
for _ in {1..50}; do [[ -S $work/munge/socket ]] && break; sleep 0.1; done
slurmctld -D >"$work/slurmctld.log" 2>&1 &
pids+=($!)
slurmd -D -N "$host" >"$work/slurmd.log" 2>&1 &
pids+=($!)
for _ in {1..100}; do sinfo -h -o %t 2>/dev/null | grep -q idle && break; sleep 0.2; done

flags=(--variants "full,linformer,sparse" --n "32,48,64,80" --causal "0,1" --dim 16 --seed 7 --fidelity=false --budget 10m)
job=$(sbatch --parsable --array=1-4 --output="$work/task-%a.log" harness/cluster/slurm.sbatch "${flags[@]}")
timeout 300 sbatch --wait --dependency="afterany:$job" --output="$work/merge.log" harness/cluster/slurm-merge.sbatch "$job"
"$BENCH" run --quiet "${flags[@]}" -o "$work/whole.txt" >/dev/null

# cells prints name, status and output hash of each cell.
cells() {
	sed -nE 's/^#cell \{"cell":"([^"]*)".*"status":"([^"]*)".*/\1 \2 &/p' "$1" |
		sed -E 's/ #cell .*("output":"[0-9a-f]+").*/ \1/; s/ #cell .*//' | sort
}
cells "$RESULTS/slurm-$job/all.txt" >"$work/merged.cells"
cells "$work/whole.txt" >"$work/whole.cells"
diff "$work/whole.cells" "$work/merged.cells"
grep -c '"output"' "$work/whole.cells" >/dev/null || { echo "no cell has an output hash" >&2; exit 1; }
grep -q missing "$work/merge.log" && { echo "the merge job misses shards" >&2; exit 1; }
[[ $(ls "$RESULTS/slurm-$job" | wc -l) == 5 ]] # four shards and what they were merged into
echo "4 shards merged by Slurm are the whole sweep: $(wc -l <"$work/whole.cells") cells, the same seeds, statuses and output hashes"
