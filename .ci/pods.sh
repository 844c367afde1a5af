#!/usr/bin/env bash
# Builds both images and runs what `rolesanywhere inject` makes of two plain pods, with the emulator in
# the place of AWS and the injector's configuration of examples/kubernetes. Needs root, Debian's
# packages, `npm ci`, and a tool that prepares buildah and podman (POD_RUNTIME); says so and skips without.
#
#   BUILD_IMAGE, RUNTIME_IMAGE   base images to use; default: Debian with the binary of Node 24
set -euo pipefail
cd "$(dirname "$0")/.."

tool=${POD_RUNTIME:-../shared/tools/pod-runtime}
skip() {
  echo "SKIPPED: pods: $1"
  exit 0
}
[[ $(id -u) == 0 ]] || skip 'needs root'
[[ -x $tool ]] || skip "no pod runtime tool at $tool (set POD_RUNTIME)"

started=$SECONDS
work=$(mktemp -d /var/tmp/rolesanywhere-pods.XXXXXX)
pod=rolesanywhere-pod-test
job=rolesanywhere-job-test
cleanup() {
  status=$?
  if ((status != 0)); then
    for container in {$pod,$job}-{emulator,rolesanywhere-token,rolesanywhere-sidecar,app}; do
      podman container exists "$container" 2>/dev/null || continue
      echo "--- log of $container" >&2
      podman logs "$container" 2>&1 | tail -n 6 >&2 || true
    done
  fi
  # One at a time: of two names, an unknown one would keep the other pod alive.
  for name in "$pod" "$job"; do
    podman pod rm --force --time 1 "$name" >/dev/null 2>&1 || true
  done
  rm -rf "$work"
}
trap cleanup EXIT

step() { echo "pods: $1 (${SECONDS} s)"; }
fail() {
  echo "FAILED: pods: $1" >&2
  exit 1
}

eval "$("$tool" setup)"
step 'runtime is ready'

images=0
bash .ci/images.sh || images=$?
case $images in
  0) ;;
  3) skip 'no images, see above' ;;
  *) fail 'the images do not build' ;;
esac
step 'images are built'

# Certificates come from the image itself, as a user without Node would make them: docs/kubernetes.md.
mkdir -p "$work/pod"/{pki,emulator,emulator-ca,bucket-lister-tls}
chown 65532:65532 "$work/pod/pki"
mount=(--volume "$work/pod/pki:/pki")
rolesanywhere() {
  podman run --rm --interactive --network none --read-only "${mount[@]}" localhost/rolesanywhere:pod-test "$@"
}
pki() { rolesanywhere pki "$@" --directory /pki >/dev/null 2>"$work/pki.log" || fail "pki $1: $(cat "$work/pki.log")"; }
issued=$work/pod/pki/issued
pki init
pki issue emulator --server-auth --dns emulator.aws-emulator.svc
pki issue bucket-lister --subject CN=bucket-lister.bucket-lister
cp "$work/pod/pki/ca.pem" "$work/pod/emulator-ca/ca.crt"
cp "$work/pod/pki/ca.pem" "$work/pod/emulator/ca.crt"
cp "$issued/emulator.chain.pem" "$work/pod/emulator/tls.crt"
cp "$issued/emulator.key" "$work/pod/emulator/tls.key"
cp examples/kubernetes/emulator/state.json "$work/pod/emulator/"
chmod 0444 "$work/pod/emulator"/* "$work/pod/emulator-ca"/*

# renew_secret GENERATION: lays the files out as the kubelet does, and exchanges all of them at once.
renew_secret() {
  local folder=$work/pod/bucket-lister-tls
  mkdir "$folder/..$1"
  cp "$issued/bucket-lister.chain.pem" "$folder/..$1/tls.crt"
  cp "$issued/bucket-lister.key" "$folder/..$1/tls.key"
  cp "$work/pod/pki/ca.pem" "$folder/..$1/ca.crt"
  chmod 0444 "$folder/..$1"/*
  ln -s "..$1" "$folder/..data_tmp"
  mv -T "$folder/..data_tmp" "$folder/..data"
  for name in tls.crt tls.key ca.crt; do ln -sf "..data/$name" "$folder/$name"; done
  find "$folder" -mindepth 1 -maxdepth 1 -type d ! -name "..$1" -exec rm -r {} +
}
renew_secret first
step 'certificates are issued'

# The configuration of the example; the emulator's port is the pod's own, since no Service is before it.
sed -e '1,/injector.yaml: |/d' -e 's/^    //' \
  -e 's#image: rolesanywhere:.*#image: localhost/rolesanywhere:pod-test\n  imagePullPolicy: Never#' \
  -e 's#https://emulator.aws-emulator.svc#&:9443#' \
  examples/kubernetes/injector-with-emulator/config.yaml >"$work/injector.yaml"
example=examples/kubernetes/bucket-lister
mount=(--volume "$PWD/$example:/example:ro" --volume "$work/injector.yaml:/injector.yaml:ro")
inject() {
  sed "s#FOLDER#$work/pod#" "$1" | rolesanywhere inject -f /example/namespace.yaml \
    -f /example/service-account.yaml -f - --namespace bucket-lister --config /injector.yaml "${@:2}" 2>"$work/inject.log"
}
play() {
  node_modules/.bin/tsx test/pods/for-podman.ts "$work/pod" <"$work/injected.yaml" >"$work/pod.yaml"
  podman kube play --quiet --start=false "$work/pod.yaml" >"$work/play.log" 2>&1 || fail "podman: $(cat "$work/play.log")"
}
inject test/pods/pod.yaml >"$work/injected.yaml" || fail "inject: $(cat "$work/inject.log")"
play
# The kubelet's order: the init container to its end, and then the rest.
podman start --attach "$pod-rolesanywhere-token" || fail "the init container ends with status $?"
podman start "$pod"-{emulator,rolesanywhere-sidecar,app,stranger} >/dev/null
step 'an injected pod is started'

# once_logged CONTAINER PATTERN: its first line that matches, waited for.
once_logged() {
  local log until=$((SECONDS + 30))
  while ((SECONDS < until)); do
    log=$(podman logs "$1" 2>&1)
    if grep -m 1 -e "$2" <<<"$log"; then return; fi
    sleep 0.25
  done
  fail "$1 does not log $2 within 30 s"
}
check_listing() {
  jq -e '.caller | startswith("arn:aws:sts::111122223333:assumed-role/bucket-lister/")' <<<"$1" >/dev/null ||
    fail "another caller: $1"
  jq -e '[.buckets[].name] == ["invoices", "reports"]' <<<"$1" >/dev/null || fail "other buckets: $1"
}
line=$(once_logged "$pod-app" '"caller"')
check_listing "$line"
step "the application lists its buckets as $(jq -r .caller <<<"$line")"

pid() { podman inspect --format '{{.State.Pid}}' "$1"; }
# inside CONTAINER COMMAND...: one more process of the container, with its user and environment.
# (`podman exec` asks for limits that a sandbox refuses.)
inside() {
  local process environment
  process=$(pid "$1")
  mapfile -d '' -t environment <"/proc/$process/environ"
  env -i "${environment[@]}" "$(command -v nsenter)" --target "$process" --mount --net --pid --ipc --uts \
    --setgid 65532 --setuid 65532 "${@:2}"
}
for name in emulator rolesanywhere-sidecar app stranger; do
  container=$pod-$name
  [[ $(podman inspect --format '{{.State.Running}}' "$container") == true ]] || fail "$name has ended"
  [[ $(podman inspect --format '{{.HostConfig.ReadonlyRootfs}}' "$container") == true ]] ||
    fail "$name can write to its root file system"
  uid=$(awk '/^Uid:/ { print $2 }' "/proc/$(pid "$container")/status")
  [[ $uid == 65532 ]] || fail "$name runs as user $uid"
  mounts=" $(podman inspect --format '{{range .Mounts}}{{.Destination}} {{end}}' "$container")"
  [[ $name == rolesanywhere-sidecar || $mounts != *" /run/rolesanywhere/"* ]] ||
    fail "$name mounts what is the sidecar's"
  [[ $name == app || $mounts != *" /var/run/secrets/rolesanywhere.io "* ]] || fail "$name mounts a token"
done

# From inside: all files, all processes and both ports, as the user of the application.
probe() { inside "$pod-$1" node --input-type=module - <test/pods/probe.mjs; }
expect_probe() {
  local found
  found=$(probe "$1")
  jq -e --argjson own "$2" '.keys == [] and .enoughFiles and .foreignProcesses == 0 and .told == 0
    and .secretsWithoutToken == 0 and .own == $own and .statuses.bare == 401 and .statuses.wrong == 403
    and .statuses.healthz == 200 and .statuses.healthCredentials == 404' <<<"$found" >/dev/null ||
    fail "$1 finds more or less than it should: $found"
}
expect_probe app 200
expect_probe stranger 0
if [[ $(inside "$pod-stranger" node -p 'Object.keys(process.env).join()') == *AWS_CONTAINER* ]]; then
  fail 'a skipped container is told the address'
fi
if [[ $(podman logs "$pod-stranger" 2>&1) == *'"caller"'* ]]; then fail 'a skipped container has credentials'; fi
once_logged "$pod-stranger" 'no credentials' >/dev/null
# The probe would find a key if there were one: it does where the key belongs.
[[ $(probe rolesanywhere-sidecar | jq -r '.keys | length') -gt 0 ]] || fail 'the probe finds nothing anywhere'
step 'no way to the key; 401 for the container that is skipped'

# A session of its own in the application's container, as a client that starts now.
list_anew() { inside "$pod-app" node /app/main.js --json; }
before=$(list_anew)
token=$(cat "/proc/$(pid "$pod-rolesanywhere-sidecar")/root/run/rolesanywhere/token/token")
mount=(--volume "$work/pod/pki:/pki")
pki issue bucket-lister --subject CN=bucket-lister.bucket-lister --force
serial=$(openssl x509 -in "$issued/bucket-lister.pem" -noout -serial | cut -d= -f2 | tr A-F a-f | sed 's/^0*//')
renew_secret second
once_logged "$pod-rolesanywhere-sidecar" "$(node -p "String(0x${serial}n)").*certificate loaded" >/dev/null
after=$(list_anew)
check_listing "$after"
[[ $(jq -r .caller <<<"$after") == $(jq -r .caller <<<"$before") ]] || fail 'the session ended with its certificate'
step 'a renewed certificate is taken into use, and the session goes on'

podman kill "$pod-rolesanywhere-sidecar" >/dev/null
# The kubelet's part once more: a sandbox may keep podman from restarting what was killed.
podman start "$pod-rolesanywhere-sidecar" >/dev/null
until=$((SECONDS + 30))
again=
while ((SECONDS < until)) && [[ $again != *'"caller"'* ]]; do again=$(list_anew 2>/dev/null) || true; done
check_listing "$again"
[[ $(jq -r .caller <<<"$again") == *"/"*"$serial" ]] ||
  fail "the new session is not the new certificate's: $(jq -r .caller <<<"$again")"
[[ $(cat "/proc/$(pid "$pod-rolesanywhere-sidecar")/root/run/rolesanywhere/token/token") == "$token" ]] ||
  fail 'the token changed with the restart'
podman logs "$pod-app" 2>/dev/null | jq -es 'all(.caller != null)' >/dev/null || fail 'the application failed meanwhile'
step "killed, the sidecar is back with the same token: $(jq -r .caller <<<"$again")"

for name in emulator rolesanywhere-sidecar app stranger; do
  log=$(podman logs "$pod-$name" 2>&1)
  if grep -qF -e 'PRIVATE KEY' -e "$token" <<<"$log"; then fail "$name logs a secret"; fi
done
podman pod stop --time 30 "$pod" >/dev/null
for name in emulator rolesanywhere-sidecar app stranger; do
  code=$(podman inspect --format '{{.State.ExitCode}}' "$pod-$name")
  [[ $code == 0 ]] || fail "$name ends with status $code on SIGTERM"
done
[[ $(podman logs "$pod-rolesanywhere-sidecar" 2>&1 | tail -n 1) == *draining* ]] || fail 'the sidecar does not drain'
podman pod rm --force "$pod" >/dev/null
step 'no secret in a log; all containers end with status 0 on SIGTERM'

# A Job. Where there are no native sidecars its pod would never complete, and is refused.
mount=(--volume "$PWD/$example:/example:ro" --volume "$work/injector.yaml:/injector.yaml:ro")
status=0
inject test/pods/job.yaml --kubernetes-version 1.28 >"$work/injected.yaml" || status=$?
[[ $status == 3 && ! -s $work/injected.yaml && $(<"$work/inject.log") == *pod-would-not-end* ]] ||
  fail "a Job before 1.29 is not refused: $(cat "$work/inject.log")"
inject test/pods/job.yaml >"$work/injected.yaml" || fail "inject: $(cat "$work/inject.log")"
play
# The kubelet's order: the sidecar up to its startup probe, the application to its end, SIGTERM.
podman start "$job-emulator" "$job-rolesanywhere-sidecar" >/dev/null
ready='fetch("http://127.0.0.1:9912/readyz").then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))'
until=$((SECONDS + 30))
while ((SECONDS < until)) && ! inside "$job-rolesanywhere-sidecar" node -e "$ready"; do sleep 0.2; done
line=$(podman start --attach "$job-app") || fail "the application of the job ends with status $?"
check_listing "$line"
podman stop --time 10 "$job-rolesanywhere-sidecar" >/dev/null
code=$(podman inspect --format '{{.State.ExitCode}}' "$job-rolesanywhere-sidecar")
[[ $code == 0 ]] || fail "the sidecar of the job ends with status $code"
step 'a job completes, and its sidecar ends after it'
echo "pods: passed in $((SECONDS - started)) s"
