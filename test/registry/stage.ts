import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Emulator } from '../../src/emulator/index.js'
import type { RepositoryDocument } from '../../src/emulator/state/document.js'
import { altName } from '../../src/pki/alt-names.js'
import { ACCOUNT, DOCKER_HELPER, ecrEnvironment, HOST, REGION, startEcr } from '../support/ecr.js'
import { eventually } from '../support/eventually.js'
import { endPrograms, type Finished, type Running, startCommand } from '../support/program.js'
import { listenOnLoopback, serverIdentity, testRoot, webServer } from '../support/tls-server.js'
import { registryFront } from './front.js'
import { type ImageFile, writeImage } from './image.js'

/** An address of loopback on which nothing else is likely to have port 443. */
const TLS_ADDRESS = '127.77.1.1'

/** A registry like Amazon ECR on this machine, and what clients need to reach it. */
export interface Stage {
  readonly aws: Emulator
  readonly repositories: readonly RepositoryDocument[]
  readonly folder: string
  /** Host and port of the registry over plain HTTP: an alias of {@link HOST}. */
  readonly alias: string
  /** Host and port of the emulator's own registry, an alias as well. */
  readonly emulated: string
  /** What settings and PATH a client needs that uses the credential helper. */
  readonly env: Readonly<Record<string, string>>
  /** Folder with the root that signed the certificate of {@link HOST}; absent without port 443. */
  readonly certificates: string | undefined
  /** Runs a client to its end. */
  run(command: string, args: readonly string[], env?: Record<string, string>): Promise<Finished>
  /** The same where {@link HOST} is this machine. Needs root. */
  runAtHost(command: string, args: readonly string[]): Promise<Finished>
  close(): Promise<void>
}

/** Sets it all up: emulator, registry with one image of this file, front, credential helper, configuration. */
export async function setStage(file?: ImageFile): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'ra-registry-'))
  const repositories = [{ name: 'team/app', account: ACCOUNT, region: REGION, tags: ['v1'] }]
  const aws = await startEcr({ repositories })
  const registryPort = await startRegistry(folder, file)
  const front = registryFront({ registryPort, emulatorPort: aws.port })
  const plain = webServer(front)
  const alias = `127.0.0.1:${await listenOnLoopback(plain)}`
  const root = await testRoot()
  const tls = webServer(front, await serverIdentity(root, undefined, altName('dns', HOST)))
  const certificates = (await new Promise<boolean>((resolve) => {
    tls.once('error', () => resolve(false)).listen(443, TLS_ADDRESS, () => resolve(true))
  }))
    ? join(folder, 'certificates')
    : undefined
  if (certificates !== undefined) {
    await mkdir(certificates)
    await writeFile(join(certificates, 'ca.crt'), root.certificate.toString())
  }
  const emulated = `127.0.0.1:${aws.port}`
  const env = await clientEnvironment(folder, aws.url, [alias, emulated])
  const hosts = join(folder, 'hosts')
  const accept = { default: [{ type: 'insecureAcceptAnything' }] }
  await mkdir(join(folder, '.config', 'containers'), { recursive: true })
  await writeFile(join(folder, '.config', 'containers', 'policy.json'), JSON.stringify(accept))
  await writeFile(hosts, `127.0.0.1 localhost\n${TLS_ADDRESS} ${HOST}\n`)
  const run: Stage['run'] = async (command, args, more = {}) =>
    startCommand(command, args, { ...env, ...more }).finished()
  return {
    aws,
    repositories,
    folder,
    alias,
    emulated,
    env,
    certificates,
    run,
    async runAtHost(command, args) {
      const script = 'mount --bind "$0" /etc/hosts && exec "$@"'
      return run('unshare', ['--mount', 'sh', '-c', script, hosts, command, ...args])
    },
    async close() {
      await endPrograms()
      plain.close()
      tls.close()
      await aws.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Debian's registry with one image, pushed as anybody may on its own port. */
async function startRegistry(folder: string, file?: ImageFile): Promise<number> {
  const port = await freePort()
  const config = join(folder, 'registry.yml')
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(folder, 'storage') } },
      http: { addr: `127.0.0.1:${port}` },
    }),
  )
  const registry: Running = startCommand('docker-registry', ['serve', config])
  registry.finished().catch(() => {})
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined)
    return answer?.ok ? true : undefined
  })
  const image = join(folder, 'image')
  await writeImage(image, 'v1', file)
  const target = `docker://127.0.0.1:${port}/team/app:v1`
  const policy = [
    '--insecure-policy',
    'copy',
    '--quiet',
    '--dest-no-creds',
    '--dest-tls-verify=false',
  ]
  const pushed = await startCommand('skopeo', [...policy, `oci:${image}:v1`, target]).finished()
  if (pushed.status !== 0) throw new Error(`cannot push: ${pushed.stderr}`)
  return port
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function clientEnvironment(
  folder: string,
  emulator: string,
  aliases: readonly string[],
): Promise<Record<string, string>> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await symlink(DOCKER_HELPER, join(bin, 'docker-credential-rolesanywhere'))
  const config = join(folder, 'registries.json')
  const each = (value: string): object => Object.fromEntries(aliases.map((host) => [host, value]))
  await writeFile(config, JSON.stringify({ aliases: each(HOST) }))
  const auth = join(folder, 'auth.json')
  const credHelpers = { ...each('rolesanywhere'), [HOST]: 'rolesanywhere' }
  await writeFile(auth, JSON.stringify({ credHelpers }))
  return {
    ...ecrEnvironment(emulator),
    PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
    HOME: folder,
    ROLESANYWHERE_CACHE_DIR: join(folder, 'cache'),
    ROLESANYWHERE_ECR_CONFIG: config,
    REGISTRY_AUTH_FILE: auth,
  }
}
