import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SOURCES = join(import.meta.dirname, 'programs')

/** What was built stays here from one run to the next; it can be deleted at any time. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] || tmpdir(), 'rolesanywhere-cluster')

/** The API server alone takes five minutes on two cores, once. */
const BUILD_TIMEOUT_MS = 1_500_000

/** Paths of the programs of a control plane. */
export interface Programs {
  readonly etcd: string
  readonly apiServer: string
}

/** What is built in the folder of each program, by its name. */
const PACKAGES = {
  etcd: '.',
  'kube-apiserver': '.',
  helm: 'helm.sh/helm/v3/cmd/helm',
  'kube-node': '.',
  pause: '.',
} as const

/** Why there can be no cluster on this machine; `undefined` when there can. */
export function obstacle(): string | undefined {
  for (const [command, args, purpose] of [
    ['go', ['version'], 'to build what a cluster is made of'],
    ['kubectl', ['version', '--client'], 'to apply manifests'],
  ] as const) {
    try {
      execFileSync(command, args, { stdio: 'ignore' })
    } catch {
      return `needs ${command}, ${purpose}`
    }
  }
  return undefined
}

/** Builds the control plane, unless it is in the cache. */
export async function buildPrograms(progress: (line: string) => void): Promise<Programs> {
  // One after the other: each uses all processors.
  const etcd = await buildProgram('etcd', progress)
  return { etcd, apiServer: await buildProgram('kube-apiserver', progress) }
}

/** @returns the path of a program, which is built now unless it was before. */
export async function buildProgram(
  name: keyof typeof PACKAGES,
  progress: (line: string) => void,
): Promise<string> {
  const from = join(SOURCES, name)
  const hash = createHash('sha256')
  for (const file of readdirSync(from).sort()) hash.update(readFileSync(join(from, file)))
  const path = join(CACHE, `${name}-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(path)) return path
  progress(`building ${name}: minutes the first time`)
  mkdirSync(CACHE, { recursive: true })
  const partial = `${path}.${process.pid}`
  const flags = ['-s', '-w', ...versionFlags(readFileSync(join(from, 'go.mod'), 'utf8'))]
  const args = ['build', '-ldflags', flags.join(' '), '-o', partial, PACKAGES[name]]
  await promisify(execFile)('go', args, {
    cwd: from,
    timeout: BUILD_TIMEOUT_MS,
    env: { ...process.env, GOTOOLCHAIN: 'local', CGO_ENABLED: '0' },
    maxBuffer: 64 * 1024 * 1024,
  })
  renameSync(partial, path)
  return path
}

/** As release builds do it; without, an API server claims to be version 0.0. */
function versionFlags(goMod: string): string[] {
  const found = /k8s\.io\/kubernetes v(\d+)\.(\d+)\.(\d+)/.exec(goMod)
  if (!found) return []
  const [, major = '', minor = '', patch = ''] = found
  const set = (name: string, value: string): string =>
    `-X k8s.io/component-base/version.${name}=${value}`
  return [
    set('gitVersion', `v${major}.${minor}.${patch}`),
    set('gitMajor', major),
    set('gitMinor', minor),
  ]
}
