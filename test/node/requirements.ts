import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, renameSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { obstacle as clusterObstacle } from '../cluster/programs.js'
import { guideImages } from './guide.js'

/** An image of the guide by the name that `.ci/images.sh` gives it. */
export const builtImage = (tag: string): string => `localhost/${tag.replace(/:.*/, '')}:pod-test`

const PROGRAMS = ['unshare', 'ip', 'iptables', 'runc', 'podman', 'skopeo', 'docker-registry', 'tar']

/** Plugins for the network of pods: Debian's `containernetworking-plugins`. */
const NETWORK_PLUGINS = '/usr/lib/cni'

/** Why there can be no node on this machine; `undefined` when there can. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux'
  if (!existsSync('/dev/kmsg')) return 'the kubelet needs /dev/kmsg'
  if (existsSync('/sys/fs/cgroup/cgroup.controllers'))
    return 'knows version 1 of control groups only'
  const cluster = clusterObstacle()
  if (cluster !== undefined) return cluster
  const missing = PROGRAMS.find((program) => !isInstalled(program))
  if (missing !== undefined) return `needs ${missing}`
  if (!existsSync(join(NETWORK_PLUGINS, 'ptp'))) return 'needs containernetworking-plugins'
  const unbuilt = guideImages()
    .map(builtImage)
    .find((name) => !hasImage(name))
  if (unbuilt !== undefined) return `needs the image ${unbuilt}: bash .ci/images.sh`
  try {
    // A sandbox may refuse what a node is made of.
    const test = 'mount -t tmpfs tmpfs /mnt && ip link add x type bridge && iptables -t nat -L'
    execFileSync('unshare', [...NAMESPACES, 'sh', '-c', test], { stdio: 'ignore' })
  } catch {
    return 'the machine does not let us have namespaces of our own'
  }
  return undefined
}

function hasImage(name: string): boolean {
  try {
    execFileSync('podman', ['image', 'exists', name], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Flags of `unshare`: what starts in there ends with its first process, and so do its mounts. */
export const NAMESPACES = [
  ...['--net', '--mount', '--pid', '--ipc', '--uts'],
  ...['--fork', '--kill-child', '--mount-proc'],
] as const

/**
 * The folder with containerd. Where it is not installed, out of Debian's package: installing it would
 * start a service.
 */
export function containerdFolder(cache: string): string {
  const installed = folderOf('containerd')
  if (installed !== undefined) return installed
  const folder = join(cache, 'containerd')
  if (!existsSync(folder)) {
    const partial = `${folder}.${process.pid}`
    mkdirSync(partial, { recursive: true })
    const run = (command: string, ...args: string[]): void => {
      execFileSync(command, args, { cwd: partial, stdio: ['ignore', 'ignore', 'pipe'] })
    }
    try {
      run('apt-get', 'download', '-q', 'containerd')
    } catch {
      run('apt-get', 'update', '-q')
      run('apt-get', 'download', '-q', 'containerd')
    }
    run('sh', '-c', 'dpkg-deb --extract containerd_*.deb .')
    renameSync(partial, folder)
  }
  return join(folder, 'usr', 'bin')
}

const isInstalled = (program: string): boolean => folderOf(program) !== undefined

function folderOf(program: string): string | undefined {
  return (process.env['PATH'] ?? '').split(delimiter).find((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
