import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import type { Emulator } from '../../src/emulator/index.js'
import { ARNS, startAws } from '../support/aws.js'
import { certPath } from '../support/certs.js'
import { eventually } from '../support/eventually.js'
import { endPrograms, PROGRAM, rolesanywhere, start } from '../support/program.js'
import { get } from '../support/serve.js'
import { temporaryFolder } from '../support/temporary-folder.js'

interface Container {
  readonly name: string
  readonly args: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value: string }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

interface InjectedPod {
  readonly spec: { readonly containers: Container[]; readonly initContainers: Container[] }
}

const CONFIG = `apiVersion: rolesanywhere.io/v1alpha1
kind: InjectorConfiguration
defaults:
  trust-anchor-arn: ${ARNS.trustAnchor}
  profile-arn: ${ARNS.profile}
  certificate-secret: app-tls
`
const POD = `apiVersion: v1
kind: Pod
metadata:
  name: app
  labels: {rolesanywhere.io/inject: "true"}
  annotations:
    rolesanywhere.io/role-arn: ${ARNS.role}
    rolesanywhere.io/roles: reports=${ARNS.reports}
    rolesanywhere.io/container-roles: reporter=reports
    rolesanywhere.io/sidecar-mode: container
spec:
  # A second more than the sidecar needs for itself, for which it serves on when it is told to end.
  terminationGracePeriodSeconds: 11
  containers:
    - {name: app, image: app}
    - {name: reporter, image: reporter}
`

describe('rolesanywhere inject', () => {
  const folder = temporaryFolder()
  let aws: Emulator

  before(async () => {
    aws = await startAws()
  })
  after(async () => aws.close())
  afterEach(endPrograms)

  /** A volume is a folder of the test's, whatever path a container sees it at. */
  const inVolume = (container: Container | undefined, path: string): string => {
    const mount = container?.volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`))
    return join(folder.path, mount?.name ?? 'nowhere', path.slice(mount?.mountPath.length ?? 0))
  }

  /** The command line of a container, with its volumes and any free ports. */
  const commandOf = (container: Container | undefined): string[] =>
    (container?.args ?? []).map((arg) =>
      arg
        .replace(/\/run\/rolesanywhere\/.*$/, (path) => inVolume(container, path))
        .replace(/^(--(?:health-)?listen=).*$/, '$1127.0.0.1:0'),
    )

  async function injectedPod(): Promise<InjectedPod> {
    await writeFile(join(folder.path, 'config.yaml'), CONFIG)
    await writeFile(join(folder.path, 'pod.yaml'), POD)
    const args = ['-f', join(folder.path, 'pod.yaml'), '--config', join(folder.path, 'config.yaml')]
    const run = await rolesanywhere(['inject', ...args])
    expect(run).to.include({ status: 0 })
    return parse(run.stdout) as InjectedPod
  }

  it('makes a pod whose containers work: tokens first, then the sidecar, then each role to its own', async () => {
    const { spec } = await injectedPod()
    const [maker] = spec.initContainers
    const byName = (name: string): Container | undefined =>
      spec.containers.find((container) => container.name === name)
    const sidecar = byName('rolesanywhere-sidecar')
    for (const { name } of sidecar?.volumeMounts ?? []) await mkdir(join(folder.path, name))
    for (const [file, cert] of [
      ['tls.crt', 'ec-p256.pem'],
      ['tls.key', 'ec-p256.key.pem'],
    ] as const) {
      await copyFile(certPath(cert), join(folder.path, 'rolesanywhere-identity', file))
    }
    const tokenOf = async (name: string): Promise<string> => {
      const variable = byName(name)?.env?.find(({ name: each }) => each.endsWith('TOKEN_FILE'))
      return readFile(inVolume(byName(name), variable?.value ?? ''), 'utf8')
    }
    const uriOf = (name: string): string =>
      byName(name)?.env?.find(({ name: each }) => each.endsWith('FULL_URI'))?.value ?? ''

    const made = await rolesanywhere(commandOf(maker))
    expect(made).to.include({ status: 0, stdout: '' })
    const [appToken, reporterToken] = [await tokenOf('app'), await tokenOf('reporter')]
    expect(appToken).to.match(/^[\w-]{43}$/)
    expect(reporterToken).to.not.equal(appToken)
    const file = join(folder.path, 'rolesanywhere-token', 'token')
    expect((await stat(file)).mode & 0o777).to.equal(0o644)
    expect((await stat(dirname(file))).isDirectory()).to.equal(true)

    const server = start([PROGRAM, ...commandOf(sidecar), '--log-format=json'], {
      AWS_ENDPOINT_URL_ROLESANYWHERE: aws.url,
    })
    const line = JSON.parse(await server.logged(/serving credentials/)) as Record<string, string>
    const { origin } = new URL(line['uri'] ?? '')
    const ask = async (name: string, token: string): Promise<number> => {
      const { pathname } = new URL(uriOf(name))
      return (await get(origin + pathname, { authorization: token })).status
    }
    const ready = async (): Promise<true | undefined> =>
      (await get(`${line['health'] ?? ''}/readyz`)).status === 200 ? true : undefined
    await eventually(ready)
    expect(await ask('app', appToken)).to.equal(200)
    expect(await ask('reporter', reporterToken)).to.equal(200)
    expect(await ask('app', reporterToken)).to.equal(403)
    expect(await ask('reporter', appToken)).to.equal(403)
    expect(await ask('app', '')).to.equal(401)
    expect((await server.stop()).status).to.equal(0)
  })

  it('refuses with exit status 3 and an empty standard output', async () => {
    await writeFile(join(folder.path, 'pod.yaml'), POD)
    const run = await rolesanywhere(['inject', '-f', join(folder.path, 'pod.yaml')])
    expect(run).to.include({ status: 3, stdout: '' })
    expect(run.stderr).to.match(
      /^error: .*pod\.yaml:1: document 1, Pod app: profile-arn is not set/,
    )
    expect(run.stderr).to.match(/\nhint: annotate/)
  })
})
