#!/usr/bin/env bash
# Builds the images of the program and of the bucket lister as localhost/rolesanywhere:pod-test and
# localhost/s3-bucket-lister:pod-test, for the tests that run real pods. Needs root, Debian's packages,
# and a tool that prepares buildah and podman (POD_RUNTIME). Ends with status 3, and says why, where the
# machine lacks something.
#
#   BUILD_IMAGE, RUNTIME_IMAGE   base images to use; default: Debian with the binary of Node 24
set -euo pipefail
cd "$(dirname "$0")/.."

tool=${POD_RUNTIME:-../shared/tools/pod-runtime}
skip() {
  echo "$1"
  exit 3
}
[[ $(id -u) == 0 ]] || skip 'needs root'
[[ -x $tool ]] || skip "no pod runtime tool at $tool (set POD_RUNTIME)"

started=$SECONDS
work=$(mktemp -d /var/tmp/rolesanywhere-images.XXXXXX)
trap 'rm -rf "$work"' EXIT
step() { echo "images: $1 ($((SECONDS - started)) s)"; }
fail() {
  echo "FAILED: images: $1" >&2
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
