import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SOURCES = join(import.meta.dirname, 'programs')

/** What was built stays here from one run to the next; it can be deleted at any time. */
const CACHE = join(process.env['XDG_CACHE_HOME'] || tmpdir(), 'rolesanywhere-cluster')

/** The API server alone takes five minutes on two cores, once. */
const BUILD_TIMEOUT_MS = 1_500_000

/** Paths of the programs of a control plane. */
export interface Programs {
  readonly etcd: string
  readonly apiServer: string
}

/** Why there can be no cluster on this machine; `undefined` when there can. */
export function obstacle(): string | undefined {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'needs Go, to build etcd and kube-apiserver'
  }
}

/** Builds what is not in the cache. */
export async function buildPrograms(progress: (line: string) => void): Promise<Programs> {
  const program = async (name: string): Promise<string> => {
    const from = join(SOURCES, name)
    const hash = createHash('sha256')
    for (const file of readdirSync(from).sort()) hash.update(readFileSync(join(from, file)))
    const path = join(CACHE, `${name}-${hash.digest('hex').slice(0, 12)}`)
    if (existsSync(path)) return path
    progress(`building ${name}: minutes the first time`)
    mkdirSync(CACHE, { recursive: true })
    const partial = `${path}.${process.pid}`
    const version = /k8s\.io\/kubernetes v(\d+)\.(\d+)\.(\d+)/.exec(
      readFileSync(join(from, 'go.mod'), 'utf8'),
    )
    const flags = ['-s', '-w']
    if (version) {
      // As its project's release builds do it; without, it claims to be version 0.0.
      const name = 'k8s.io/component-base/version'
      const [, major = '', minor = '', patch = ''] = version
      flags.push(`-X ${name}.gitVersion=v${major}.${minor}.${patch}`)
      flags.push(`-X ${name}.gitMajor=${major}`, `-X ${name}.gitMinor=${minor}`)
    }
    await promisify(execFile)('go', ['build', '-ldflags', flags.join(' '), '-o', partial, '.'], {
      cwd: from,
      timeout: BUILD_TIMEOUT_MS,
      env: { ...process.env, GOTOOLCHAIN: 'local', CGO_ENABLED: '0' },
      maxBuffer: 64 * 1024 * 1024,
    })
    renameSync(partial, path)
    return path
  }
  // One after the other: each uses all processors.
  const etcd = await program('etcd')
  return { etcd, apiServer: await program('kube-apiserver') }
}
