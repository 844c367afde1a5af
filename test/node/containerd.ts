import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../support/eventually.js'
import { ADDRESSES, type Setting } from './setting.js'

/** The image of each pod's first process. */
export const PAUSE_IMAGE = 'localhost/pause:test'

/** A container runtime, with what the kubelet does not do itself. */
export interface Containerd {
  readonly socket: string
  /** Runs its command line, in the kubelet's namespace of images and containers. */
  ctr(...args: readonly string[]): string
  /** Where it looks for how registries are reached: a folder for each host, with a `hosts.toml`. */
  readonly registries: string
}

/** Writes its configuration, and starts it with `start`. */
export async function startContainerd(
  { folder, programs }: Setting,
  start: (name: string, program: string, args: readonly string[]) => void,
): Promise<Containerd> {
  const own = join(folder, 'containerd')
  const file = (name: string): string => join(own, name)
  for (const name of ['networks', 'registries']) mkdirSync(file(name), { recursive: true })
  const socket = file('socket')
  writeFileSync(file('config.toml'), configuration(own, socket))
  writeFileSync(file('networks/10-pods.conflist'), JSON.stringify(network(own)))
  start('containerd', join(programs.containerd, 'containerd'), ['--config', file('config.toml')])
  const ctr: Containerd['ctr'] = (...args) =>
    execFileSync(
      join(programs.containerd, 'ctr'),
      ['--address', socket, '--namespace', 'k8s.io', ...args],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    )
  await eventually(() => {
    try {
      return ctr('version')
    } catch {
      return undefined
    }
  })
  return { socket, ctr, registries: file('registries') }
}

const configuration = (folder: string, socket: string): string => `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
path = "${folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${PAUSE_IMAGE}"
# Without the right to lower scores, as in a sandbox, they stay as they are.
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${folder}/networks"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "${folder}/registries"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
`

/** A wire from each pod to the node, which routes; as kind has it. */
const network = (folder: string): object => ({
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'ptp',
      ipam: {
        type: 'host-local',
        dataDir: join(folder, 'addresses'),
        ranges: [[{ subnet: ADDRESSES.pods }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
})
