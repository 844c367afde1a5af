#!/usr/bin/env bash
# The guide and the life of a pod on a real node (npm run test:node): builds both images, and installs
# the commands that a node needs. Says what it skips, and why. Needs root, Debian's packages and `npm ci`.
set -euo pipefail
cd "$(dirname "$0")/.."

tool=${POD_RUNTIME:-../shared/tools/pod-runtime}
images=0
bash .ci/images.sh || images=$?
if [ "$images" -eq 3 ]; then
  echo 'skipped: no images, see above'
  exit 0
elif [ "$images" -ne 0 ]; then
  exit 1
fi
eval "$("$tool" setup)"

missing=()
command -v unshare >/dev/null || missing+=(util-linux)
command -v ip >/dev/null || missing+=(iproute2)
command -v iptables >/dev/null || missing+=(iptables)
command -v docker-registry >/dev/null || missing+=(docker-registry)
command -v skopeo >/dev/null || missing+=(skopeo)
[ -e /usr/lib/cni/ptp ] || missing+=(containernetworking-plugins)
if [ "${#missing[@]}" -gt 0 ]; then
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
    --no-install-recommends "${missing[@]}"; } || echo "skipped: cannot install ${missing[*]}"
fi
npm run --silent test:node
