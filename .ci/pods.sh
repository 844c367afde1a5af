#!/usr/bin/env bash
# Builds both images and runs a pod of emulator, sidecar and bucket lister for real. Needs root, Debian's
# packages, and a tool that prepares buildah and podman (POD_RUNTIME); says so and skips without.
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
cleanup() {
  status=$?
  if ((status != 0)); then
    for name in emulator rolesanywhere-sidecar app; do
      echo "--- log of $name" >&2
      podman logs "$pod-$name" 2>&1 | tail -n 20 >&2 || true
    done
  fi
  podman pod rm --force --time 1 "$pod" >/dev/null 2>&1 || true
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

# Base images: Debian with node laid over; npm only where the build needs it. Kept for the next run.
if [[ -z ${BUILD_IMAGE:-} || -z ${RUNTIME_IMAGE:-} ]]; then
  RUNTIME_IMAGE=localhost/node24-debian:runtime
  BUILD_IMAGE=localhost/node24-debian:build
  if ! podman image exists "$RUNTIME_IMAGE" || ! podman image exists "$BUILD_IMAGE"; then
    case $(uname -m) in
      x86_64) platform=linux-x64 ;;
      aarch64) platform=linux-arm64 ;;
      *) skip "no Node binary for $(uname -m)" ;;
    esac
    mkdir -p "$work/runtime/usr/local/bin" "$work/pack"
    (cd "$work/pack" && npm pack --silent "node-$platform@24" >/dev/null 2>&1 && tar -xzf ./*.tgz)
    install -m 0755 "$work/pack/package/bin/node" "$work/runtime/usr/local/bin/node"
    cp -a "$work/runtime" "$work/build"
    mkdir -p "$work/build/usr/local/lib/node_modules"
    cp -a "$(npm root --global 2>/dev/null)/npm" "$work/build/usr/local/lib/node_modules/npm"
    for command in npm npx; do
      ln -s "../lib/node_modules/npm/bin/$command-cli.js" "$work/build/usr/local/bin/$command"
    done
    "$tool" base "$RUNTIME_IMAGE" "$work/runtime" >/dev/null
    "$tool" base "$BUILD_IMAGE" "$work/build" >/dev/null
    step 'base images are made'
  fi
fi

# How this machine reaches its registry goes in as secrets: no layer and no file of the repository has it.
registry=$(npm config get registry 2>/dev/null)
authority=$(npm config get cafile 2>/dev/null)
[[ -f $authority ]] || authority=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
printf 'registry=%s\ncafile=/run/secrets/npm-ca\n' "$registry" >"$work/npmrc"
build() {
  buildah bud --quiet --layers \
    --build-arg "BUILD_IMAGE=$BUILD_IMAGE" --build-arg "RUNTIME_IMAGE=$RUNTIME_IMAGE" \
    --secret "id=npmrc,src=$work/npmrc" --secret "id=npm-ca,src=$authority" \
    --file "$1" --tag "$2" . >"$work/build.log" 2>&1 || {
    tail -n 40 "$work/build.log" >&2
    fail "$1 does not build"
  }
  step "$2 is built"
}
build Dockerfile localhost/rolesanywhere:pod-test
build examples/s3-bucket-lister/Dockerfile localhost/s3-bucket-lister:pod-test

for image in rolesanywhere s3-bucket-lister; do
  user=$(podman image inspect --format '{{.User}}' "localhost/$image:pod-test")
  [[ $user == 65532:65532 ]] || fail "image $image runs as \"$user\""
  if podman history --no-trunc "localhost/$image:pod-test" | grep -qF -- "$registry"; then
    fail "image $image names the registry in its history"
  fi
done

# The certificate comes from the image itself, as a user without Node would make it.
mkdir -p "$work/pod"/{identity,emulator,pki}
chown -R 65532:65532 "$work/pod"
chmod 0755 "$work" "$work/pod"
chmod 0700 "$work/pod"/{identity,pki}
pki() {
  podman run --rm --network none --read-only --volume "$work/pod/pki:/pki" \
    localhost/rolesanywhere:pod-test pki "$@" --directory /pki 2>/dev/null >&2
}
pki init
pki intermediate cluster
pki issue app --issuer cluster --subject CN=app,OU=pods,O=Example
cp -p "$work/pod/pki/issued/app.chain.pem" "$work/pod/pki/issued/app.key" "$work/pod/identity/"
cp -p "$work/pod/pki/ca.pem" "$work/pod/emulator/"
cp test/pods/state.json "$work/pod/emulator/"
step 'certificate is issued'

sed "s#FOLDER#$work/pod#" test/pods/pod.yaml >"$work/pod.yaml"
podman kube play --quiet "$work/pod.yaml" >/dev/null
step 'pod is started'

app_log() { podman logs "$pod-app" 2>/dev/null; }
for _ in $(seq 1 60); do
  line=$(app_log | grep '"caller"' | head -n 1) || true
  [[ -z $line ]] || break
  sleep 0.5
done
[[ -n $line ]] || fail 'the application lists nothing within 30 s'
jq -e '.caller | startswith("arn:aws:sts::111122223333:assumed-role/reader/")' <<<"$line" >/dev/null ||
  fail "the application has another caller: $line"
jq -e '[.buckets[].name] == ["invoices", "reports"]' <<<"$line" >/dev/null ||
  fail "the application sees other buckets: $line"
step "the application lists its buckets as $(jq -r .caller <<<"$line")"

for name in emulator rolesanywhere-sidecar app; do
  container=$pod-$name
  [[ $(podman inspect --format '{{.State.Running}}' "$container") == true ]] || fail "$name has ended"
  [[ $(podman inspect --format '{{.HostConfig.ReadonlyRootfs}}' "$container") == true ]] ||
    fail "$name can write to its root file system"
  uid=$(awk '/^Uid:/ { print $2 }' "/proc/$(podman inspect --format '{{.State.Pid}}' "$container")/status")
  [[ $uid == 65532 ]] || fail "$name runs as user $uid"
  mounts=$(podman inspect --format '{{range .Mounts}}{{.Destination}} {{end}}' "$container")
  if [[ $name != rolesanywhere-sidecar && " $mounts" == *" /identity "* ]]; then
    fail "$name can read the private key"
  fi
done
process=$(podman inspect --format '{{.State.Pid}}' "$pod-rolesanywhere-sidecar")
token=$(cat "/proc/$process/root/token/token")
for name in emulator rolesanywhere-sidecar app; do
  log=$(podman logs "$pod-$name" 2>&1)
  if grep -qF -e 'PRIVATE KEY' -e "$token" <<<"$log"; then
    fail "$name logs a secret"
  fi
done
step 'users, mounts and logs are as they should be'

podman pod stop --time 10 "$pod" >/dev/null
for name in emulator rolesanywhere-sidecar app; do
  code=$(podman inspect --format '{{.State.ExitCode}}' "$pod-$name")
  [[ $code == 0 ]] || fail "$name ends with status $code on SIGTERM"
done
step 'all containers end with status 0 on SIGTERM'
echo "pods: passed in $((SECONDS - started)) s"
