import { once } from 'node:events'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { ARNS, IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { certPath } from '../support/certs.js'
import { eventually } from '../support/eventually.js'
import { endPrograms, PROGRAM, rolesanywhere, start } from '../support/program.js'
import { get, logLines, type Reply, type Serving, startServe } from '../support/serve.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { listenOnLoopback } from '../support/tls-server.js'

/** Far below the five seconds for which a drain waits. */
const AT_ONCE_MS = 3_000

const DOCUMENT_KEYS = ['AccessKeyId', 'SecretAccessKey', 'Token', 'Expiration', 'RoleArn']

/** One attempt for each turn of the background loop, so that the log tells all of them. */
const ONE_ATTEMPT = { AWS_MAX_ATTEMPTS: '1' }

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')

describe('rolesanywhere serve', () => {
  const folder = temporaryFolder()
  let aws: Emulator

  before(async () => {
    aws = await startAws()
  })
  after(async () => aws.close())
  afterEach(async () => {
    aws.setFaults([])
    await endPrograms()
  })

  const workload = (): string[] => [...IDENTITY_FLAGS, ...targetFlags(aws.url)]
  const tokenFile = (): string => join(folder.path, 'token')

  async function serve(
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Serving> {
    return startServe(tokenFile(), [...workload(), ...args], env)
  }

  /** A good answer is whole; any other says so in JSON. */
  function expectWhole({ status, body }: Reply): void {
    const document = JSON.parse(body) as Record<string, string>
    if (status !== 200) {
      expect(status).to.equal(503)
      expect(document['Code']).to.equal('NoSession')
      return
    }
    expect(Object.keys(document)).to.have.members(DOCUMENT_KEYS)
    for (const key of DOCUMENT_KEYS) expect(document[key]).to.match(/./)
  }

  const hang = async (): Promise<Serving> => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'hang' }])
    const seen = aws.requests.length
    const server = await serve()
    await eventually(() => (aws.requests.length > seen ? true : undefined))
    return server
  }

  describe('when AWS does not answer', () => {
    const down = (): void => aws.setFaults([{ operation: 'CreateSession', kind: 'unavailable' }])

    it('starts, says that it has no session, and recovers by itself', async () => {
      down()
      const server = await serve([], ONE_ATTEMPT)
      await server.logged(/"no session"/)
      expect((await server.ask('/healthz')).status).to.equal(200)
      const unready = await server.ask('/readyz')
      expect(unready.status).to.equal(503)
      expect(unready.body).to.include('default')
      const refused = await server.credentials()
      expect(refused.status).to.equal(503)
      expect(JSON.parse(refused.body)).to.include({ Code: 'NoSession', code: 'NoSession' })

      aws.setFaults([])
      await server.logged(/session refreshed/)
      expect((await server.ask('/readyz')).status).to.equal(200)
      expect((await server.credentials()).status).to.equal(200)
      expect(await server.stop()).to.include({ status: 0, stdout: '' })
    })

    it('goes on serving the session held', async () => {
      const server = await serve()
      await server.logged(/session refreshed/)
      const held = await server.credentials()
      down()
      expect(await server.credentials()).to.deep.equal(held)
      expect((await server.ask('/readyz')).status).to.equal(200)
    })

    it('never answers with a blank while it starts', async () => {
      aws.setFaults([{ operation: 'CreateSession', kind: 'slow', delayMs: 300, count: 1 }])
      const server = await serve()
      const statuses = new Set<number>()
      await eventually(async () => {
        const replies = await Promise.all(
          Array.from({ length: 50 }, async () => server.credentials()),
        )
        for (const reply of replies) {
          expectWhole(reply)
          statuses.add(reply.status)
        }
        return replies.every(({ status }) => status === 200) ? true : undefined
      })
      expect([...statuses].sort()).to.deep.equal([200, 503])
    })

    it('lives on when nobody takes its log', async () => {
      down()
      const server = await serve([], ONE_ATTEMPT)
      server.process.stderr?.destroy()
      const seen = aws.requests.length
      // Each of them ends with a line that nobody reads.
      await eventually(() => (aws.requests.length >= seen + 2 ? true : undefined))
      aws.setFaults([])
      await eventually(async () => ((await server.credentials()).status === 200 ? true : undefined))
      expect((await server.stop()).status).to.equal(0)
    })
  })

  describe('asked to end', () => {
    it('ends well and frees its port', async () => {
      const server = await serve()
      await server.logged(/session refreshed/)
      expect((await server.credentials()).status).to.equal(200)
      const sinceMs = performance.now()
      expect((await server.stop()).status).to.equal(0)
      expect(performance.now() - sinceMs).to.be.lessThan(AT_ONCE_MS)
      const next = createServer()
      next.listen(Number(new URL(server.uri).port), '127.0.0.1')
      await once(next, 'listening')
      next.close()
    })

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`ends well on ${signal} while CreateSession hangs`, async () => {
        const server = await hang()
        const sinceMs = performance.now()
        expect((await server.stop(signal)).status).to.equal(0)
        expect(performance.now() - sinceMs).to.be.lessThan(AT_ONCE_MS)
        expect(server.lines().filter(({ level }) => level !== 'info')).to.deep.equal([])
      })
    }

    it('ends at once when asked a second time', async () => {
      const server = await serve()
      const { port } = new URL(server.uri)
      const client = connect(Number(port), '127.0.0.1')
      client.on('error', () => {
        // The end of the server is what is waited for.
      })
      client.write('GET /v1/credentials HTTP/1.1\r\nHost: ')
      await once(client, 'connect')
      // Its half of a request keeps the first signal waiting; a whole one shows that it has arrived.
      await server.credentials()
      server.process.kill('SIGTERM')
      await server.logged(/draining/)
      const sinceMs = performance.now()
      expect((await server.stop('SIGTERM')).status).to.equal(null)
      expect(server.process.signalCode).to.equal('SIGTERM')
      expect(performance.now() - sinceMs).to.be.lessThan(AT_ONCE_MS)
      client.destroy()
    })
  })

  describe('told how to end', () => {
    it('ends well when a client with the token asks for it', async () => {
      const server = await serve(['--quit', '--drain-delay', '10m'])
      await server.logged(/session refreshed/)
      const url = `${new URL(server.uri).origin}/v1/quit`
      const headers = { authorization: await readFile(tokenFile(), 'utf8') }
      const refused = await fetch(url, { method: 'POST' })
      expect(refused.status).to.equal(401)
      expect((await fetch(url, { method: 'POST', headers })).status).to.equal(200)
      expect((await server.finished()).status).to.equal(0)
      expect(server.log()).to.match(/asked to end by a client/)
    })

    it('goes on serving for the drain delay, until a client ends it', async () => {
      const server = await serve(['--quit', '--drain-delay', '10m'])
      await server.logged(/session refreshed/)
      server.process.kill('SIGTERM')
      await server.logged(/serving until clients have ended/)
      expect((await server.credentials()).status).to.equal(200)
      const headers = { authorization: await readFile(tokenFile(), 'utf8') }
      const url = `${new URL(server.uri).origin}/v1/quit`
      expect((await fetch(url, { method: 'POST', headers })).status).to.equal(200)
      expect((await server.finished()).status).to.equal(0)
    })

    it('ends by itself after the drain delay', async () => {
      const server = await serve(['--drain-delay', '1s'])
      server.process.kill('SIGTERM')
      await server.logged(/draining/)
      expect((await server.finished()).status).to.equal(0)
    })
  })

  describe('refuses to start', () => {
    const cases: readonly {
      readonly what: string
      readonly args: readonly string[]
      readonly status: number
      readonly code: string
    }[] = [
      {
        what: 'without a token file on an address that others reach',
        args: ['--listen', '0.0.0.0:0'],
        status: 3,
        code: 'ERR_RA_SETTING_MISSING',
      },
      {
        what: 'with a role without a name',
        args: ['--no-authorization', '--role', ARNS.reports],
        status: 2,
        code: 'ERR_RA_FLAG_INVALID',
      },
      {
        what: 'with a role that is no role',
        args: ['--no-authorization', '--role', `reports=${ARNS.profile}`],
        status: 3,
        code: 'ERR_RA_ARN_INVALID',
      },
      {
        what: 'with both forms of the port',
        args: ['--no-authorization', '--port', '0', '--listen', '127.0.0.1:0'],
        status: 2,
        code: 'ERR_RA_FLAG_CONFLICT',
      },
      {
        what: 'with a token file that cannot be made',
        args: ['--authorization-token-file', `${certPath('root.pem')}/token`],
        status: 3,
        code: 'ERR_RA_TOKEN_FILE_INVALID',
      },
    ]
    for (const { what, args, status, code } of cases) {
      it(what, async () => {
        const result = await rolesanywhere(['serve', ...workload(), ...args])
        expect(result.stderr).to.match(new RegExp(`^error: .+ \\(${code}\\)\nhint: .+\n$`))
        expect(result.stdout).to.equal('')
        expect(result.status).to.equal(status)
      })
    }

    for (const flag of ['listen', 'health-listen']) {
      it(`on a port of --${flag} that is taken`, async () => {
        const other = createServer()
        const taken = `127.0.0.1:${await listenOnLoopback(other)}`
        const free = ['--listen', '127.0.0.1:0', '--health-listen', '127.0.0.1:0']
        const args = [...free, '--no-authorization', `--${flag}`, taken, '--log-level', 'error']
        const result = await rolesanywhere(['serve', ...workload(), ...args])
        expect(result).to.deep.equal({
          status: 3,
          stdout: '',
          stderr:
            `error: cannot listen on ${taken} (EADDRINUSE) (ERR_RA_LISTEN_FAILED)\n` +
            'hint: another process listens there; choose another port, or port 0 for any free one\n',
        })
        other.close()
      })
    }
  })

  it('listens on any free port with --port 0', async () => {
    const args = ['--health-listen', '127.0.0.1:0', '--no-authorization', '--log-format', 'json']
    const server = start([PROGRAM, 'serve', ...workload(), '--port', '0', ...args])
    const { uri } = JSON.parse(await server.logged(/serving/)) as { uri: string }
    await server.logged(/session refreshed/)
    expect((await get(uri)).status).to.equal(200)
  })

  it('listens on IPv6', async function () {
    if (!hasIpv6) this.skip()
    const server = await serve(['--listen', '[::1]:0', '--health-listen', '[::1]:0'])
    await server.logged(/session refreshed/)
    expect(server.uri).to.match(/^http:\/\/\[::1\]:\d+\/v1\/credentials$/)
    expect((await server.credentials()).status).to.equal(200)
    expect((await server.ask('/readyz')).status).to.equal(200)
  })

  it('asks for no token, and makes no file, with --no-authorization', async () => {
    const server = await serve(['--no-authorization'])
    await server.logged(/session refreshed/)
    expect((await get(server.uri)).status).to.equal(200)
    expect(await stat(tokenFile()).catch(() => 'none')).to.equal('none')
  })

  it('serves a session of its own for each role', async () => {
    const server = await serve(['--role', `reports=${ARNS.reports}`])
    await eventually(async () => ((await server.ask('/readyz')).status === 200 ? true : undefined))
    const [own, reports] = [await server.credentials(), await server.credentials('reports')]
    expectWhole(own)
    expectWhole(reports)
    expect(own.body).to.not.equal(reports.body)
    expect((await server.credentials('absent')).status).to.equal(404)
    await server.stop()
    const refreshed = server.lines().filter(({ msg }) => msg === 'session refreshed')
    expect(refreshed.map(({ role }) => role)).to.have.members(['default', 'reports'])
    const issued = refreshed.map(({ accessKeyId }) => accessKeyId)
    for (const { body } of [own, reports]) {
      expect(issued).to.include((JSON.parse(body) as { AccessKeyId: string }).AccessKeyId)
    }
  })

  it('logs one line of JSON for each thing that happens', async () => {
    const server = await serve(['--log-level', 'debug'])
    await server.logged(/session refreshed/)
    await server.credentials()
    const { stdout } = await server.stop()
    expect(stdout).to.equal('')
    const lines = server.lines()
    for (const line of lines) {
      expect(line).to.include.all.keys('time', 'level', 'component', 'msg')
      expect(line).to.include({ component: 'serve' })
    }
    const refreshed = lines.filter(({ msg }) => msg === 'session refreshed')
    expect(refreshed).to.have.length(1)
    expect(refreshed[0]).to.include.all.keys('expiration', 'nextRefreshAt', 'accessKeyId', 'role')
    expect(refreshed[0]).to.include({ source: new URL(aws.url).hostname })
    expect(lines.filter(({ msg }) => msg === 'serving credentials')).to.have.length(1)
    expect(lines.at(-1)?.msg).to.equal('draining')
  })

  it('keeps its token over a restart, readable for the other users of the pod', async () => {
    const first = await serve()
    const token = await readFile(tokenFile(), 'utf8')
    expect(token).to.match(/^[\w-]{43}$/)
    expect((await stat(tokenFile())).mode & 0o777).to.equal(0o644)
    expect((await first.stop()).status).to.equal(0)
    const second = await serve()
    await second.logged(/session refreshed/)
    expect(await readFile(tokenFile(), 'utf8')).to.equal(token)
    expect((await second.credentials()).status).to.equal(200)
  })

  it('takes the token of a file that was there before', async () => {
    await writeFile(tokenFile(), 'chosen-by-the-operator\n')
    const server = await serve()
    await server.logged(/session refreshed/)
    expect((await get(server.uri, { authorization: 'chosen-by-the-operator' })).status).to.equal(
      200,
    )
    expect((await get(server.uri, { authorization: 'chosen-by-the-operatoR' })).status).to.equal(
      403,
    )
    expect((await get(server.uri)).status).to.equal(401)
  })

  it('takes a token that was replaced a moment ago, and logs none that was wrong', async () => {
    const server = await serve(['--quit', '--log-level', 'debug'])
    await server.logged(/session refreshed/)
    const tokens = Array.from({ length: 5 }, (_, index) => `the-token-of-rotation-${index}`)
    const guesses = Array.from({ length: 20 }, (_, index) => `the-guess-of-a-client-${index}`)
    for (const token of tokens) {
      await writeFile(`${tokenFile()}.new`, token)
      await rename(`${tokenFile()}.new`, tokenFile())
      const [good, ...wrong] = await Promise.all(
        [token, ...guesses].map(async (authorization) => get(server.uri, { authorization })),
      )
      expect(good?.status).to.equal(200)
      expect(new Set(wrong.map(({ status }) => status))).to.deep.equal(new Set([403]))
    }
    await writeFile(tokenFile(), 'the-token-of-the-last-command')
    const { status } = await fetch(`${new URL(server.uri).origin}/v1/quit`, {
      method: 'POST',
      headers: { authorization: 'the-token-of-the-last-command' },
    })
    expect(status).to.equal(200)
    expect((await server.finished()).status).to.equal(0)
    expect(server.log().match(/authorization token replaced/g)).to.have.length(6)
    expect(server.log()).to.not.match(/the-(token|guess)-of/)
  })

  it('tells nothing secret on the health listener', async () => {
    const server = await serve()
    await server.logged(/session refreshed/)
    const { body } = await server.credentials()
    const { SecretAccessKey, Token } = JSON.parse(body) as Record<string, string>
    const token = await readFile(tokenFile(), 'utf8')
    for (const path of ['/', '/healthz', '/readyz', '/metrics', '/v1/credentials', '/v1']) {
      const reply = await get(server.health + path, { authorization: token })
      if (path.startsWith('/v1')) expect(reply.status).to.equal(404)
      for (const secret of [SecretAccessKey, Token, token]) {
        expect(reply.body).to.not.include(secret)
      }
    }
  })

  it('does not ask AWS again and again for sessions that are short', async () => {
    const session = {
      credentialSet: [
        {
          credentials: {
            accessKeyId: 'ASIASHORT',
            secretAccessKey: 'short',
            sessionToken: 'short',
            expiration: new Date(Date.now() + 120_000).toISOString(),
          },
        },
      ],
    }
    aws.setFaults([
      { operation: 'CreateSession', kind: 'malformed', body: JSON.stringify(session) },
    ])
    const seen = aws.requests.length
    const server = await serve()
    await server.logged(/session refreshed/)
    for (let times = 0; times < 20; times++) await server.credentials()
    await server.stop()
    expect(aws.requests.length - seen).to.equal(1)
    expect(logLines(server.log()).filter(({ msg }) => msg === 'session refreshed')).to.have.length(
      1,
    )
  })
})
