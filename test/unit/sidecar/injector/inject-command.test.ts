import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { injectCommand } from '../../../../sidecar/injector/inject-command.js'
import { runCommand } from '../../../../src/cli/run-command.js'
import { type RecordedIo, recordedIo } from '../../../support/io.js'
import { rejectsWithCode } from '../../../support/rejects.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'

const CONFIG = `apiVersion: rolesanywhere.io/v1alpha1
kind: InjectorConfiguration
defaults:
  trust-anchor-arn: arn:aws:rolesanywhere:eu-central-1:111122223333:trust-anchor/00000000-0000-4000-8000-000000000001
  profile-arn: arn:aws:rolesanywhere:eu-central-1:111122223333:profile/00000000-0000-4000-8000-000000000002
  certificate-secret: app-tls
`
const POD = `apiVersion: v1
kind: Pod
metadata:
  name: app
  labels: {rolesanywhere.io/inject: "true"}
  annotations:
    rolesanywhere.io/role-arn: arn:aws:iam::111122223333:role/reader
spec:
  containers:
    - name: app
      image: app
      envFrom: [{secretRef: {name: app}}]
`

const controller = (apiVersion: string, kind: string, own: string, pods: string): string =>
  `apiVersion: ${apiVersion}
kind: ${kind}
metadata: {name: app, labels: ${own}}
spec:
  template:
    metadata: {labels: ${pods}}
    spec:
      containers: [{name: app, image: app}]
`

describe('inject', () => {
  const folder = temporaryFolder()
  const file = (name: string): string => join(folder.path, name)

  beforeEach(async () => {
    await writeFile(file('injector.yaml'), CONFIG)
    await writeFile(file('pod.yaml'), POD)
  })

  async function inject(args: readonly string[], stdin?: string): Promise<RecordedIo> {
    const chunks = stdin === undefined ? {} : { stdin: oneByOne(Buffer.from(stdin)) }
    const io = recordedIo(chunks)
    expect(await runCommand(injectCommand, args, io)).to.equal(0)
    return io
  }

  /** As a pipe may, in the middle of a character. */
  async function* oneByOne(bytes: Buffer): AsyncGenerator<Uint8Array> {
    for (const byte of bytes) yield Promise.resolve(Uint8Array.of(byte))
  }

  for (const { what, manifest, warning } of [
    {
      what: 'that is no text',
      manifest: POD.replace('"true"', 'true'),
      warning: '1: Pod app: label rolesanywhere.io/inject asks for nothing unless it is "true"',
    },
    {
      what: 'that is spelt differently',
      manifest: POD.replace('true', 'TRUE'),
      warning: '1: Pod app: label rolesanywhere.io/inject asks for nothing unless it is "true"',
    },
    {
      what: 'on a Deployment instead of its pods',
      manifest: controller('apps/v1', 'Deployment', '{rolesanywhere.io/inject: "true"}', '{a: b}'),
      warning: '1: Deployment app: label rolesanywhere.io/inject has to be on its pods',
    },
    {
      what: 'in a kind that is not known',
      manifest: controller('example.com/v1', 'Rollout', '{}', '{rolesanywhere.io/inject: "true"}'),
      warning: '1: Rollout app: its pod template is not known here: only the webhook follows',
    },
    {
      what: 'of pods in a list that is not known',
      manifest: `apiVersion: v1\nkind: List\nitems: [{kind: X, spec: [{metadata: {labels: {rolesanywhere.io/inject: "true"}}}]}]\n`,
      warning: '3: X (no name): its pod template is not known here',
    },
  ]) {
    it(`warns of a label ${what}, and changes nothing`, async () => {
      const { written } = await inject(['-f', '-', '--config', file('injector.yaml')], manifest)
      expect(written.stdout).to.equal(manifest)
      expect(written.stderr).to.include(`warning: standard input:${warning}`)
      expect(written.stderr).to.include('(label-without-effect)')
    })
  }

  for (const { what, manifest } of [
    { what: 'that says no', manifest: POD.replace('true', 'false') },
    {
      what: 'that kustomize gave to a Deployment and to its pods',
      manifest: controller(
        ...(['apps/v1', 'Deployment'] as const),
        ...(['{rolesanywhere.io/inject: "false"}', '{rolesanywhere.io/inject: "false"}'] as const),
      ),
    },
    {
      what: 'that kustomize gave to a Service',
      manifest:
        'apiVersion: v1\nkind: Service\nmetadata: {labels: {rolesanywhere.io/inject: "true"}}\n',
    },
  ]) {
    it(`says nothing of a label ${what}`, async () => {
      const { written } = await inject(['-f', '-', '--config', file('injector.yaml')], manifest)
      expect(written.stderr).to.equal('')
    })
  }

  it('reads a file and standard input alike, and warns on standard error', async () => {
    const config = ['--config', file('injector.yaml')]
    const { written } = await inject(['-f', file('pod.yaml'), ...config])
    expect(written.stdout).to.include('name: rolesanywhere-sidecar')
    expect(written.stderr).to.match(/^warning: .*pod\.yaml:1: Pod app: .* \(environment-from\)\n$/)
    const note = '# ünïcode: €\n'
    const piped = await inject(['-f', '-', ...config], note + POD)
    expect(piped.written.stdout).to.equal(note + written.stdout)
    expect(piped.written.stderr).to.include('standard input:2')
  })

  it('says which layer gave each value', async () => {
    const { written } = await inject([
      '--explain',
      '-f',
      file('pod.yaml'),
      '--config',
      file('injector.yaml'),
    ])
    expect(written.stdout).to.match(
      /role-arn +arn:aws:iam::111122223333:role\/reader +annotation of the pod\n/,
    )
    expect(written.stdout).to.match(
      /certificate-secret +app-tls +default of the injector configuration\n/,
    )
    expect(written.stdout).to.match(/region +eu-central-1 +region of the trust anchor\n/)
    expect(written.stdout).to.not.include('apiVersion')
  })

  it('goes by the version of the cluster', async () => {
    const args = ['-f', file('pod.yaml'), '--config', file('injector.yaml')]
    const { written } = await inject([...args, '--kubernetes-version', 'v1.28.4+k3s1'])
    expect(written.stdout).to.include('--make-token-files')
    expect(written.stdout).to.not.include('restartPolicy: Always')
  })

  it('prints nothing when a single pod is refused', async () => {
    const io = recordedIo({
      stdin: oneByOne(Buffer.from(`${POD}---\n${POD.replace('role/', 'user/')}`)),
    })
    const args = ['-f', '-', '--config', file('injector.yaml')]
    const error = await rejectsWithCode(
      runCommand(injectCommand, args, io),
      'ERR_RA_INJECTION_REFUSED',
    )
    expect(error.message).to.match(/^standard input:14: document 2, Pod app: /)
    expect(io.written.stdout).to.equal('')
  })

  for (const [what, args, code] of [
    ['no file', [], 'ERR_RA_SETTING_MISSING'],
    ['a file that is not there', ['-f', '/nonexistent'], 'ERR_RA_FILE_UNREADABLE'],
    ['a folder', ['-f', '/'], 'ERR_RA_FILE_UNREADABLE'],
    ['no version', ['-f', '-', '--kubernetes-version', 'new'], 'ERR_RA_FLAG_INVALID'],
    ['a flag with another letter', ['-g', 'x'], 'ERR_RA_FLAG_UNKNOWN'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await rejectsWithCode(runCommand(injectCommand, args, recordedIo()), code)
    })
  }

  it('refuses text that is not UTF-8', async () => {
    await writeFile(file('latin1.yaml'), Buffer.from('a: \xe9\n', 'latin1'))
    const run = runCommand(injectCommand, ['-f', file('latin1.yaml')], recordedIo())
    await rejectsWithCode(run, 'ERR_RA_FILE_UNREADABLE')
  })
})
