import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Emulator, EmulatorOptions } from '../../src/emulator/index.js'
import { ARNS, startAws, targetFlags } from '../support/aws.js'
import { certPath } from '../support/certs.js'
import { ANCHOR_ARN, PROFILE_ARN, ROLE_ARN } from '../support/emulator-client.js'
import { stateFor, withEmulator } from '../support/emulator-fixture.js'
import {
  createCrl,
  createIntermediate,
  createLeaf,
  createRoot,
  KeyUsageFlags,
  type TestIdentity,
} from '../support/emulator-pki.js'
import { endPrograms, type Finished, PROGRAM, rolesanywhere, start } from '../support/program.js'
import { PIN, SoftHsm, SOFTHSM, WHY_NO_TOKEN } from '../support/softhsm.js'
import { listenOnLoopback, serverIdentity, testRoot, webServer } from '../support/tls-server.js'
import { itSays } from '../support/transcript.js'

interface Row {
  readonly id: string
  readonly status: string
  readonly message: string
  readonly hint: string | null
  readonly causes: readonly string[]
  readonly code: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

/** The rows of a report by name. */
function rowsOf({ stdout }: Finished): ReadonlyMap<string, Row> {
  const { checks } = JSON.parse(stdout) as { readonly checks: readonly Row[] }
  return new Map(checks.map((row) => [row.id, row]))
}

describe('rolesanywhere doctor', () => {
  let folder: string
  let aws: Emulator
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rolesanywhere-test-'))
    // Modes of a checkout are anybody's guess.
    for (const file of ['ec-p256', 'ec-p384', 'expired', 'chain', 'no-digital-signature']) {
      await place(`${file}.pem`, 0o644)
    }
    for (const file of ['ec-p256', 'ec-p384', 'chain']) await place(`${file}.key.pem`, 0o600)
    await place('root.pem', 0o644)
    aws = await startAws()
  })
  after(async () => {
    await aws.close()
    await rm(folder, { recursive: true })
  })
  afterEach(async () => {
    aws.setFaults([])
    await endPrograms()
  })

  async function place(file: string, mode: number): Promise<void> {
    await copyFile(certPath(file), join(folder, file))
    await chmod(join(folder, file), mode)
  }

  const identity = (certificate = 'ec-p256', key = certificate): string[] => [
    ...['--certificate', join(folder, `${certificate}.pem`)],
    ...['--private-key', join(folder, `${key}.key.pem`)],
  ]
  const anchor = (): string[] => ['--trust-anchor-certificate', join(folder, 'root.pem')]
  const ownSts = (): Record<string, string> => ({ AWS_ENDPOINT_URL_STS: aws.url })
  const good = (): string[] => ['doctor', ...identity(), ...targetFlags(aws.url), ...anchor()]

  describe('says', () => {
    itSays(
      'doctor',
      [
        { what: 'that all is well', args: good, env: ownSts },
        {
          what: 'what is wrong with certificate, key and chain without asking anybody',
          args: () => [
            ...['doctor', '--offline', ...identity('expired', 'ec-p384')],
            ...[...targetFlags(aws.url), ...anchor()],
          ],
        },
        {
          what: 'what lies behind a refusal, in the light of what it has found',
          args: () => [
            ...['doctor', ...identity('no-digital-signature', 'ec-p256')],
            ...[...targetFlags(aws.url), ...anchor()],
          ],
        },
        { what: 'what is missing, and goes on without it', args: ['doctor', '--offline'] },
        {
          what: 'which other credentials AWS SDKs would use',
          args: () => [...good(), '--offline'],
          env: {
            AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
            AWS_SECRET_ACCESS_KEY: 'x',
            AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9911/v1/credentials',
          },
        },
      ],
      {
        run: rolesanywhere,
        replace: () => [
          [folder, 'FOLDER'],
          [aws.url, 'ENDPOINT'],
          [/127\.0\.0\.1(:| port )\d{4,5}(?!\d|\/v1)/, '127.0.0.1$1PORT'],
          [/(?<=until |it is )\d{4}-\S+Z/, 'INSTANT'],
          [/\d+d \d+[hm] left/, 'MANY DAYS left'],
          [/within \d+\.\d s/, 'within SOME s'],
        ],
      },
    )
  })

  it('has a document for programs, and fails as the first check that failed', async () => {
    const run = await rolesanywhere(['doctor', '--json', ...identity('ec-p256', 'ec-p384')])
    expect(run.status).to.equal(3)
    expect(run.stderr).to.match(
      /^error: settings\.trust-anchor-arn: .* \(ERR_RA_SETTING_MISSING\)\nhint: .*\n$/,
    )
    const rows = rowsOf(run)
    expect(rows.get('certificate.key-match')).to.include({ code: 'ERR_RA_KEY_MISMATCH' })
    expect(rows.get('session.create-session')).to.include({ status: 'skipped' })
  })

  it('opens no connection and asks no name server offline', async () => {
    const trap = join(folder, 'trap.cjs')
    await writeFile(
      trap,
      `const trap = (what) => () => { process._rawDebug('opened ' + what); process.exit(99) }
       require('node:net').Socket.prototype.connect = trap('a connection')
       require('node:dgram').Socket.prototype.send = trap('a datagram')
       for (const dns of [require('node:dns'), require('node:dns').promises])
         for (const name of Object.keys(dns)) if (/^(lookup|resolve)/.test(name)) dns[name] = trap(name)`,
    )
    const env = { NODE_OPTIONS: `--require ${trap}` }
    const url = 'https://rolesanywhere.eu-central-1.amazonaws.com'
    const args = ['doctor', ...identity(), ...targetFlags(url), ...anchor()]
    const online = await rolesanywhere(args, env)
    expect(online, 'the trap works').to.include({ status: 99 })
    const offline = await rolesanywhere([...args, '--offline'], env)
    expect(offline.status, offline.stderr).to.equal(0)
  })

  it('ends at once, and says nothing more, when it is interrupted', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'hang' }])
    const running = start([PROGRAM, ...good()])
    let told = ''
    await new Promise<void>((resolve) => {
      running.process.stdout?.on('data', (text: string) => {
        told += text
        if (/ clock /.test(told)) resolve()
      })
    })
    const { status, stderr, stdout } = await running.stop('SIGINT')
    expect(status).to.equal(130)
    expect(stderr).to.equal('')
    expect(stdout).to.not.contain('create-session')
  })

  describe('finds', () => {
    const failing = async (
      args: readonly string[],
      env: Readonly<Record<string, string>> = {},
    ): Promise<Finished> => rolesanywhere(['doctor', '--json', ...args], env)

    it('a clock that is wrong, although a session can be had with the time of the service', async () => {
      const at = new Date('2027-06-01T12:00:00Z')
      const later = await startAws({ at })
      const run = await failing([...identity(), ...targetFlags(later.url)], {
        AWS_ENDPOINT_URL_STS: later.url,
      })
      await later.close()
      const rows = rowsOf(run)
      expect(rows.get('network.clock')).to.include({ code: 'ERR_RA_CLOCK_SKEW' })
      const { skewSeconds } = rows.get('network.clock')?.detail ?? {}
      const expected = (at.getTime() - Date.now()) / 1000
      expect(Math.abs(Number(skewSeconds) - expected)).to.be.lessThan(30)
      expect(rows.get('session.create-session')).to.include({ status: 'warning' })
      expect(rows.get('session.caller-identity')).to.include({ status: 'ok' })
      expect(run.status).to.equal(5)
    })

    it('an endpoint whose certificate nobody trusts, and who issued it', async () => {
      const root = await testRoot()
      const server = webServer((_request, response) => response.end(), await serverIdentity(root))
      const url = `https://127.0.0.1:${await listenOnLoopback(server)}`
      const args = [...identity(), ...targetFlags(url)]
      const run = await failing(args)
      const bundle = join(folder, 'roots.pem')
      await writeFile(bundle, root.certificate.toString(), { mode: 0o644 })
      const trusting = await failing([...args, '--ca-bundle', bundle])
      server.close()

      const tls = rowsOf(run).get('network.tls')
      expect(tls).to.include({ code: 'ERR_RA_TLS_FAILED' })
      expect(tls?.message).to.contain('issued by "CN=Test Root"')
      expect(rowsOf(run).get('session.create-session')).to.include({
        message: 'not checked, because of network.tls',
      })
      expect(run.status).to.equal(6)
      expect(rowsOf(trusting).get('network.tls')).to.include({ status: 'ok' })
    })

    it('a name that does not resolve', async () => {
      const url = 'https://rolesanywhere.invalid'
      const run = await failing([...identity(), ...targetFlags(url), '--timeout', '2s'])
      expect(rowsOf(run).get('network.dns')).to.include({ status: 'failed' })
      expect(rowsOf(run).get('network.tcp')).to.include({
        message: 'not checked, because of network.dns',
      })
      expect(run.status).to.equal(6)
    })

    it('a port that nobody listens on', async () => {
      const server = webServer(() => {})
      const port = await listenOnLoopback(server)
      await new Promise((resolve) => server.close(resolve))
      const run = await failing([...identity(), ...targetFlags(`http://127.0.0.1:${port}`)])
      expect(rowsOf(run).get('network.tcp')).to.include({ code: 'ERR_RA_ENDPOINT_UNREACHABLE' })
      expect(run.status).to.equal(6)
    })

    it('a region that is not that of the trust anchor', async () => {
      const run = await failing([...identity(), ...targetFlags(aws.url), '--region', 'us-east-1'])
      expect(rowsOf(run).get('arns.agreement')).to.include({ code: 'ERR_RA_ARN_MISMATCH' })
      const session = rowsOf(run).get('session.create-session')
      expect(session?.detail).to.include({ reason: 'trust-anchor-not-found' })
      expect(session?.causes[0]).to.contain('another region').and.contain('arns.agreement')
      expect(run.status).to.equal(3)
    })

    it('an STS that does not know the session', async () => {
      const other = await startAws()
      const env = { AWS_ENDPOINT_URL_STS: other.url }
      const run = await failing([...identity(), ...targetFlags(aws.url)], env)
      await other.close()
      expect(rowsOf(run).get('session.create-session')).to.include({ status: 'ok' })
      expect(rowsOf(run).get('session.caller-identity')).to.include({
        code: 'ERR_RA_SESSION_DENIED',
      })
      expect(run.status).to.equal(5)
    })

    it('nothing to ask STS for when only the endpoint is of this machine', async () => {
      const run = await failing([...identity(), ...targetFlags(aws.url)])
      expect(rowsOf(run).get('session.caller-identity')).to.include({ status: 'skipped' })
      expect(run.status).to.equal(0)
    })

    it('a key that every user may read', async () => {
      const key = join(folder, 'open.key.pem')
      await copyFile(certPath('ec-p256.key.pem'), key)
      await chmod(key, 0o644)
      const run = await failing([...identity(), ...targetFlags(aws.url), '--private-key', key])
      expect(rowsOf(run).get('files.private-key')).to.include({ status: 'warning' })
      expect(run.status).to.equal(0)
    })
  })

  describe(`with a token (needs ${WHY_NO_TOKEN || 'nothing that is missing'})`, () => {
    let hsm: SoftHsm | undefined
    before(function () {
      if (WHY_NO_TOKEN !== '') this.skip()
      hsm = new SoftHsm()
      hsm.addToken('fleet')
      hsm.addKey('fleet', 'ec-p256')
      hsm.addCertificate('fleet', 'ec-p256.pem')
    })
    after(() => hsm?.remove())

    const onToken = async (pin: string): Promise<Finished> =>
      rolesanywhere(
        [
          ...['doctor', '--json', '--certificate', 'pkcs11:token=fleet', '--pkcs11-lib', SOFTHSM],
          ...[...targetFlags(aws.url), ...anchor()],
        ],
        { ...hsm?.env, ROLESANYWHERE_PKCS11_PIN: pin },
      )

    it('checks what lies on it as it checks files', async () => {
      const run = await onToken(PIN)
      const rows = rowsOf(run)
      expect(rows.get('certificate.key-usage')).to.include({ status: 'ok' })
      expect(rows.get('chain.trust-anchor')).to.include({ status: 'ok' })
      expect(rows.get('session.create-session')).to.include({ status: 'ok' })
      expect(run.stdout).to.not.contain(PIN)
      expect(run.status).to.equal(0)
    })

    it('says that the PIN is wrong, and not what it is', async () => {
      const run = await onToken('11112222')
      expect(rowsOf(run).get('certificate.key-match')).to.include({ code: 'ERR_RA_PIN_WRONG' })
      expect(run.stdout).to.not.contain('11112222')
      expect(run.status).to.equal(4)
    })
  })

  describe('explains', () => {
    let root: TestIdentity
    let leaf: TestIdentity
    before(async () => {
      root = await createRoot()
      leaf = await createLeaf(root)
      await writeFile(join(folder, 'own-root.pem'), root.pem, { mode: 0o644 })
    })

    /** Runs the doctor as an identity against an emulator, and gives the row of CreateSession. */
    async function refusal(
      who: TestIdentity,
      options: EmulatorOptions,
      more: readonly string[] = [],
    ): Promise<{ readonly row: Row; readonly status: number | null }> {
      const [certificate, key] = [join(folder, 'leaf.pem'), join(folder, 'leaf.key.pem')]
      await writeFile(certificate, who.pem, { mode: 0o644 })
      const pem = who.privateKey.export({ type: 'pkcs8', format: 'pem' })
      await writeFile(key, pem, { mode: 0o600 })
      const { clock = { now: () => new Date() } } = options
      return withEmulator({ ...options, clock }, async ({ url }) => {
        const run = await rolesanywhere([
          ...['doctor', '--json', '--certificate', certificate, '--private-key', key],
          ...['--trust-anchor-arn', ANCHOR_ARN, '--profile-arn', PROFILE_ARN],
          ...['--role-arn', ROLE_ARN, '--endpoint', url, ...more],
        ])
        const row = rowsOf(run).get('session.create-session')
        if (!row) throw new Error(run.stderr)
        return { row, status: run.status }
      })
    }

    const denied = (body: string) => [{ operation: 'CreateSession', kind: 'denied', body } as const]
    const ownRoot = (): string[] => ['--trust-anchor-certificate', join(folder, 'own-root.pem')]
    const nobody = { Version: '2012-10-17', Statement: [] }

    for (const { reason, who, options, more = () => [], status = 5, first } of [
      {
        reason: 'trust-anchor-not-found',
        options: () => ({ state: stateFor(root, { anchor: { enabled: false } }) }),
        first: 'the trust anchor does not exist, or was deleted',
      },
      {
        reason: 'certificate-untrusted',
        who: async () => createLeaf(await createIntermediate(root)),
        options: () => ({ state: stateFor(root) }),
        more: ownRoot,
        status: 4,
        first: 'an intermediate certificate was not sent along (so says chain.trust-anchor)',
      },
      {
        reason: 'certificate-unfit',
        who: async () => createLeaf(root, { usage: KeyUsageFlags.keyEncipherment }),
        options: () => ({ state: stateFor(root) }),
        status: 4,
        first: 'key usage lacks digitalSignature (so says certificate.key-usage)',
      },
      {
        reason: 'signature-invalid',
        options: () => ({
          state: stateFor(root),
          faults: denied('{"message":"Invalid signature"}'),
        }),
        first: 'a proxy changed the request on its way',
      },
      {
        reason: 'certificate-revoked',
        options: async () => ({
          state: stateFor(root, { anchor: { crls: [{ crl: await createCrl(root, ['1000']) }] } }),
        }),
        first: 'the serial number is in a revocation list imported for the trust anchor',
      },
      {
        reason: 'profile-not-found',
        options: () => ({ state: stateFor(root, { profile: { enabled: false } }) }),
        first: 'the profile does not exist, or was deleted',
      },
      {
        reason: 'role-not-in-profile',
        options: () => ({
          state: stateFor(root, { profile: { roleArns: [`${ROLE_ARN}-other`] } }),
        }),
        first: 'the role was never added to the profile',
      },
      {
        reason: 'session-name-not-accepted',
        options: () => ({ state: stateFor(root) }),
        more: () => ['--role-session-name', 'web-1'],
        first: 'the profile does not accept a role session name',
      },
      {
        reason: 'assume-role-refused',
        options: () => ({ state: stateFor(root, { role: { trustPolicy: nobody } }) }),
        first: "the role's trust policy does not name rolesanywhere.amazonaws.com as its principal",
      },
      {
        reason: 'duration-above-role-maximum',
        options: () => ({
          state: stateFor(root, {
            profile: { durationSeconds: 43_200 },
            role: { maxSessionDuration: 3600 },
          }),
        }),
        more: () => ['--session-duration', '2h'],
        first: "--session-duration is above the role's maximum session duration",
      },
      {
        reason: 'session-tags-unmappable',
        options: () => ({
          state: stateFor(root),
          faults: denied('{"message":"Some attributes failed to be mapped into session tags"}'),
        }),
        first: 'a subject, issuer or SAN attribute holds characters that session tags do not allow',
      },
      {
        reason: 'throttled',
        options: () => ({
          state: stateFor(root),
          faults: [{ operation: 'CreateSession', kind: 'throttle', retryAfterSeconds: 0 } as const],
        }),
        status: 6,
        first: 'more than 10 CreateSession calls per second in this region and account',
      },
      {
        reason: 'service-failed',
        options: () => ({
          state: stateFor(root),
          faults: [{ operation: 'CreateSession', kind: 'error', retryAfterSeconds: 0 } as const],
        }),
        status: 6,
        first: 'the service, or something on the way to it, is in trouble',
      },
    ]) {
      it(`${reason}, the likeliest cause first`, async () => {
        const outcome = await refusal((await who?.()) ?? leaf, await options(), more())
        expect(outcome.row, outcome.row.message).to.include({ status: 'failed' })
        expect(outcome.row.detail).to.include({ reason })
        expect(outcome.row.causes[0]).to.equal(first)
        expect(outcome.row.hint).to.match(/^\S.*[^.\s]$/)
        expect(outcome.status).to.equal(status)
      })
    }
  })

  describe('lets no secret come to light', () => {
    const CANARY = 'canary4a1b2c3d'
    let server: Server
    let url: string
    before(async () => {
      server = createServer((request, response) => {
        if (request.url?.startsWith('/sessions')) {
          const credentials = {
            accessKeyId: 'ASIAEXAMPLE',
            secretAccessKey: `${CANARY}-key`,
            sessionToken: `${CANARY}-token`,
            expiration: new Date(Date.now() + 3_600_000).toISOString(),
          }
          const body = { credentialSet: [{ credentials }] }
          return void response.writeHead(201).end(JSON.stringify(body))
        }
        // What a server may well put into an error: the token that it was sent.
        const [token = ''] = [request.headers['x-amz-security-token']].flat()
        return void response.writeHead(500).end(`<html>${token}</html>`)
      })
      url = `http://127.0.0.1:${await listenOnLoopback(server)}`
    })
    after(() => server.close())

    for (const format of [[], ['--json']]) {
      it(`${format.join() || 'as text'}, whatever holds one`, async () => {
        const file = join(folder, 'secret')
        await writeFile(file, `${CANARY}-file\n`, { mode: 0o600 })
        const home = join(folder, 'aws-config')
        await writeFile(
          home,
          `[default]\ncredential_process = tool --password ${CANARY}\naws_secret_access_key = ${CANARY}\n`,
        )
        const args = ['doctor', ...format, ...identity(), ...targetFlags(url)]
        const run = await rolesanywhere([...args, '--private-key-passphrase-file', file], {
          AWS_CONFIG_FILE: home,
          AWS_ENDPOINT_URL_STS: url,
          AWS_ACCESS_KEY_ID: CANARY,
          AWS_SECRET_ACCESS_KEY: CANARY,
          AWS_SESSION_TOKEN: CANARY,
          AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://x:${CANARY}@127.0.0.1/v1/credentials`,
          AWS_CONTAINER_AUTHORIZATION_TOKEN: CANARY,
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
          HTTPS_PROXY: `http://user:${CANARY}@proxy.example`,
          ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE: CANARY,
          ROLESANYWHERE_PKCS11_PIN: CANARY,
        })
        expect(run.status, run.stderr).to.equal(6)
        expect(run.stdout + run.stderr).to.not.contain(CANARY)
      })
    }

    it('not even in place of a path, an ARN or a URL', async () => {
      const pem = `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`
      const run = await rolesanywhere([
        ...['doctor', '--json', '--offline', '--certificate', pem, '--private-key', pem],
        ...['--trust-anchor-arn', CANARY, '--profile-arn', ARNS.profile, '--role-arn', CANARY],
        ...['--endpoint', `https://user:${CANARY}@example.com`],
      ])
      expect(run.status).to.equal(4)
      expect(run.stdout + run.stderr).to.not.contain(CANARY)
    })
  })
})
