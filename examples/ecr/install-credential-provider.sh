#!/bin/sh
# Installs rolesanywhere-ecr-credential-provider for the kubelet of this node, or takes it away again.
#
#   install-credential-provider.sh --source DIR --config FILE [--distribution kubeadm|k3s|rke2] [--dry-run]
#   install-credential-provider.sh --uninstall [--distribution …] [--dry-run] [--force]
#
#   --source DIR      folder with the built program (dist/bin of the package)
#   --config FILE     what `rolesanywhere ecr credential-provider-config` has printed
#   --node FILE       Node that runs it; default: the one in the PATH
#   --prefix DIR      where the program goes; default /opt/rolesanywhere
#   --bin-dir DIR     the kubelet's folder of providers      } default: what the
#   --config-to FILE  the kubelet's file of providers        } distribution looks for
#   --dry-run         only say what would be done
#   --force           uninstall although a kubelet that runs names the files
#   --root DIR        put everything below DIR, for images of nodes
#
# It never touches the kubelet: it prints what to add to its flags. The kubelet does not start when a
# provider that its configuration names is missing, so the program comes first and the configuration
# last, and --uninstall refuses while a kubelet uses them. Installing again replaces the program in one
# step; the kubelet takes the new one from the next image on.
set -eu

name=rolesanywhere-ecr-credential-provider
source= config= node= prefix=/opt/rolesanywhere bin_dir= config_to= root= distribution=kubeadm
dry_run=false force=false uninstall=false

fail() {
  echo "error: $1" >&2
  exit "${2:-1}"
}
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=true ;;
    --force) force=true ;;
    --uninstall) uninstall=true ;;
    --help | -h)
      sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | sed '$d'
      exit 0
      ;;
    --source | --config | --node | --prefix | --bin-dir | --config-to | --root | --distribution)
      [ $# -ge 2 ] || fail "$1 needs a value" 2
      case $1 in
        --source) source=$2 ;;
        --config) config=$2 ;;
        --node) node=$2 ;;
        --prefix) prefix=$2 ;;
        --bin-dir) bin_dir=$2 ;;
        --config-to) config_to=$2 ;;
        --root) root=$2 ;;
        --distribution) distribution=$2 ;;
      esac
      shift
      ;;
    *) fail "unknown argument $1" 2 ;;
  esac
  shift
done

case $distribution in
  kubeadm)
    : "${bin_dir:=/usr/local/lib/kubelet-credential-providers}"
    : "${config_to:=/etc/kubernetes/credential-providers.yaml}"
    ;;
  k3s | rke2)
    # Both look here by themselves.
    : "${bin_dir:=/var/lib/rancher/credentialprovider/bin}"
    : "${config_to:=/var/lib/rancher/credentialprovider/config.yaml}"
    ;;
  *) fail "unknown distribution $distribution: kubeadm, k3s or rke2" 2 ;;
esac
for path in "$prefix" "$bin_dir" "$config_to"; do
  case $path in
    /*) ;;
    *) fail "$path is not an absolute path" 2 ;;
  esac
done
link=$root$bin_dir/$name
mark="# installed by $name"

# do_it COMMAND...: says what it does, and does it unless this is a dry run.
do_it() {
  echo "+ $*"
  $dry_run || "$@"
}

# A kubelet, or what has one inside, that was started with one of the paths.
in_use() {
  [ -z "$root" ] || return 1
  for line in /proc/[0-9]*/cmdline; do
    text=$(tr '\0' ' ' <"$line" 2>/dev/null) || continue
    case $text in
      *kubelet*"=$config_to "* | *kubelet*"=$bin_dir "* | *kubelet*" $config_to "* | *kubelet*" $bin_dir "*) return 0 ;;
      *k3s\ server* | *k3s\ agent* | *rke2\ server* | *rke2\ agent*)
        [ "$distribution" = kubeadm ] || return 0
        ;;
    esac
  done
  return 1
}

is_ours() { [ -f "$root$config_to" ] && [ "$(head -n 1 "$root$config_to")" = "$mark" ]; }

if $uninstall; then
  if in_use && ! $force; then
    fail "a kubelet runs that uses them, and it would not start again: take its flags away first (or --force)"
  fi
  if is_ours; then do_it rm -f "$root$config_to"; fi
  if [ -L "$link" ]; then do_it rm -f "$link"; fi
  if [ -d "$root$prefix/versions" ]; then do_it rm -rf "$root$prefix/versions"; fi
  if [ -L "$root$prefix/current" ]; then do_it rm -f "$root$prefix/current"; fi
  for folder in "$root$prefix" "$root$bin_dir"; do
    if [ -d "$folder" ] && ! $dry_run; then rmdir "$folder" 2>/dev/null || true; fi
  done
  exit 0
fi

[ -n "$source" ] || fail '--source is missing' 2
[ -n "$config" ] || fail '--config is missing' 2
[ -f "$source/$name.cjs" ] || fail "$source does not hold $name.cjs"
grep -q "name: $name\$" "$config" || fail "$config does not name the provider $name"
if [ -e "$root$config_to" ] && ! is_ours; then
  fail "$config_to is there and not from here: add the provider to it by hand, or name another file with --config-to"
fi
if [ -e "$link" ] && [ ! -L "$link" ]; then fail "$link is there and not from here"; fi
[ -n "$node" ] || node=$(command -v node) || fail 'there is no node in the PATH: name one with --node'
case $node in
  /*) ;;
  *) fail "$node is not an absolute path" 2 ;;
esac

# By content: installing the same again changes nothing.
version=$(cat "$source"/*.cjs "$source"/lib/*.cjs | cksum | tr -d ' ')-$(printf %s "$node" | cksum | cut -d ' ' -f 1)
target=$root$prefix/versions/$version
if [ ! -d "$target" ]; then
  do_it mkdir -p "$target.new"
  do_it cp -R "$source/." "$target.new/"
  # The kubelet often has no PATH: the node is named in full, and no shell is needed to find it.
  if ! $dry_run; then
    sed "1s|.*|#!$node|" "$source/$name.cjs" >"$target.new/$name.cjs"
    chmod 755 "$target.new" "$target.new/$name.cjs"
    # Offline, and without any environment, as the kubelet may start it.
    answer=$(printf '{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"example.invalid/x"}' |
      env -i "$target.new/$name.cjs") || fail "the program does not run with $node"
    case $answer in
      *'"kind":"CredentialProviderResponse"'*) ;;
      *) fail 'the program does not answer' ;;
    esac
  fi
  do_it mv "$target.new" "$target"
fi

# replace LINK TARGET: in one step, so that the kubelet finds the old program or the new one.
replace() {
  if [ "$(readlink "$1" 2>/dev/null)" = "$2" ]; then return 0; fi
  do_it ln -s "$2" "$1.new"
  do_it mv -T "$1.new" "$1"
}
replace "$root$prefix/current" "versions/$version"
do_it mkdir -p "$root$bin_dir" "$(dirname "$root$config_to")"
replace "$link" "$prefix/current/$name.cjs"
echo "+ write $root$config_to"
if ! $dry_run; then
  { echo "$mark"; cat "$config"; } >"$root$config_to.new"
  chmod 644 "$root$config_to.new"
  mv "$root$config_to.new" "$root$config_to"
fi

cat <<END

The kubelet reads its providers when it starts. Its flags:

  --image-credential-provider-config=$config_to
  --image-credential-provider-bin-dir=$bin_dir

END
case $distribution in
  kubeadm)
    cat <<END
kubeadm: add them to KUBELET_EXTRA_ARGS in /etc/default/kubelet (Debian) or /etc/sysconfig/kubelet
(Red Hat), or to nodeRegistration.kubeletExtraArgs of the kubeadm configuration; then restart kubelet.
END
    ;;
  *)
    cat <<END
$distribution: looks in these places by itself; restart it. Flags of the same names on its own command
line, or in its config.yaml, name other places.
END
    ;;
esac
