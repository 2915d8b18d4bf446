#!/usr/bin/env bash
# Runs a command of this project in a fresh clone on a bare Debian 12: debootstrap's smallest
# system with Node and npm added and nothing else. Needs root and debootstrap; makes no container:
# own mounts and process ids, entered by pivot_root (user namespaces do not exist inside chroot).
#
# Usage: tests/machine/bare.sh [--again] [--user] [--clean] FOLDER [COMMAND [ARGUMENT...]]
#   FOLDER     all that is needed lies in it; the bootstrap is kept there for the next time
#   COMMAND    run in the clone; `npm run quickstart` when none is given
#   --again    enter the root as the last run left it, instead of a new one
#   --user     run as an ordinary user, after root has run `.ci/system-packages test`
#   --clean    remove the folder afterwards; without a command, only that
#
# Mirror, name servers, registry and certificates are those of this machine, read when it runs.

set -o errexit -o nounset -o pipefail
shopt -s nullglob

SUITE=bookworm

# --- inside: the first process of the new namespaces -----------------------------------------------

enter() {
  local root=$1
  mount --make-rprivate /
  mount --bind "$root" "$root"
  mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mount --make-rslave "$root/sys"
  mount --make-rslave "$root/dev"
  cd "$root"
  # Old and new root on one folder; the old one is then the one on top (pivot_root(2)).
  pivot_root . .
  umount -l .
  cd /
}

if [ "${1-}" = --inside ]; then
  enter "$2"
  as=$3
  shift 3
  if [ "$as" = root ]; then
    export HOME=/root
    cd /root/recipes
    "$@"
  else
    (cd /root/recipes && .ci/system-packages test)
    export HOME="/home/$as" USER="$as"
    cd "$HOME/recipes"
    setpriv --reuid "$as" --regid "$as" --init-groups "$@"
  fi
  exit
fi

# --- outside: the folder, the root, the clone ------------------------------------------------------

project=$(cd "$(dirname "$0")/../.." && pwd)

stop() {
  echo "bare: $*" >&2
  exit 2
}

again= as=root clean=
while [[ ${1-} == --* ]]; do
  case $1 in
  --again) again=yes ;;
  --user) as=builder ;;
  --clean) clean=yes ;;
  *) stop "unknown option $1; the head of $0 says how to use it" ;;
  esac
  shift
done
[ $# -gt 0 ] || stop "a folder is needed; the head of $0 says how to use it"
[ "$(id -u)" = 0 ] || stop 'only root may make and enter another root'
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift

remove() {
  rm -rf --one-file-system "$folder/root" "$folder/bootstrap" "$folder/bootstrap.part"
  rmdir "$folder"
}

if [ -n "$clean" ] && [ $# -eq 0 ]; then
  remove
  exit
fi
[ $# -gt 0 ] || set -- npm run quickstart

# The files of apt that name a Debian archive; other archives need keys and certificates we lack.
apt_sources() {
  grep -lE '^[^#]*[a-z]+://[^ ]+/debian(-security)?/?( |$)' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null || true
}

mirror() {
  apt_sources | xargs -r grep -hoE '^[^#]*[a-z]+://[^ ]+/debian/?( |$)' |
    grep -oE '[a-z]+://[^ ]+' | head -n 1
}

bootstrap() {
  if [ -e "$folder/bootstrap" ]; then return; fi
  local from
  from=$(mirror)
  [ -n "$from" ] || stop 'apt on this machine names no Debian archive'
  echo '== making the bare system'
  rm -rf --one-file-system "$folder/bootstrap.part"
  debootstrap --variant=minbase "$SUITE" "$folder/bootstrap.part" "$from" >"$folder.log" 2>&1 ||
    { tail -n 20 "$folder.log" >&2; stop 'debootstrap failed'; }
  rm -f "$folder.log"
  mv "$folder/bootstrap.part" "$folder/bootstrap"
}

# Node and npm of this machine, at the same places.
add_node() {
  local node npm
  node=$(readlink -f "$(command -v node)")
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  install -D "$node" "$root/usr/bin/node"
  mkdir -p "$root/usr/lib/node_modules"
  cp -a "$npm" "$root/usr/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/bin/npx"
}

# What a machine in this network has: names, archives, certificates; no passwords.
add_network() {
  local file
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  rm -f "$root/etc/apt/sources.list"
  for file in $(apt_sources) /etc/apt/apt.conf.d/*proxy*; do install -D -m 644 "$file" "$root$file"; done
  file=${NODE_EXTRA_CA_CERTS-}
  [ -z "$file" ] || install -D -m 644 "$file" "$root$file"
  file=$(npm config get cafile 2>/dev/null)
  [ ! -f "$file" ] || install -D -m 644 "$file" "$root$file"
}

make_root() {
  bootstrap
  echo '== a new root'
  rm -rf --one-file-system "$root"
  cp -a --reflink=auto "$folder/bootstrap" "$root"
  add_node
  add_network
  git clone -q --no-hardlinks "$project" "$root/root/recipes"
  if [ "$as" = root ]; then return; fi
  touch "$root/etc/subuid" "$root/etc/subgid"
  useradd --root "$root" --create-home "$as"
  git clone -q --no-hardlinks "$project" "$root/home/$as/recipes"
  chown -R --reference="$root/home/$as" "$root/home/$as/recipes"
}

root=$folder/root
[ -n "$again" ] && [ -e "$root/root/recipes" ] || make_root

pass=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "TERM=${TERM:-dumb}"
  "npm_config_registry=$(npm config get registry 2>/dev/null)")
for name in NODE_EXTRA_CA_CERTS http_proxy https_proxy no_proxy; do
  [ -z "${!name-}" ] || pass+=("$name=${!name}")
done
file=$(npm config get cafile 2>/dev/null)
[ ! -f "$file" ] || pass+=("npm_config_cafile=$file")

# Given as a text: the file itself is not in the new root.
status=0
env -i "${pass[@]}" unshare --mount --pid --fork --kill-child \
  bash -c "$(<"$0")" bare --inside "$root" "$as" "$@" || status=$?
[ -z "$clean" ] || remove
exit "$status"
