import { writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'
import { expect } from 'chai'
import { askSidecar } from '../../../src/cli/ask-sidecar.js'
import type { Clock } from '../../../src/clock.js'
import { createLogger } from '../../../src/log.js'
import type { SessionCredentials } from '../../../src/protocol/session-credentials.js'
import { systemClock } from '../../../src/system-clock.js'
import { ARNS } from '../../support/aws.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { listenOnLoopback } from '../../support/tls-server.js'

/** Nobody waits for a whole second here. */
const HASTY: Clock = {
  ...systemClock,
  sleep: async (ms, options) => systemClock.sleep(ms / 5, options),
}

describe('asking a running sidecar', () => {
  const folder = temporaryFolder()
  let server: Server | undefined
  let log = ''

  const inMinutes = (minutes: number): string =>
    new Date(Date.now() + minutes * 60_000).toISOString().replace(/\.\d{3}/, '')
  const document = (change: object = {}): string =>
    JSON.stringify({
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'canary-secret-access-key',
      Token: 'canary-session-token',
      Expiration: inMinutes(60),
      RoleArn: ARNS.role,
      ...change,
    })

  async function ask(
    answer: RequestListener | undefined,
    more: { tokenFile?: string; signal?: AbortSignal } = {},
  ): Promise<SessionCredentials | undefined> {
    let port = 1
    if (answer) {
      server = createServer(answer)
      port = await listenOnLoopback(server)
    }
    return askSidecar({
      url: new URL(`http://127.0.0.1:${port}/v1/credentials`),
      tokenFile: more.tokenFile,
      roleArn: ARNS.role,
      io: { clock: HASTY, signal: more.signal ?? new AbortController().signal },
      log: createLogger({
        component: 'test',
        level: 'debug',
        format: 'text',
        now: () => new Date(),
        write: (line) => (log += line),
      }),
    })
  }

  beforeEach(() => {
    log = ''
  })
  afterEach(() => {
    expect(log).to.not.include('canary')
    server?.closeAllConnections()
    server?.close()
    server = undefined
  })

  it('gives its session of the same role', async () => {
    const found = await ask((_, response) => response.end(document()))
    expect(found?.accessKeyId).to.equal('ASIAEXAMPLE')
    expect(found?.secretAccessKey.reveal()).to.equal('canary-secret-access-key')
    expect(found?.sessionToken.reveal()).to.equal('canary-session-token')
    expect(log).to.equal('')
  })

  it('sends the token of the file, as it is', async () => {
    const tokenFile = join(folder.path, 'token')
    await writeFile(tokenFile, 'canary-token')
    let sent: string | undefined
    await ask(
      ({ headers }, response) => {
        sent = headers.authorization
        response.end(document())
      },
      { tokenFile },
    )
    expect(sent).to.equal('canary-token')
  })

  const REFUSED: Readonly<Record<string, { answer: RequestListener; level: 'DEBUG' | 'WARN' }>> = {
    'that is there for another role': {
      answer: (_, response) => response.end(document({ RoleArn: ARNS.reports })),
      level: 'WARN',
    },
    'that does not say for which role it is': {
      answer: (_, response) => response.end(document({ RoleArn: undefined })),
      level: 'WARN',
    },
    'that refuses the token': {
      answer: (_, response) => response.writeHead(403).end('canary'),
      level: 'WARN',
    },
    'that redirects': {
      answer: (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1' }).end(),
      level: 'WARN',
    },
    'that has no session so far': {
      answer: (_, response) => response.writeHead(503).end(),
      level: 'DEBUG',
    },
    'whose session ends soon': {
      answer: (_, response) => response.end(document({ Expiration: inMinutes(14) })),
      level: 'DEBUG',
    },
    'whose session has no end': {
      answer: (_, response) => response.end(document({ Expiration: 'never' })),
      level: 'DEBUG',
    },
    'that answers without a key': {
      answer: (_, response) => response.end(document({ SecretAccessKey: 1 })),
      level: 'DEBUG',
    },
    'that answers something else': {
      answer: (_, response) => response.end('canary {'),
      level: 'WARN',
    },
    'that answers without an end': {
      answer: (_, response) => void response.write('canary'.repeat(20_000)),
      level: 'DEBUG',
    },
    'that hangs up': { answer: (request) => request.socket.destroy(), level: 'DEBUG' },
    'that does not answer': { answer: () => {}, level: 'DEBUG' },
  }
  for (const [what, { answer, level }] of Object.entries(REFUSED)) {
    it(`takes nothing from one ${what}: ${level}`, async () => {
      expect(await ask(answer)).to.equal(undefined)
      expect(log).to.include(` ${level} `)
    })
  }

  it('takes nothing where nobody listens', async () => {
    expect(await ask(undefined)).to.equal(undefined)
    expect(log).to.include('DEBUG').and.include('ECONNREFUSED')
  })

  it('goes on without a token file that is not there yet', async () => {
    const tokenFile = '/nonexistent/token'
    expect(await ask((_, response) => response.end(document()), { tokenFile })).to.be.an('object')
  })

  for (const [what, text] of Object.entries({ 'a line feed': 'token\n', nothing: '' })) {
    it(`refuses a token file that holds ${what}`, async () => {
      const tokenFile = join(folder.path, 'token')
      await writeFile(tokenFile, text)
      await rejectsWithCode(ask(undefined, { tokenFile }), 'ERR_RA_TOKEN_FILE_INVALID')
    })
  }

  it('ends at once when the caller gives up', async () => {
    const ending = new AbortController()
    const asked = ask(() => ending.abort(), { signal: ending.signal })
    expect(await asked.catch((error: unknown) => error)).to.equal(ending.signal.reason)
  })
})
