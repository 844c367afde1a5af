#!/usr/bin/env bash
# From a certificate to images of a private registry, step by step, on this machine and without AWS:
# the emulator stands for it. README.md beside this file explains each step.
#
#   journey.sh [--without-clients]
#
#   --without-clients  do not use skopeo, even where it is installed
#
# Needs the built program (`npm run build`). What it makes lies in one temporary folder, and is gone
# afterwards.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=$(cd "$here/../../dist/bin" && pwd) || { echo 'error: run "npm run build" first' >&2; exit 1; }
clients=true
case ${1-} in
  '') ;;
  --without-clients) clients=false ;;
  *) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | sed '$d'; exit 2 ;;
esac

# Nothing of the user's own settings counts here, and what is written is for this user alone.
unset "${!AWS_@}" "${!ROLESANYWHERE_@}"
export AWS_CONFIG_FILE=/dev/null
umask 077
work=$(mktemp -d)
emulator=
finish() {
  if [ -n "$emulator" ]; then kill "$emulator" 2>/dev/null && wait "$emulator" 2>/dev/null; fi
  rm -rf "$work"
}
trap finish EXIT
cd "$work"

# The names by which people, docker and the kubelet call the program.
mkdir bin
for name in rolesanywhere docker-credential-rolesanywhere rolesanywhere-ecr-credential-provider; do
  ln -s "$programs/$name.cjs" "bin/$name"
done
PATH=$work/bin:$PATH

step() { printf '\n%s\n' "$*"; }
say() { printf '   %s\n' "$@"; }
# Copies the image into a folder. skopeo would also want to know whose signatures to believe: nobody's.
copy() { skopeo --insecure-policy copy --quiet --src-tls-verify=false --src-authfile "$1" "docker://$here_image" "dir:$2"; }
# What is in the one file of its one layer.
unpacked() {
  for blob in "$1"/*; do tar -xOf "$blob" image.txt 2>/dev/null || true; done
}
with_skopeo() { $clients && command -v skopeo >/dev/null; }
# Passwords are not for terminals.
hide() { sed -E 's/("(Secret|password)":")[^"]*"/\1…"/g; s/^/   /'; }

# --- what the administrator of the AWS account has set up ------------------------------------------

registry=123456789012.dkr.ecr.eu-central-1.amazonaws.com
repository=team/app
secret=ecr-pull-secret

step '1. A certificate authority, and a certificate for this machine'
rolesanywhere pki init --common-name 'Example CA' >ca.txt
rolesanywhere pki issue node-1 --subject 'CN=node-1,OU=images,O=Example' >issued.txt
sed 's/^/   /' ca.txt issued.txt

step '2. AWS: trust anchor, profile, role, repository'
# More tags than one page of the registry has.
tags=$(seq -f '"build-%04g"' 1 1200 | paste -sd, -)
sed "s/\"v1\"/\"v1\", $tags/" "$here/state.json" >state.json
rolesanywhere emulator --state state.json --listen 127.0.0.1:0 --port-file port 2>emulator.log &
emulator=$!
until [ -s port ]; do
  kill -0 "$emulator" 2>/dev/null || { cat emulator.log >&2; exit 1; }
  sleep 0.1
done
port=$(cat port)
here_registry=127.0.0.1:$port
here_image=$here_registry/$repository:v1
say "the emulator listens on $here_registry, for the API and for the registry"

# Who this machine is. In real life, these are lines of ~/.aws/config or of the environment.
export ROLESANYWHERE_CERTIFICATE=$work/pki/issued/node-1.chain.pem
export ROLESANYWHERE_PRIVATE_KEY=$work/pki/issued/node-1.key
arn_of() { grep -o "arn:aws:[a-z]*:[a-z0-9-]*:[0-9]*:$1/[^\"]*" state.json | head -n 1; }
ROLESANYWHERE_TRUST_ANCHOR_ARN=$(arn_of trust-anchor)
ROLESANYWHERE_PROFILE_ARN=$(arn_of profile)
ROLESANYWHERE_ROLE_ARN=$(arn_of role)
export ROLESANYWHERE_TRUST_ANCHOR_ARN ROLESANYWHERE_PROFILE_ARN ROLESANYWHERE_ROLE_ARN
# Where it keeps sessions and passwords, which all commands below share.
export ROLESANYWHERE_CACHE_DIR=$work/cache ROLESANYWHERE_NO_CACHE=false
# Only because this is not AWS: other endpoints, and another name for the registry.
export AWS_ENDPOINT_URL_ROLESANYWHERE=http://$here_registry AWS_ENDPOINT_URL_ECR=http://$here_registry
export ROLESANYWHERE_ECR_CONFIG=$work/registries.json
printf '{ "aliases": { "%s": "%s" } }\n' "$here_registry" "$registry" >registries.json

# --- by hand ---------------------------------------------------------------------------------------

step '3. Log in with a password, which goes from one program to the other'
if with_skopeo; then
  rolesanywhere ecr login-password |
    skopeo login --tls-verify=false --authfile login.json --username AWS --password-stdin "$here_registry"
else
  length=$(rolesanywhere ecr login-password | tr -d '\n' | wc -c)
  say "a password of $((length)) characters; a client sends it with each request:" \
    "GET /v2/ HTTP/1.1" \
    "Host: $registry" \
    "Authorization: Basic base64(AWS:PASSWORD)"
fi

step '4. List the tags of a repository, all pages of them'
rolesanywhere ecr tags "$here_registry/$repository" >tags.txt
say "$(($(wc -l <tags.txt))) tags, from $(head -n 1 tags.txt) to $(tail -n 1 tags.txt)"

# --- docker, podman, skopeo, buildah ---------------------------------------------------------------

step '5. A credential helper, so that nobody logs in any more'
printf '{ "credHelpers": { "%s": "rolesanywhere" } }\n' "$here_registry" >config.json
sed 's/^/   /' config.json
printf '%s' "$here_registry" | docker-credential-rolesanywhere get | hide
if with_skopeo; then
  skopeo list-tags --tls-verify=false --authfile config.json "docker://$here_registry/$repository" >listed.json
  say "skopeo lists $(grep -c build- listed.json) builds through the helper, and pulls:"
  copy config.json pulled
else
  say 'no skopeo here: what a client does with the password, in forty lines of JavaScript:'
  rolesanywhere ecr login-password | node "$here/pull-image.mjs" "$here_image" pulled | sed 's/^/   /'
fi
say "$(unpacked pulled)"

# --- a cluster -------------------------------------------------------------------------------------

step '6. A pull secret'
rolesanywhere ecr login-password |
  node "$here/pull-secret.mjs" "$secret" "$registry" "$here_registry" >pull-secret.json
grep -E '"(kind|name|type)"' pull-secret.json | sed 's/^ */   /'
if with_skopeo; then
  sed -n 's/.*"\.dockerconfigjson": "\(.*\)".*/\1/p' pull-secret.json | base64 -d >auth.json
  copy auth.json pulled-with-secret
  say "skopeo pulls with what is in it: $(unpacked pulled-with-secret)"
fi

step '7. A pod that names it'
# The one name of the secret is above.
sed "s/name: ecr-pull-secret/name: $secret/; s|image: .*/team/app|image: $registry/$repository|" \
  "$here/pod.yaml" >pod.yaml
sed -n '/^spec:/,$s/^/   /p' pod.yaml

step '8. The kubelet: images without any pull secret'
rolesanywhere ecr credential-provider-config --cache-dir "$ROLESANYWHERE_CACHE_DIR" >credential-providers.yaml
say "$(grep -c '^ *- .*\*' credential-providers.yaml) patterns of registry hosts in the configuration of:"
grep -E '^ *(- )?name: rolesanywhere' credential-providers.yaml | sed 's/^ */   /'
# What the kubelet does for each image: one request, one answer.
printf '{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"%s"}' \
  "$registry/$repository" | rolesanywhere-ecr-credential-provider >answer.json
hide <answer.json
# And what the container runtime does with the answer.
node -p 'Object.values(JSON.parse(fs.readFileSync("answer.json")).auth)[0].password' |
  node "$here/pull-image.mjs" "$here_image" pulled-by-node | sed 's/^/   /'

# --- what it has cost ------------------------------------------------------------------------------

operations() {
  node -e 'fetch(process.argv[1]).then((answer) => answer.json()).then(({ requests }) => {
    for (const { operation } of requests) console.log(operation)
  })' "http://$here_registry/_emulator/requests"
}
step '9. What all this has asked of AWS'
for operation in CreateSession GetAuthorizationToken; do
  say "$operation: $(operations | grep -cx "$operation")"
done
rolesanywhere cache list | sed 's/^/   /'
