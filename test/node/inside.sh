#!/usr/bin/env bash
# The first process of a test's own namespaces (network, mounts, processes): with it everything ends
# that was started or mounted here. inside.sh CGROUP COMMAND...
set -euo pipefail
cgroup=$1
shift

# What a node writes outside of its own folder.
for folder in /run /opt /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
for hierarchy in /sys/fs/cgroup/*/; do mkdir -p "$hierarchy$cgroup"; done

# The node's address; each pod gets one of the network behind it.
ip link set lo up
ip link add node type bridge
ip address add 10.77.0.1/32 dev node
ip link set node up
# A route for the addresses of Services, before kube-proxy turns them into those of pods.
ip route add default dev node
echo 1 >/proc/sys/net/ipv4/ip_forward

# Not `exec`: a shell collects the processes whose parents have ended.
status=0
"$@" || status=$?
exit "$status"
