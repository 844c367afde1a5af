import { expect } from 'chai'
import {
  type CertificateCheck,
  checkCertificates,
} from '../../../../../sidecar/injector/webhook/certificate-check.js'
import type { CertificateSource } from '../../../../../sidecar/injector/settings/certificate-source.js'
import { createLogger } from '../../../../../src/log.js'
import { eventually } from '../../../../support/eventually.js'
import { type KubeFixture, startKube } from '../../../../support/kube.js'
import { ManualClock } from '../../../../support/manual-clock.js'

const SECRETS = 'api/v1/secrets'
const DRIVERS = 'apis/storage.k8s.io/v1/csidrivers'
const ISSUERS = 'apis/cert-manager.io/v1/issuers'
const CLUSTER_ISSUERS = 'apis/cert-manager.io/v1/clusterissuers'

const setting = { text: '', layer: 'pod', source: 'pod app' } as const
const files = { certificate: 'tls.crt', privateKey: 'tls.key' }
const secret: CertificateSource = { kind: 'secret', name: 'web-tls', files, setting }
const issuer = (issuerKind: string, issuerGroup = 'cert-manager.io'): CertificateSource => ({
  ...{ kind: 'issuer', name: 'workloads', issuerKind, issuerGroup, setting },
})
const spiffe: CertificateSource = { kind: 'spiffe', name: 'spiffe.csi.cert-manager.io', setting }
const volume: CertificateSource = { kind: 'volume', name: 'mine', files, setting }

describe('checkCertificates', () => {
  let kube: KubeFixture
  let clock: ManualClock
  let check: CertificateCheck & { stop(): void }
  let lines: string[]

  beforeEach(async () => {
    kube = await startKube()
    clock = new ManualClock()
    lines = []
    const log = createLogger({
      ...{ component: 'injector', level: 'debug', format: 'json', now: () => new Date(0) },
      write: (line) => lines.push(line),
    })
    check = checkCertificates({ client: kube.client, clock, log })
  })
  afterEach(async () => {
    check.stop()
    await kube.close()
  })

  const put = (collection: string, name: string, rest: object = {}): void => {
    kube.server.put(collection, { metadata: { name, namespace: 'team' }, ...rest })
  }
  const putCluster = (collection: string, name: string, rest: object = {}): void => {
    kube.server.put(collection, { metadata: { name }, ...rest })
  }
  const conditions = (status: string): object => ({
    status: { conditions: [{ type: 'Ready', status }] },
  })
  const driver = (): void => {
    putCluster(DRIVERS, 'csi.cert-manager.io')
  }

  for (const { what, source, prepare, problem } of [
    {
      what: 'a Secret that does not exist',
      source: secret,
      prepare: () => {},
      problem: 'there is no Secret "web-tls" in namespace team: the pod waits for it',
    },
    {
      what: 'a Secret with too few entries',
      source: secret,
      prepare: () => {
        put(SECRETS, 'web-tls', { type: 'Opaque', data: { 'tls.crt': 'eA==' } })
      },
      problem: 'Secret "web-tls" has 1 entries, too few for tls.crt and tls.key',
    },
    {
      what: 'a Secret with both',
      source: secret,
      prepare: () => {
        put(SECRETS, 'web-tls', { type: 'Opaque', data: { 'tls.crt': '', 'tls.key': '' } })
      },
      problem: undefined,
    },
    {
      what: 'one file for both',
      source: { ...secret, files: { certificate: 'both.pem', privateKey: 'both.pem' } },
      prepare: () => {
        put(SECRETS, 'web-tls', { type: 'Opaque', data: { 'both.pem': '' } })
      },
      problem: undefined,
    },
    {
      what: "cert-manager's driver",
      source: issuer('Issuer'),
      prepare: () => {
        put(ISSUERS, 'workloads', conditions('True'))
      },
      problem: 'the CSI driver csi.cert-manager.io is not installed: the pod waits for it',
    },
    {
      what: 'the driver for SPIFFE',
      source: spiffe,
      prepare: () => {},
      problem: 'the CSI driver spiffe.csi.cert-manager.io is not installed: the pod waits for it',
    },
    {
      what: 'an issuer of the namespace',
      source: issuer('Issuer'),
      prepare: driver,
      problem: 'there is no Issuer "workloads" in namespace team: the pod waits for it',
    },
    {
      what: 'an issuer of the cluster',
      source: issuer('ClusterIssuer'),
      prepare: driver,
      problem: 'there is no ClusterIssuer "workloads": the pod waits for it',
    },
    {
      what: 'an issuer that is not ready',
      source: issuer('ClusterIssuer'),
      prepare: () => {
        driver()
        putCluster(CLUSTER_ISSUERS, 'workloads', conditions('False'))
      },
      problem: 'ClusterIssuer "workloads" is not ready',
    },
    {
      what: 'an issuer that is ready',
      source: issuer('ClusterIssuer'),
      prepare: () => {
        driver()
        putCluster(CLUSTER_ISSUERS, 'workloads', conditions('True'))
      },
      problem: undefined,
    },
    {
      what: 'an issuer of another group',
      source: issuer('AWSPCAIssuer', 'awspca.cert-manager.io'),
      prepare: driver,
      problem: undefined,
    },
    { what: 'a volume of the pod', source: volume, prepare: () => {}, problem: undefined },
  ] as const) {
    it(`says what is wrong with ${what}, or nothing`, async () => {
      prepare()
      expect(await check.problem(source, 'team')).to.equal(problem)
      const asked = kube.server.requests.map(({ query }) => query.get('includeObject'))
      expect(asked.every((sent) => sent === 'None')).to.equal(true)
    })
  }

  for (const answer of [403, 406, 500, 'reset'] as const) {
    it(`says nothing when the API server answers ${answer}`, async () => {
      kube.server.faults.push({ match: /secrets/, answer })
      expect(await check.problem(secret, 'team')).to.equal(undefined)
      // It does not ask again at once, either.
      expect(await check.problem(secret, 'team')).to.equal(undefined)
      expect(kube.server.requests).to.have.length(1)
    })
  }

  it('asks once for many pods, and soon again for what was missing', async () => {
    const told = await Promise.all(Array.from({ length: 20 }, () => check.problem(secret, 'team')))
    expect(new Set(told).size).to.equal(1)
    expect(kube.server.requests).to.have.length(1)
    put(SECRETS, 'web-tls', { type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } })
    await clock.advance(2_000)
    expect(await check.problem(secret, 'team')).to.equal(undefined)
    await clock.advance(20_000)
    expect(await check.problem(secret, 'team')).to.equal(undefined)
    expect(kube.server.requests).to.have.length(2)
  })

  it('lets nobody wait for an API server that hangs', async () => {
    kube.server.faults.push({ match: /secrets/, answer: 'hang', times: 1_000 })
    const named = (name: number): CertificateSource => ({ ...secret, name: `tls-${name}` })
    const waiting = Array.from({ length: 8 }, (_, name) => check.problem(named(name), 'team'))
    await eventually(() => (kube.server.requests.length === 8 ? true : undefined))
    // No more than eight questions are asked at once: this one is not, and nobody waits.
    expect(await check.problem(named(9), 'team')).to.equal(undefined)
    await clock.advance(250)
    expect(await Promise.all(waiting)).to.deep.equal(Array(8).fill(undefined))
    expect(kube.server.requests).to.have.length(8)
  })
})
