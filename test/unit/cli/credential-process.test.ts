import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { EXIT_STATUS } from '../../../src/cli/exit-status.js'
import { main } from '../../../src/cli/main.js'
import { COMMANDS } from '../../../src/commands.js'
import { type Emulator, type Fault } from '../../../src/emulator/index.js'
import { type ErrorCode, KIND_OF } from '../../../src/errors.js'
import { ARNS, IDENTITY_FLAGS, startAws, targetFlags } from '../../support/aws.js'
import { certPath, PASSPHRASE, readCert } from '../../support/certs.js'
import { recordedIo } from '../../support/io.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { listenOnLoopback } from '../../support/tls-server.js'

/** The rows of the table of identities in certs/README.md. */
const IDENTITIES = readFileSync(
  fileURLToPath(new URL('../../../certs/README.md', import.meta.url)),
  'utf8',
)
  .split('## Certificates')[0]!
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, certificate]) => /\.(pem|p12|der|p7b)$/.test(certificate ?? ''))
  .map(([, certificate = '', key = '', intermediates = '', what = '', outcome = '']) => ({
    what: `${certificate}, ${key}: ${what}`,
    outcome,
    flags: Object.entries({ certificate, 'private-key': key, intermediates })
      .filter(([, file]) => file !== '-')
      .flatMap(([flag, file]) => [`--${flag}`, certPath(file)]),
  }))

const CODE_LINE = /^error: .+ \((ERR_RA_[A-Z0-9_]+)\)\nhint: .+\n$/

describe('credential-process', () => {
  const folder = temporaryFolder()
  let aws: Emulator

  before(async () => {
    aws = await startAws()
  })
  after(async () => aws.close())
  afterEach(() => aws.setFaults([]))

  async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const off = { ROLESANYWHERE_NO_CACHE: 'true' }
    const io = recordedIo({ env: { HOME: folder.path, ...off, ...env } })
    const status = await main(COMMANDS, ['credential-process', ...args], io)
    return { status, ...io.written }
  }

  /** The failure is said on two lines, nothing is printed, and the status is that of its kind. */
  function expectFailure(
    { status, stdout, stderr }: { status: number; stdout: string; stderr: string },
    code: ErrorCode,
  ): void {
    expect(stdout).to.equal('')
    expect(CODE_LINE.exec(stderr)?.[1], stderr).to.equal(code)
    expect(status).to.equal(EXIT_STATUS[KIND_OF[code]])
  }

  it('prints one document and nothing else', async () => {
    const { status, stdout, stderr } = await run([...IDENTITY_FLAGS, ...targetFlags(aws.url)])
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
    const document = JSON.parse(stdout) as Record<string, unknown>
    expect(Object.keys(document)).to.deep.equal([
      'Version',
      'AccessKeyId',
      'SecretAccessKey',
      'SessionToken',
      'Expiration',
    ])
    expect(document['Version']).to.equal(1)
    expect(document['Expiration']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(stdout.endsWith('}\n')).to.equal(true)
  })

  it('reads everything from the environment, the PEM texts included', async () => {
    const { status, stderr } = await run([], {
      ROLESANYWHERE_CERTIFICATE: 'env:CERT',
      ROLESANYWHERE_PRIVATE_KEY: 'env:KEY',
      CERT: readCert('ec-p256.pem').toString(),
      KEY: readCert('ec-p256.key.pem').toString(),
      ROLESANYWHERE_TRUST_ANCHOR_ARN: ARNS.trustAnchor,
      ROLESANYWHERE_PROFILE_ARN: ARNS.profile,
      ROLESANYWHERE_ROLE_ARN: ARNS.role,
      AWS_ENDPOINT_URL_ROLESANYWHERE: aws.url,
      ROLESANYWHERE_SESSION_DURATION: '15m',
    })
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
  })

  it('reads everything from a profile of the AWS config file', async () => {
    const config = join(folder.path, 'config')
    await writeFile(
      config,
      `[profile app]
rolesanywhere_certificate = ${certPath('ec-p256.combined.pem')}
rolesanywhere_trust_anchor_arn = ${ARNS.trustAnchor}
rolesanywhere_profile_arn = ${ARNS.profile}
rolesanywhere_role_arn = ${ARNS.role}
rolesanywhere_endpoint = ${aws.url}
`,
    )
    const { status, stderr } = await run(['--config-profile', 'app'], { AWS_CONFIG_FILE: config })
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
  })

  it('takes a passphrase from a file, with or without a line feed at its end', async () => {
    const file = join(folder.path, 'passphrase')
    const encrypted = [
      '--certificate',
      certPath('ec-p256.p12'),
      '--private-key-passphrase-file',
      file,
    ]
    for (const ending of ['', '\n', '\r\n']) {
      await writeFile(file, PASSPHRASE.reveal() + ending)
      const { status, stderr } = await run([...encrypted, ...targetFlags(aws.url)])
      expect(stderr).to.equal('')
      expect(status).to.equal(0)
    }
  })

  describe('with each identity of certs/README.md', () => {
    for (const { what, outcome, flags } of IDENTITIES) {
      it(`${outcome}: ${what}`, async () => {
        const result = await run([...flags, ...targetFlags(aws.url)], {
          ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE.reveal(),
        })
        if (!outcome.startsWith('accepted')) return expectFailure(result, outcome as ErrorCode)
        // The service knows only the root: what needs intermediates and has none is refused there.
        const reaches = !flags.join(' ').includes('chain') || outcome.includes('chain of')
        if (!reaches) return expectFailure(result, 'ERR_RA_SESSION_DENIED')
        expect(result.stderr.replaceAll(/^.*was left out.*\n/gm, '')).to.equal('')
        return expect(result.status).to.equal(0)
      })
    }

    it('reads the table', () => {
      expect(IDENTITIES.length).to.be.greaterThan(80)
    })
  })

  describe('with bad settings', () => {
    const good = (): string[] => [...IDENTITY_FLAGS, ...targetFlags('http://127.0.0.1:1')]
    /** The good flags with one value replaced; `undefined` leaves the flag out. */
    const having = (flag: string, value: string | undefined): string[] => {
      const flags = good()
      const at = flags.indexOf(`--${flag}`)
      if (at < 0) return [...flags, `--${flag}`, value ?? '']
      flags.splice(at, 2, ...(value === undefined ? [] : [`--${flag}`, value]))
      return flags
    }

    for (const flag of ['certificate', 'trust-anchor-arn', 'profile-arn', 'role-arn']) {
      it(`says that --${flag} is missing`, async () => {
        expectFailure(await run(having(flag, undefined)), 'ERR_RA_SETTING_MISSING')
      })
    }

    for (const { flag, value, code } of [
      { flag: 'trust-anchor-arn', value: 'anchor', code: 'ERR_RA_ARN_INVALID' },
      { flag: 'trust-anchor-arn', value: ARNS.profile, code: 'ERR_RA_ARN_INVALID' },
      {
        flag: 'profile-arn',
        value: ARNS.profile.replace('eu-central-1', 'us-east-1'),
        code: 'ERR_RA_ARN_MISMATCH',
      },
      {
        flag: 'role-arn',
        value: ARNS.role.replace('arn:aws:', 'arn:aws-cn:'),
        code: 'ERR_RA_ARN_MISMATCH',
      },
      {
        flag: 'role-arn',
        value: ARNS.role.replace('123456789012', '210987654321'),
        code: 'ERR_RA_ARN_MISMATCH',
      },
      { flag: 'region', value: 'Frankfurt', code: 'ERR_RA_SETTING_INVALID' },
      { flag: 'endpoint', value: 'http://192.0.2.1', code: 'ERR_RA_ENDPOINT_INVALID' },
      { flag: 'endpoint', value: 'rolesanywhere', code: 'ERR_RA_ENDPOINT_INVALID' },
      { flag: 'session-duration', value: '14m', code: 'ERR_RA_SETTING_INVALID' },
      { flag: 'role-session-name', value: 'a b', code: 'ERR_RA_SETTING_INVALID' },
      { flag: 'timeout', value: '0', code: 'ERR_RA_SETTING_INVALID' },
      { flag: 'log-level', value: 'loud', code: 'ERR_RA_SETTING_INVALID' },
      { flag: 'config-profile', value: 'absent', code: 'ERR_RA_CONFIG_PROFILE_MISSING' },
      { flag: 'ca-bundle', value: '/absent', code: 'ERR_RA_CA_BUNDLE_INVALID' },
      { flag: 'ca-bundle', value: '/', code: 'ERR_RA_CA_BUNDLE_INVALID' },
      { flag: 'ca-bundle', value: '/dev/zero', code: 'ERR_RA_CA_BUNDLE_INVALID' },
      { flag: 'certificate', value: '/absent', code: 'ERR_RA_CERTIFICATE_UNREADABLE' },
      { flag: 'certificate', value: '/', code: 'ERR_RA_CERTIFICATE_UNREADABLE' },
      { flag: 'certificate', value: '/dev/zero', code: 'ERR_RA_CERTIFICATE_UNREADABLE' },
      { flag: 'certificate', value: '/dev/null', code: 'ERR_RA_CERTIFICATE_UNREADABLE' },
      { flag: 'certificate', value: 'env:ABSENT', code: 'ERR_RA_CERTIFICATE_UNREADABLE' },
      { flag: 'private-key', value: '/absent', code: 'ERR_RA_KEY_UNREADABLE' },
      { flag: 'intermediates', value: '/absent', code: 'ERR_RA_CERTIFICATE_UNREADABLE' },
      { flag: 'private-key-passphrase-file', value: '/absent', code: 'ERR_RA_KEY_UNREADABLE' },
      { flag: 'regoin', value: 'x', code: 'ERR_RA_FLAG_UNKNOWN' },
      { flag: 'pkcs8-password', value: 'hunter2', code: 'ERR_RA_FLAG_UNSUPPORTED' },
      { flag: 'cert-selector', value: 'x', code: 'ERR_RA_FLAG_UNSUPPORTED' },
    ] as const) {
      it(`answers ${code} to --${flag} ${value}`, async () => {
        const result = await run(having(flag, value))
        expectFailure(result, code)
        expect(result.stderr).to.not.contain('hunter2')
      })
    }

    it('asks for the passphrase of an encrypted key, and says when it is wrong', async () => {
      const flags = having('private-key', certPath('ec-p256.pbes2-aes-256-cbc.key.pem'))
      expectFailure(await run(flags), 'ERR_RA_KEY_ENCRYPTED')
      const wrong = await run(flags, { ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE: 'hunter2' })
      expectFailure(wrong, 'ERR_RA_PASSPHRASE_WRONG')
      expect(wrong.stderr).to.not.contain('hunter2')
    })

    it('refuses a megabyte of noise', async () => {
      const noise = join(folder.path, 'noise')
      await writeFile(noise, Buffer.alloc(1024 * 1024, 0xa5))
      expectFailure(await run(having('certificate', noise)), 'ERR_RA_CERTIFICATE_UNREADABLE')
      await writeFile(noise, Buffer.alloc(1024 * 1024 + 1, 0xa5))
      expectFailure(await run(having('certificate', noise)), 'ERR_RA_CERTIFICATE_UNREADABLE')
    })
  })

  describe('with an endpoint that', () => {
    const call = async (endpoint = aws.url, ...more: string[]) =>
      run([...IDENTITY_FLAGS, ...targetFlags(endpoint), '--timeout', '5s', ...more])

    const fault = (kind: Fault['kind'], more: Partial<Fault> = {}): Fault => ({
      operation: 'CreateSession',
      kind,
      ...more,
    })

    for (const { name, faults, code } of [
      { name: 'throttles', faults: [fault('throttle')], code: 'ERR_RA_THROTTLED' },
      { name: 'fails', faults: [fault('error')], code: 'ERR_RA_SERVICE_FAILED' },
      { name: 'is unavailable', faults: [fault('unavailable')], code: 'ERR_RA_SERVICE_FAILED' },
      { name: 'refuses', faults: [fault('denied')], code: 'ERR_RA_SESSION_DENIED' },
      { name: 'answers nonsense', faults: [fault('malformed')], code: 'ERR_RA_RESPONSE_INVALID' },
      {
        name: 'answers without credentials',
        faults: [fault('empty')],
        code: 'ERR_RA_RESPONSE_INVALID',
      },
      { name: 'breaks off', faults: [fault('reset')], code: 'ERR_RA_ENDPOINT_UNREACHABLE' },
      { name: 'hangs', faults: [fault('hang')], code: 'ERR_RA_SESSION_TIMEOUT' },
    ] as const) {
      it(`${name}: ${code}`, async () => {
        aws.setFaults(faults)
        const result = await call(aws.url, ...(name === 'hangs' ? ['--timeout', '1s'] : []))
        result.stderr = result.stderr.replaceAll(/^\{.*\}\n/gm, '')
        expectFailure(result, code)
      })
    }

    it('throttles twice: succeeds in the end', async () => {
      aws.setFaults([fault('throttle', { count: 2 })])
      expect((await call()).status).to.equal(0)
    })

    it('is not there', async () => {
      expectFailure(await call('http://127.0.0.1:1'), 'ERR_RA_ENDPOINT_UNREACHABLE')
    })

    it('speaks another protocol', async () => {
      const sockets = new Set<Socket>()
      const server = createTcpServer((socket) => {
        sockets.add(socket)
        socket.end('220 mail.example ESMTP\r\n')
      })
      const port = await listenOnLoopback(server)
      expectFailure(await call(`http://127.0.0.1:${port}`), 'ERR_RA_ENDPOINT_UNREACHABLE')
      expectFailure(await call(`https://127.0.0.1:${port}`), 'ERR_RA_TLS_FAILED')
      for (const socket of sockets) socket.destroy()
      server.close()
    })
  })

  it('puts no secret into any line at debug level', async () => {
    const { stdout, stderr } = await run([...IDENTITY_FLAGS, ...targetFlags(aws.url), '--debug'])
    const { SecretAccessKey, SessionToken } = JSON.parse(stdout) as Record<string, string>
    for (const secret of [SecretAccessKey, SessionToken, 'PRIVATE KEY']) {
      expect(stderr).to.not.contain(secret)
    }
  })
})
