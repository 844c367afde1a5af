import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { ecrFlags, HOST, operations, startEcr } from '../support/ecr.js'
import { type KubeFixture, startKube } from '../support/kube.js'
import { eventually } from '../support/eventually.js'
import { PROGRAM, type Running, rolesanywhere, start } from '../support/program.js'

const SECRETS = 'api/v1/secrets'
const ACCOUNTS = 'api/v1/serviceaccounts'
const NAME = 'ecr-pull-secret'

describe('ecr pull-secrets', function () {
  this.timeout(30_000)
  let kube: KubeFixture
  let aws: Emulator

  const args = (...more: string[]): string[] => [
    ...['ecr', 'pull-secrets', '--kubeconfig', kube.kubeconfig, '--registry', HOST],
    ...[...ecrFlags(aws.url), '--log-format', 'json', ...more],
  ]
  const controller = (): Running => start([PROGRAM, ...args('--health-listen', '127.0.0.1:0')])

  beforeEach(async () => {
    kube = await startKube()
    aws = await startEcr()
    for (const name of ['one', 'two']) {
      kube.server.put('api/v1/namespaces', { metadata: { name } })
      kube.server.put(ACCOUNTS, { metadata: { name: 'default', namespace: name } })
    }
  })
  afterEach(async () => {
    await kube.close()
    await aws.close()
  })

  it('serves every namespace with one password, and takes all of it away again', async () => {
    const done = await rolesanywhere(args('--once'))
    expect(done.status, done.stderr).to.equal(0)
    expect(done.stdout).to.equal('')
    expect(kube.server.all(SECRETS)).to.have.length(2)
    expect(kube.server.get(ACCOUNTS, 'default', 'two')?.['imagePullSecrets']).to.deep.equal([
      { name: NAME },
    ])
    expect(operations(aws)).to.deep.equal({ CreateSession: 1, GetAuthorizationToken: 1 })
    const undone = await rolesanywhere(args('--uninstall'))
    expect(undone.status, undone.stderr).to.equal(0)
    expect(kube.server.all(SECRETS)).to.deep.equal([])
    expect(kube.server.get(ACCOUNTS, 'default', 'two')).to.deep.include({ imagePullSecrets: [] })
  })

  it('is ready when it has a password, says how it does, and ends when asked to', async () => {
    const running = controller()
    const { health } = JSON.parse(await running.logged(/keeping pull secrets/)) as {
      health: string
    }
    const ask = async (path: string): Promise<Response> => fetch(health + path)
    await eventually(async () => ((await ask('/readyz')).ok ? true : undefined))
    await eventually(() => (kube.server.all(SECRETS).length === 2 ? true : undefined))
    const metrics = await (await ask('/metrics')).text()
    expect(metrics).to.match(/^rolesanywhere_pull_secret_namespaces 2$/m)
    const { status, stdout, stderr } = await running.stop()
    expect(status).to.equal(0)
    const { data } = kube.server.get(SECRETS, NAME, 'one') as { data?: Record<string, string> }
    const config = Buffer.from(data?.['.dockerconfigjson'] ?? '', 'base64').toString()
    const { auths } = JSON.parse(config) as { auths: Record<string, { password: string }> }
    const password = auths[HOST]?.password ?? ''
    expect(password).not.to.equal('')
    expect(stdout + stderr + metrics).not.to.include(password)
  })

  it('ends at once while AWS hangs and while the API server refuses', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'hang' }])
    kube.server.faults.push({ match: /GET .*serviceaccounts/, answer: 403, times: 1_000_000 })
    const running = controller()
    await running.logged(/cannot follow a collection/)
    await eventually(() => (aws.requests.length > 0 ? true : undefined))
    expect((await running.stop()).status).to.equal(0)
  })

  it('fails with the reason of AWS', async () => {
    aws.setFaults([{ operation: 'GetAuthorizationToken', kind: 'denied' }])
    const { status, stderr } = await rolesanywhere(args('--once'))
    expect(status).to.equal(5)
    expect(stderr).to.match(/ERR_RA_\w+DENIED/)
    expect(kube.server.all(SECRETS)).to.deep.equal([])
  })

  for (const [flags, code] of [
    [['--writes-per-second', '0'], 'ERR_RA_FLAG_INVALID'],
    [['--scoped'], 'ERR_RA_FLAG_CONFLICT'],
    [['--scoped', '--namespace', 'a', '--namespace-selector', 'b'], 'ERR_RA_FLAG_CONFLICT'],
    [['--registry', 'docker.io'], 'ERR_RA_FLAG_INVALID'],
    [['--secret-name', 'No'], 'ERR_RA_FLAG_INVALID'],
  ] as const) {
    it(`refuses ${flags.join(' ')}`, async () => {
      const { status, stderr } = await rolesanywhere(args('--once', ...flags))
      expect(status).to.equal(2)
      expect(stderr).to.include(code)
      expect(kube.server.requests).to.deep.equal([])
    })
  }
})
