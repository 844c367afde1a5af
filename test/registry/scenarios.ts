import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createHttpClient,
  dockerConfigJson,
  getAuthorizationToken,
  parseRegistryHost,
  registryHostNames,
  resolveTarget,
  sessionSource,
  systemClock,
} from '../../src/index.js'
import { silentLogger } from '../../src/log.js'
import { ARNS } from '../support/aws.js'
import { allowing, ecrFlags, ecrState, HOST } from '../support/ecr.js'
import { kubeletPlugin, kubeletRequest } from '../support/ecr-clients.js'
import { certPath } from '../support/certs.js'
import { type Finished, rolesanywhere, startCommand } from '../support/program.js'
import type { Stage } from './stage.js'

/** One thing that a real client does. */
export interface Scenario {
  readonly name: string
  /** Programs that it calls. */
  readonly needs: readonly string[]
  /** Port 443, another file of hosts, unpacking of layers. */
  readonly needsRoot?: boolean
  readonly play: (stage: Stage) => Promise<void>
}

const POLICY = '--insecure-policy'

const JOURNEY = fileURLToPath(new URL('../../examples/ecr/journey.sh', import.meta.url))

/** Copies the image out of the registry, layers and all. */
const copy = (stage: Stage, host: string, ...more: readonly string[]): string[] => [
  ...[POLICY, 'copy', '--quiet', ...more],
  `docker://${host}/team/app:v1`,
  `dir:${join(stage.folder, `copy-${Math.random().toString(36).slice(2)}`)}`,
]

function succeeded({ status, stderr }: Finished): void {
  if (status !== 0) throw new Error(`status ${status}: ${stderr.trim()}`)
}

function failedWith({ status, stderr }: Finished, ...texts: readonly string[]): void {
  if (status === 0) throw new Error('it succeeded')
  const missing = texts.find((text) => !stderr.includes(text))
  if (missing !== undefined) throw new Error(`it does not say "${missing}": ${stderr.trim()}`)
}

/** The file that a pull secret holds, written by the library as a controller would. */
async function authFile(stage: Stage): Promise<string> {
  const registry = parseRegistryHost(HOST)?.registry
  if (!registry) throw new Error('no registry')
  const endpoint = { protocol: 'http:', hostname: '127.0.0.1', port: stage.aws.port } as const
  const arns = { trustAnchorArn: ARNS.trustAnchor, profileArn: ARNS.profile, roleArn: ARNS.role }
  const deps = { env: {}, clock: systemClock, random: Math.random, log: silentLogger }
  const obtain = sessionSource(
    {
      identityFiles: {
        certificate: certPath('ec-p256.pem'),
        privateKey: certPath('ec-p256.key.pem'),
      },
      params: arns,
      endpoint,
      region: resolveTarget(arns).region,
      verifyTls: true,
      timeoutMs: 10_000,
    },
    deps,
  )
  const token = await getAuthorizationToken(
    registry,
    await obtain(),
    { override: stage.aws.url },
    { ...deps, send: createHttpClient({ env: {} }) },
  )
  const path = join(stage.folder, 'pull-secret.json')
  const hosts = [...registryHostNames(registry), stage.alias]
  await writeFile(path, dockerConfigJson([{ hosts, token }]).reveal(), { mode: 0o600 })
  return path
}

/** What the real clients must be able to do, and how they must fail. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'skopeo pulls through the credential helper',
    needs: ['skopeo'],
    play: async (stage) =>
      succeeded(await stage.run('skopeo', copy(stage, stage.alias, '--src-tls-verify=false'))),
  },
  {
    name: 'skopeo lists tags through the credential helper',
    needs: ['skopeo'],
    async play(stage) {
      const args = ['list-tags', '--tls-verify=false', `docker://${stage.alias}/team/app`]
      const outcome = await stage.run('skopeo', args)
      succeeded(outcome)
      if (!outcome.stdout.includes('"v1"')) throw new Error(`no tag: ${outcome.stdout}`)
    },
  },
  {
    name: 'skopeo pulls with the file of a pull secret',
    needs: ['skopeo'],
    async play(stage) {
      const auth = ['--src-authfile', await authFile(stage), '--src-tls-verify=false']
      succeeded(await stage.run('skopeo', copy(stage, stage.alias, ...auth)))
    },
  },
  {
    name: 'skopeo pulls the image that the emulator makes',
    needs: ['skopeo'],
    play: async (stage) =>
      succeeded(await stage.run('skopeo', copy(stage, stage.emulated, '--src-tls-verify=false'))),
  },
  {
    name: 'podman pulls the image that the emulator makes',
    needs: ['podman'],
    needsRoot: true,
    async play(stage) {
      const pull = ['pull', '--quiet', '--tls-verify=false', `${stage.emulated}/team/app:v1`]
      succeeded(await stage.run('podman', [...podmanArgs(stage, 'emulated'), ...pull]))
    },
  },
  {
    name: 'skopeo is refused without credentials',
    needs: ['skopeo'],
    async play(stage) {
      const args = copy(stage, stage.alias, '--src-tls-verify=false', '--src-no-creds')
      failedWith(await stage.run('skopeo', args), 'unauthorized')
    },
  },
  {
    name: 'skopeo shows the permission that is missing',
    needs: ['skopeo'],
    async play(stage) {
      const { aws, repositories } = stage
      aws.state.replace(ecrState({ repositories, role: allowing('ecr:GetAuthorizationToken') }))
      try {
        const args = copy(stage, stage.alias, '--src-tls-verify=false')
        failedWith(await stage.run('skopeo', args), 'ecr:BatchGetImage')
      } finally {
        aws.state.replace(ecrState({ repositories }))
      }
    },
  },
  {
    name: "skopeo shows the helper's own reason",
    needs: ['skopeo'],
    async play(stage) {
      const args = copy(stage, stage.alias, '--src-tls-verify=false')
      const broken = { ROLESANYWHERE_CERTIFICATE: '/nowhere.pem' }
      failedWith(await stage.run('skopeo', args, broken), 'ERR_RA_CERTIFICATE_UNREADABLE')
    },
  },
  {
    name: 'the journey of examples/ecr: skopeo logs in, lists tags, and pulls through helper and pull secret',
    needs: ['skopeo', 'bash'],
    async play(stage) {
      const outcome = await stage.run(JOURNEY, [])
      succeeded(outcome)
      const image = 'image of team/app'
      const said = ['Login Succeeded!', `   ${image}`, `skopeo pulls with what is in it: ${image}`]
      const missing = said.find((text) => !outcome.stdout.includes(text))
      if (missing !== undefined) throw new Error(`it does not say "${missing}"`)
    },
  },
  {
    name: "the kubelet's own decoder takes the answer of the credential provider",
    needs: ['go'],
    async play(stage) {
      const { status, stdout, stderr } = await kubeletPlugin(kubeletRequest(), stage.env)
      succeeded({ status, stdout, stderr })
      await kubeletTakes(stage, 'response', stdout)
    },
  },
  {
    name: "the kubelet's own decoder takes the configuration of the credential provider",
    needs: ['go'],
    async play(stage) {
      const path = join(stage.folder, 'rules.json')
      const rule = { namespace: 'shop', name: 'web', roles: [ARNS.role] }
      await writeFile(path, JSON.stringify({ serviceAccounts: [rule] }))
      const tokens = ['--service-account-audience', 'registries', '--ecr-config', path]
      const flags = [...ecrFlags(stage.aws.url), ...tokens]
      const printed = await rolesanywhere(['ecr', 'credential-provider-config', ...flags])
      succeeded(printed)
      await kubeletTakes(stage, 'config', printed.stdout)
    },
  },
  {
    name: "skopeo pulls from ECR's own host name over TLS",
    needs: ['skopeo', 'unshare'],
    needsRoot: true,
    async play(stage) {
      const trust = ['--src-cert-dir', stage.certificates ?? '']
      succeeded(await stage.runAtHost('skopeo', copy(stage, HOST, ...trust)))
    },
  },
  {
    name: "podman pulls from ECR's own host name through the credential helper",
    needs: ['podman', 'unshare'],
    needsRoot: true,
    async play(stage) {
      const podman = podmanArgs(stage, 'helper')
      const pull = ['pull', '--quiet', '--cert-dir', stage.certificates ?? '']
      succeeded(await stage.runAtHost('podman', [...podman, ...pull, `${HOST}/team/app:v1`]))
    },
  },
  {
    name: "podman pulls from ECR's own host name with the file of a pull secret",
    needs: ['podman', 'unshare'],
    needsRoot: true,
    async play(stage) {
      const podman = podmanArgs(stage, 'secret')
      const auth = ['--authfile', await authFile(stage), '--cert-dir', stage.certificates ?? '']
      const pull = ['pull', '--quiet', ...auth, `${HOST}/team/app:v1`]
      succeeded(await stage.runAtHost('podman', [...podman, ...pull]))
    },
  },
]

/** Decodes a document as the kubelet does, with its own types. */
async function kubeletTakes(stage: Stage, kind: string, document: string): Promise<void> {
  const checker = join(stage.folder, 'kubelet-check')
  const sources = fileURLToPath(new URL('kubelet', import.meta.url))
  const { HOME = '', PATH = '' } = process.env
  const env = { ...process.env, HOME, PATH, GOTOOLCHAIN: 'local' } as Record<string, string>
  const build = startCommand('go', ['build', '-o', checker, '.'], env, { cwd: sources })
  succeeded(await build.finished())
  const running = startCommand(checker, [kind], {}, { stdio: ['pipe', 'pipe', 'pipe'] })
  running.process.stdin?.end(document)
  succeeded(await running.finished())
}

/** A storage of its own, which needs nothing of the kernel. */
const podmanArgs = ({ folder }: Stage, name: string): string[] => [
  ...['--root', join(folder, `podman-${name}`), '--runroot', join(folder, `run-${name}`)],
  ...['--storage-driver', 'vfs'],
]
