import { expect } from 'chai'
import type { PullSecretOptions } from '../../../../sidecar/pull-secrets/engine.js'
import type { PullRegistry } from '../../../../sidecar/pull-secrets/keep-tokens-fresh.js'
import { parseLabelSelector } from '../../../../sidecar/pull-secrets/label-selector.js'
import { runPullSecretsOnce } from '../../../../sidecar/pull-secrets/run-once.js'
import {
  type PullSecrets,
  startPullSecrets,
} from '../../../../sidecar/pull-secrets/start-pull-secrets.js'
import { RolesAnywhereError } from '../../../../src/errors.js'
import { type AuthorizationToken, keepTokens, privateRegistry } from '../../../../src/index.js'
import { createLogger } from '../../../../src/log.js'
import { Secret } from '../../../../src/secret.js'
import type { StoredObject } from '../../../support/api-server.js'
import { eventually } from '../../../support/eventually.js'
import { type KubeFixture, startKube } from '../../../support/kube.js'
import { ManualClock } from '../../../support/manual-clock.js'
import { rejectsWithCode } from '../../../support/rejects.js'

const SECRETS = 'api/v1/secrets'
const ACCOUNTS = 'api/v1/serviceaccounts'
const NAMESPACES = 'api/v1/namespaces'
const HOUR_MS = 3_600_000
const NAME = 'ecr-pull-secret'
const A = '111122223333.dkr.ecr.eu-central-1.amazonaws.com'
const B = '444455556666.dkr.ecr.us-east-1.amazonaws.com'

const registryOf = (name: string): PullRegistry => {
  const [account = '', , , region = ''] = name.split('.')
  const registry = privateRegistry(account, region)
  if (!registry) throw new Error('not a registry')
  return { name, registry, hosts: [name] }
}

describe('startPullSecrets', () => {
  let kube: KubeFixture
  let clock: ManualClock
  let running: PullSecrets[]
  let calls: string[]
  let failing: Set<string>
  let log: string

  const put = (collection: string, object: object): StoredObject =>
    kube.server.put(collection, object as StoredObject)
  const namespace = (name: string, labels = {}): void => {
    put(NAMESPACES, { kind: 'Namespace', metadata: { name, labels } })
  }
  const account = (ns: string, name = 'default', more = {}): void => {
    put(ACCOUNTS, { kind: 'ServiceAccount', metadata: { name, namespace: ns }, ...more })
  }
  const secretIn = (ns: string): StoredObject | undefined => kube.server.get(SECRETS, NAME, ns)
  const listOf = (ns: string, name = 'default'): unknown =>
    kube.server.get(ACCOUNTS, name, ns)?.['imagePullSecrets']
  const passwordIn = (ns: string, host = A): string | undefined => {
    const data = secretIn(ns)?.['data'] as Record<string, string> | undefined
    const text = Buffer.from(data?.['.dockerconfigjson'] ?? '', 'base64').toString()
    const { auths } = JSON.parse(text || '{"auths":{}}') as {
      auths: Record<string, { password: string }>
    }
    return auths[host]?.password
  }
  const options = (more: Partial<PullSecretOptions> = {}): PullSecretOptions => ({
    registries: [registryOf(A)],
    secretName: NAME,
    rules: {
      namespaces: ['*'],
      excludedNamespaces: ['kube-system'],
      namespaceSelector: parseLabelSelector('', 'x'),
      serviceAccounts: ['default'],
    },
    writesPerSecond: 50,
    uninstall: false,
    ownNamespace: 'system',
    name: 'rolesanywhere-pull-secrets',
    identity: `me-${running.length}`,
    ...more,
  })
  const deps = (): Parameters<typeof startPullSecrets>[1] => ({
    client: kube.client,
    source: keepTokens(
      async ({ kind, region, ...rest }): Promise<AuthorizationToken> => {
        await Promise.resolve()
        const name = kind === 'private' && 'account' in rest ? String(rest.account) : kind
        calls.push(`${name}/${region}`)
        if (failing.has(name)) {
          throw new RolesAnywhereError('ERR_RA_ENDPOINT_UNREACHABLE', 'no route to ECR')
        }
        const now = clock.now()
        return {
          username: 'AWS',
          password: new Secret(`password-${calls.length}`),
          expiresAt: new Date(now.getTime() + 12 * HOUR_MS),
          obtainedAt: now,
          lifeMs: 12 * HOUR_MS,
        }
      },
      { clock, random: () => 0, log: logger, roles: { roleFor: () => undefined } },
    ),
    clock,
    random: () => 0,
    log: logger,
  })
  const logger = createLogger({
    component: 'pull-secrets',
    level: 'debug',
    format: 'json',
    now: () => new Date(0),
    write: (line) => (log += line),
  })
  const start = async (more: Partial<PullSecretOptions> = {}): Promise<PullSecrets> => {
    const started = await startPullSecrets(options(more), deps())
    running.push(started)
    return started
  }
  /** Lets time pass in small steps until something holds. */
  const until = async (holds: () => boolean | undefined, stepMs = 100): Promise<void> => {
    await eventually(async () => {
      if (holds()) return true
      await clock.advance(stepMs)
      return undefined
    })
  }

  beforeEach(async () => {
    clock = new ManualClock()
    kube = await startKube(clock)
    running = []
    calls = []
    failing = new Set()
    log = ''
    put('api/v1/configmaps', {
      metadata: { name: 'rolesanywhere-pull-secrets', namespace: 'system' },
    })
    namespace('one')
    account('one')
  })
  afterEach(async () => {
    kube.server.faults.length = 0
    await Promise.all(running.map(async (each) => each.stop()))
    await kube.close()
  })

  it('serves a namespace, and a new one without asking AWS again', async () => {
    await start()
    await until(() => JSON.stringify(listOf('one')) === JSON.stringify([{ name: NAME }]))
    expect(passwordIn('one')).to.equal('password-1')
    namespace('two')
    account('two')
    await until(() => listOf('two') !== undefined)
    expect(passwordIn('two')).to.equal('password-1')
    expect(calls).to.have.length(1)
    expect(log).not.to.include('password-1')
  })

  it('does nothing more once all is well', async () => {
    const controller = await start()
    await until(() => listOf('one') !== undefined && controller.pending() === 0)
    const writes = (): number =>
      kube.server.requests.filter(
        ({ method, path }) => !['GET', 'WATCH'].includes(method) && !path.includes('/leases/'),
      ).length
    await until(
      () =>
        kube.server.get('api/v1/configmaps', 'rolesanywhere-pull-secrets', 'system')?.['data'] !==
        undefined,
    )
    const before = writes()
    await clock.advance(11 * 60_000)
    expect(writes()).to.equal(before)
  })

  it('puts back what was edited or deleted, and waits for the service account', async () => {
    await start()
    await until(() => listOf('one') !== undefined)
    const made = secretIn('one')
    put(SECRETS, { ...made, data: { '.dockerconfigjson': btoa('{"auths":{}}') } })
    await until(() => passwordIn('one') === 'password-1')
    expect(secretIn('one')?.metadata.uid).to.equal(made?.metadata.uid)
    kube.server.remove(SECRETS, NAME, 'one')
    await until(() => secretIn('one') !== undefined)
    namespace('late')
    await until(() => secretIn('late') !== undefined)
    account('late')
    await until(() => listOf('late') !== undefined)
    expect(calls).to.have.length(1)
  })

  it('renews in place at half of the life', async () => {
    await start()
    await until(() => listOf('one') !== undefined)
    const before = secretIn('one')
    clock.jump(5.9 * HOUR_MS)
    await clock.advance(20_000)
    expect(passwordIn('one')).to.equal('password-1')
    clock.jump(0.1 * HOUR_MS)
    await until(() => passwordIn('one') === 'password-2', 500)
    const after = secretIn('one')
    expect(after?.metadata.uid).to.equal(before?.metadata.uid)
    expect(after?.metadata.resourceVersion).not.to.equal(before?.metadata.resourceVersion)
    expect(calls).to.have.length(2)
  })

  it('renews at once when the wall clock jumps by 13 hours', async () => {
    await start()
    await until(() => listOf('one') !== undefined)
    const sinceMs = clock.monotonicMs()
    clock.jump(13 * HOUR_MS)
    await until(() => passwordIn('one') === 'password-2', 500)
    expect(clock.monotonicMs() - sinceMs).to.be.below(20_000)
  })

  it('keeps the old Secret byte for byte while AWS is down, and says so', async () => {
    const controller = await start()
    await until(() => listOf('one') !== undefined)
    const before = secretIn('one')
    failing.add('111122223333')
    clock.jump(6 * HOUR_MS)
    await until(() => calls.length >= 4, 2_000)
    expect(secretIn('one')).to.deep.equal(before)
    expect(controller.metrics()).to.match(
      /token_refresh_total\{registry="111122223333[^}]*result="ERR_RA_ENDPOINT_UNREACHABLE"\} \d/,
    )
    await until(() => kube.server.all('apis/events.k8s.io/v1/events').length > 0)
    expect(kube.server.all('apis/events.k8s.io/v1/events')[0]).to.include({
      reason: 'TokenRefreshFailed',
    })
    await until(() => {
      const map = kube.server.get('api/v1/configmaps', 'rolesanywhere-pull-secrets', 'system')
      return String((map?.['data'] as { conditions?: string })?.conditions).includes(
        'no route to ECR',
      )
    }, 5_000)
    const callsSoFar = calls.length
    failing.clear()
    await until(() => passwordIn('one') !== 'password-1', 60_000)
    // The pauses between attempts grow: an outage of hours is no storm.
    expect(callsSoFar).to.be.below(60)
  })

  it('keeps one registry fresh while another fails', async () => {
    failing.add('444455556666')
    await start({ registries: [registryOf(A), registryOf(B)] })
    await until(() => passwordIn('one') !== undefined)
    expect(passwordIn('one', B)).to.equal(undefined)
    failing.clear()
    await until(() => passwordIn('one', B) !== undefined, 5_000)
    const first = passwordIn('one', B)
    failing.add('444455556666')
    const firstOfA = passwordIn('one')
    clock.jump(6.1 * HOUR_MS)
    await until(() => passwordIn('one') !== firstOfA, 500)
    expect(passwordIn('one', B)).to.equal(first)
  })

  it('leaves a Secret of somebody else alone, and reports it', async () => {
    const foreign = put(SECRETS, {
      type: 'Opaque',
      metadata: { name: NAME, namespace: 'one' },
      data: { x: 'eA==' },
    })
    const controller = await start()
    await until(() => kube.server.all('apis/events.k8s.io/v1/events').length > 0)
    expect(kube.server.all('apis/events.k8s.io/v1/events')[0]).to.include({
      reason: 'PullSecretForeign',
    })
    expect(secretIn('one')).to.deep.equal(foreign)
    expect(listOf('one')).to.equal(undefined)
    expect(controller.metrics()).to.match(/writes_total\{result="foreign_secret"\} [1-9]/)
  })

  it('loses nothing that somebody else writes to a service account at the same time', async () => {
    account('one', 'default', { imagePullSecrets: [{ name: 'theirs' }] })
    kube.server.faults.push({ match: /PATCH .*serviceaccounts/, answer: 500, times: 1 })
    await start()
    await until(() => kube.server.requests.some(({ method }) => method === 'PATCH'))
    account('one', 'default', { imagePullSecrets: [{ name: 'theirs' }, { name: 'also' }] })
    await until(() => JSON.stringify(listOf('one')).includes(NAME))
    expect(listOf('one')).to.deep.equal([{ name: 'theirs' }, { name: 'also' }, { name: NAME }])
  })

  it('goes on after conflicts, refusals and broken watches', async () => {
    kube.server.faults.push(
      { match: /POST .*secrets/, answer: 409, times: 2 },
      { match: /POST .*secrets/, answer: 403, times: 1 },
      { match: /PATCH/, answer: 422, times: 2 },
    )
    await start()
    await until(() => listOf('one') !== undefined)
    kube.server.endWatches('gone')
    kube.server.compact()
    namespace('two')
    account('two')
    await until(() => listOf('two') !== undefined)
  })

  it('serves only what is selected, and takes back what no longer is', async () => {
    namespace('kube-system')
    account('kube-system')
    namespace('team', { pulls: 'yes' })
    account('team', 'default')
    account('team', 'builder')
    const namespaceSelector = parseLabelSelector('pulls=yes', 'x')
    await start({ rules: { ...options().rules, namespaceSelector } })
    await until(() => listOf('team') !== undefined)
    expect(secretIn('one')).to.equal(undefined)
    expect(secretIn('kube-system')).to.equal(undefined)
    expect(listOf('team', 'builder')).to.equal(undefined)
    namespace('team', {})
    await until(() => secretIn('team') === undefined)
    await until(() => JSON.stringify(listOf('team')) === '[]')
  })

  it('leaves lists alone that somebody else made, in namespaces it is not for', async () => {
    const theirs = { imagePullSecrets: [{ name: NAME }] }
    namespace('kube-system')
    account('kube-system', 'default', theirs)
    account('one', 'builder', theirs)
    await start()
    await until(() => listOf('one') !== undefined)
    await clock.advance(60_000)
    expect(listOf('kube-system')).to.deep.equal(theirs.imagePullSecrets)
    expect(listOf('one', 'builder')).to.deep.equal(theirs.imagePullSecrets)
  })

  it('ends while the API server refuses to list', async () => {
    kube.server.faults.push({ match: /GET .*serviceaccounts/, answer: 403, times: 1_000_000 })
    const controller = await start()
    await until(() => controller.leading())
    await controller.stop()
    running = []
    expect(listOf('one')).to.equal(undefined)
  })

  it('writes nothing more once its term is over', async () => {
    for (let n = 0; n < 20; n++) {
      namespace(`ns-${n}`)
      account(`ns-${n}`)
    }
    const controller = await start({ writesPerSecond: 1 })
    await until(() => kube.server.all(SECRETS).length > 0, 10)
    await controller.stop()
    running = []
    const written = kube.server.all(SECRETS).length
    expect(written).to.be.lessThan(5)
  })

  it('writes each service account once, though the watch tells of it later', async () => {
    for (let n = 0; n < 40; n++) {
      namespace(`ns-${n}`)
      account(`ns-${n}`)
    }
    await start()
    await until(() => listOf('ns-39') !== undefined && kube.server.all(SECRETS).length === 41)
    await clock.advance(60_000)
    const patches = kube.server.requests.filter(({ method }) => method === 'PATCH')
    expect(patches.map(({ status }) => status)).to.deep.equal(Array(41).fill(200))
  })

  it('has one replica write, and another take over', async () => {
    const first = await start({ identity: 'a' })
    await until(() => listOf('one') !== undefined)
    const second = await start({ identity: 'b' })
    await until(() => second.metrics().includes('password') || calls.length >= 2)
    expect([first.leading(), second.leading()]).to.deep.equal([true, false])
    await first.stop()
    running = [second]
    await until(() => second.leading())
    const version = secretIn('one')?.metadata.resourceVersion
    namespace('two')
    account('two')
    await until(() => listOf('two') !== undefined)
    expect(secretIn('one')?.metadata.resourceVersion, 'nothing was rewritten').to.equal(version)
  })

  it('works with rights in single namespaces alone', async () => {
    account('scoped')
    for (const path of ['/api/v1/namespaces', '/api/v1/secrets', '/api/v1/serviceaccounts']) {
      kube.server.faults.push({
        match: new RegExp(`(GET|WATCH) ${path}[?]`),
        answer: 403,
        times: 1_000_000,
      })
    }
    await start({ onlyNamespaces: ['scoped'] })
    await until(() => listOf('scoped') !== undefined)
    expect(secretIn('one')).to.equal(undefined)
  })

  describe('as a run that ends', () => {
    const once = async (more: Partial<PullSecretOptions> = {}): Promise<void> => {
      const ending = new AbortController()
      let done = false
      const run = runPullSecretsOnce(options(more), deps(), ending.signal).finally(() => {
        done = true
      })
      await Promise.all([run, until(() => done)])
    }

    it('does all there is to do', async () => {
      for (let n = 0; n < 30; n++) {
        namespace(`ns-${n}`)
        account(`ns-${n}`)
      }
      await once()
      expect(kube.server.all(SECRETS)).to.have.length(31)
      expect(listOf('ns-29')).to.deep.equal([{ name: NAME }])
      expect(calls).to.have.length(1)
    })

    it('fails with the reason, after everything else is done', async () => {
      failing.add('444455556666')
      const run = once({ registries: [registryOf(A), registryOf(B)] })
      await rejectsWithCode(run, 'ERR_RA_ENDPOINT_UNREACHABLE')
      expect(passwordIn('one')).to.equal('password-1')
    })

    it('gives up when the API server refuses to list', async () => {
      kube.server.faults.push({ match: /GET .*secrets/, answer: 403, times: 1_000_000 })
      await rejectsWithCode(once(), 'ERR_RA_KUBE_FORBIDDEN')
    })

    it('takes everything of ours away, and nothing else', async () => {
      account('one', 'default', { imagePullSecrets: [{ name: 'theirs' }] })
      const foreign = put(SECRETS, { type: 'Opaque', metadata: { name: NAME, namespace: 'two' } })
      namespace('two')
      await once()
      expect(secretIn('one')).not.to.equal(undefined)
      calls = []
      await once({ uninstall: true })
      expect(secretIn('one')).to.equal(undefined)
      expect(listOf('one')).to.deep.equal([{ name: 'theirs' }])
      expect(secretIn('two')).to.deep.equal(foreign)
      expect(calls).to.deep.equal([])
    })
  })
})
