import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type Sidecar,
  type SidecarOptions,
  startSidecar,
} from '../../../../sidecar/server/start-sidecar.js'
import type { Emulator } from '../../../../src/emulator/index.js'
import type { Workload } from '../../../../src/index.js'
import { silentLogger } from '../../../../src/log.js'
import { workloadOf } from '../../../../src/session/provider-init.js'
import { ARNS, startAws } from '../../../support/aws.js'
import { eventually } from '../../../support/eventually.js'
import { ManualClock, settle } from '../../../support/manual-clock.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'
import { type Pair, pair, Volume } from '../../../support/volume.js'

const MINUTE = 60_000
const EC = pair('ec-p256')

describe('startSidecar', () => {
  const folder = temporaryFolder()
  const elsewhere = temporaryFolder()
  let clock: ManualClock
  let aws: Emulator
  let volume: Volume
  let sidecar: Sidecar | undefined

  beforeEach(async () => {
    clock = new ManualClock()
    aws = await startAws({ clock })
  })
  afterEach(async () => {
    // Draining waits on the same clock.
    const stopped = sidecar?.stop()
    await clock.advance(10_000)
    await stopped
    sidecar = undefined
    await aws.close()
  })

  const workload = (roleArn: string = ARNS.role): Workload =>
    workloadOf({
      ...volume.files,
      trustAnchorArn: ARNS.trustAnchor,
      profileArn: ARNS.profile,
      roleArn,
      endpoint: aws.url,
    })

  async function start(
    more: Partial<SidecarOptions> = {},
    files: Pair = EC,
    env: Readonly<Record<string, string>> = { AWS_MAX_ATTEMPTS: '1' },
  ): Promise<Sidecar> {
    volume = new Volume(folder.path, files)
    sidecar = await startSidecar(
      {
        listen: [{ host: '127.0.0.1', port: 0 }],
        healthListen: { host: '127.0.0.1', port: 0 },
        workloads: new Map([
          ['', workload()],
          ['reports', workload(ARNS.reports)],
        ]),
        ...more,
      },
      { env, clock, random: () => 0, log: silentLogger },
    )
    return sidecar
  }

  /** Calls to the emulator take real time, however little. */
  const until = async (condition: () => boolean): Promise<true> =>
    eventually(() => (condition() ? true : undefined))
  const sessionsOf = (count: number) => (): boolean => aws.sessions.length === count
  const ready = (name = ''): boolean => sidecar?.sessions.get(name)?.current() !== undefined
  const get = async (path: string, token?: string): Promise<Response> =>
    fetch(sidecar!.url + path, token === undefined ? {} : { headers: { authorization: token } })
  const metrics = async (): Promise<string> => (await fetch(`${sidecar!.healthUrl}/metrics`)).text()

  it('shows what is going on, and serves each role its own session', async () => {
    const { observer } = await start()
    await until(() => ready() && ready('reports'))
    const { certificate, roles, events } = observer.snapshot()
    expect(certificate).to.include({ serialNumber: '4099', chainLength: 0 })
    expect(roles).to.deep.equal(
      [
        { name: 'default', roleArn: ARNS.role },
        { name: 'reports', roleArn: ARNS.reports },
      ].map((role) => ({
        ...role,
        expiration: new Date('2026-01-01T01:00:00Z'),
        refreshedAt: new Date('2026-01-01T00:00:00Z'),
        nextRefreshAt: new Date('2026-01-01T00:40:00Z'),
        stale: false,
      })),
    )
    expect(events.map(({ message }) => message)).to.include.members([
      'certificate loaded',
      'session refreshed',
    ])
    const keys = await Promise.all(
      ['', '/reports'].map(async (path) => {
        const document = (await (await get(`/v1/credentials${path}`)).json()) as object
        return (document as { AccessKeyId: string }).AccessKeyId
      }),
    )
    expect(new Set(keys).size).to.equal(2)
    expect(await metrics()).to.contain(
      'rolesanywhere_refresh_total{role="reports",result="success"} 1',
    )
  })

  it('counts what it serves while a session is overdue', async () => {
    await start()
    await until(() => ready() && ready('reports'))
    aws.setFaults([{ operation: 'CreateSession', kind: 'unavailable' }])
    await clock.advance(40 * MINUTE)
    await until(() => sidecar!.observer.snapshot().roles[0]?.failure !== undefined)
    await clock.advance(1)
    expect((await get('/v1/credentials')).status).to.equal(200)
    const [role] = sidecar!.observer.snapshot().roles
    expect(role?.stale).to.equal(true)
    expect(role?.failure?.code).to.equal('ERR_RA_SERVICE_FAILED')
    expect(await metrics()).to.contain('rolesanywhere_stale_served_total{role="default"} 1')
    expect((await fetch(`${sidecar!.healthUrl}/readyz`)).status).to.equal(200)
  })

  it('makes one call and not three when it is throttled: it comes back by itself', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'throttle' }])
    await start({}, EC, {})
    await until(() => sidecar!.observer.snapshot().roles.every(({ failure }) => failure))
    expect(aws.requests).to.have.length(2)
    expect(await metrics()).to.contain(
      'rolesanywhere_refresh_total{role="default",result="ERR_RA_THROTTLED"} 1',
    )
  })

  it('asks again at once when the certificate that was refused is replaced', async () => {
    await start({}, { certificate: 'expired.pem', privateKey: 'ec-p256.key.pem' })
    const failures = (): (string | undefined)[] =>
      sidecar!.observer.snapshot().roles.map(({ failure }) => failure?.code)
    await until(() => failures().every(Boolean))
    expect(failures()).to.deep.equal(['ERR_RA_CERTIFICATE_EXPIRED', 'ERR_RA_CERTIFICATE_EXPIRED'])
    expect((await get('/v1/credentials')).status).to.equal(503)
    volume.swap(EC)
    await sidecar!.reload()
    await until(sessionsOf(2))
  })

  it('keeps its sessions when the certificate changes, unless new ones are asked for', async () => {
    await start()
    await until(sessionsOf(2))
    await until(() => ready() && ready('reports'))
    volume.swap(pair('rsa-2048'))
    await sidecar!.reload()
    expect(sidecar!.observer.snapshot().certificate?.serialNumber).to.not.equal('4099')
    await settle()
    expect(aws.sessions).to.have.length(2)
  })

  it('asks for new sessions with a new certificate when it is told to', async () => {
    await start({ refreshOnNewCertificate: true })
    await until(() => ready() && ready('reports'))
    volume.swap(pair('rsa-2048'))
    await sidecar!.reload()
    await until(sessionsOf(4))
  })

  it('takes new settings into use for the roles whose settings changed', async () => {
    const { reload } = await start()
    await until(() => ready() && ready('reports'))
    const shorter = workload()
    await reload({
      workloads: new Map([
        ['', { ...shorter, params: { ...shorter.params, durationSeconds: 1800 } }],
        ['reports', workload(ARNS.reports)],
      ]),
    })
    await until(sessionsOf(3))
    await until(
      () =>
        sidecar!.observer.snapshot().roles[0]?.expiration?.toISOString() ===
        '2026-01-01T00:30:00.000Z',
    )
  })

  it('renews at the interval of the settings read last', async () => {
    const { reload, observer } = await start({ refreshIntervalMs: 30 * MINUTE })
    await until(() => ready() && ready('reports'))
    await reload({
      workloads: new Map([['', workload()]]),
      refreshIntervalMs: 20 * MINUTE,
    })
    await until(sessionsOf(4))
    const next = (): (string | undefined)[] =>
      observer.snapshot().roles.map(({ nextRefreshAt }) => nextRefreshAt?.toISOString())
    await until(() => next().every((at) => at === '2026-01-01T00:20:00.000Z'))
  })

  it('names another default role to clients of the metadata service with its session', async () => {
    const { reload } = await start({ imds: true })
    await until(() => ready() && ready('reports'))
    const issued = await fetch(`${sidecar!.url}/latest/api/token`, {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
    })
    const headers = { 'x-aws-ec2-metadata-token': await issued.text() }
    const list = '/latest/meta-data/iam/security-credentials'
    const roles = async (): Promise<string> =>
      (await fetch(sidecar!.url + list, { headers })).text()
    expect(await roles()).to.equal('app')
    aws.setFaults([{ operation: 'CreateSession', kind: 'denied' }])
    const other = new Map([['', workload(ARNS.reports)]])
    await reload({ workloads: other })
    await until(() => sidecar!.observer.snapshot().roles[0]?.failure !== undefined)
    expect(await roles()).to.equal('app')
    aws.setFaults([])
    await reload({ workloads: other })
    await eventually(async () => ((await roles()) === 'reports' ? true : undefined))
    expect((await fetch(`${sidecar!.url}${list}/app`, { headers })).status).to.equal(404)
    expect((await fetch(`${sidecar!.url}${list}/reports`, { headers })).status).to.equal(200)
  })

  it('watches the files that new settings name', async () => {
    const { reload, observer } = await start({ pollIntervalMs: 1000 * MINUTE })
    await until(() => ready() && ready('reports'))
    volume = new Volume(elsewhere.path, pair('rsa-2048'))
    await reload({ workloads: new Map([['', workload()]]) })
    // Whoever asks for a session looks at the files, too.
    await until(() => sessionsOf(3)() && !sidecar!.observer.snapshot().roles[0]?.failure)
    const serial = (): string | undefined => observer.snapshot().certificate?.serialNumber
    const before = serial()
    volume.swap(pair('ec-p384'))
    await eventually(async () => {
      await clock.advance(200)
      return serial() === before ? undefined : true
    })
  })

  it('keeps the container routes shut when it is closed, and says which flag opens them', async () => {
    await start({ closed: true, imds: true })
    await until(() => ready() && ready('reports'))
    for (const path of ['/v1/credentials', '/v1/credentials/reports']) {
      const refused = await get(path, 'any-token-of-some-length')
      expect(refused.status).to.equal(403)
      expect(await refused.text()).to.contain('--authorization-token-file')
    }
    const issued = await fetch(`${sidecar!.url}/latest/api/token`, {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
    })
    expect(issued.status).to.equal(200)
  })

  describe('told by a client to end', () => {
    const TOKEN = 'a-token-of-sufficient-length'
    let quits = 0

    async function ask(headers: Record<string, string>, method = 'POST'): Promise<Response> {
      return fetch(`${sidecar!.url}/v1/quit`, { method, headers })
    }

    beforeEach(async () => {
      quits = 0
      const tokenFile = join(folder.path, 'token')
      writeFileSync(tokenFile, TOKEN)
      await start({ tokenFile, onQuit: () => quits++ })
    })

    it('says so once it has answered', async () => {
      const accepted = await ask({ authorization: TOKEN })
      expect(accepted.status).to.equal(200)
      await until(() => quits === 1)
      expect(await metrics()).to.contain(
        'rolesanywhere_credential_requests_total{route="quit",code="200"} 1',
      )
    })

    for (const { what, headers, method, status } of [
      { what: 'without the token', headers: {}, status: 401 },
      { what: 'with another token', headers: { authorization: `${TOKEN}x` }, status: 403 },
      { what: 'by GET', method: 'GET', headers: { authorization: TOKEN }, status: 405 },
      { what: 'by HEAD', method: 'HEAD', headers: { authorization: TOKEN }, status: 405 },
      {
        what: 'through a proxy',
        headers: { authorization: TOKEN, 'x-forwarded-for': '10.0.0.1' },
        status: 403,
      },
      {
        what: 'from a page',
        headers: { authorization: TOKEN, origin: 'http://localhost' },
        status: 403,
      },
    ] as { what: string; headers: Record<string, string>; method?: string; status: number }[]) {
      it(`does not when asked ${what}`, async () => {
        const refused = await ask(headers, method)
        expect(refused.status).to.equal(status)
        if (status === 405) expect(refused.headers.get('allow')).to.equal('POST')
        await refused.text()
        // Whatever follows an answer has followed once the next one is here.
        await (await get('/v1/credentials')).text()
        expect(quits).to.equal(0)
      })
    }
  })

  it('cannot be ended by clients unless that was asked for', async () => {
    const tokenFile = join(folder.path, 'token')
    await start({ tokenFile })
    const headers = { authorization: readFileSync(tokenFile, 'utf8') }
    const answer = await fetch(`${sidecar!.url}/v1/quit`, { method: 'POST', headers })
    expect(answer.status).to.equal(404)
  })

  it('opens a role that has a token of its own with that token alone', async () => {
    const tokenFile = join(folder.path, 'token')
    const own = join(folder.path, 'reports-token')
    await start({ tokenFile, roleTokenFiles: new Map([['reports', own]]) })
    await until(() => ready() && ready('reports'))
    const [shared, reports] = [readFileSync(tokenFile, 'utf8'), readFileSync(own, 'utf8')]
    const statuses = await Promise.all(
      [
        get('/v1/credentials', shared),
        get('/v1/credentials', reports),
        get('/v1/credentials/reports', reports),
        get('/v1/credentials/reports', shared),
      ].map(async (response) => (await response).status),
    )
    expect(statuses).to.deep.equal([200, 403, 200, 403])
  })
})
