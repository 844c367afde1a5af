import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { listen } from '../../sidecar/listen.js'
import {
  type Authorization,
  authorizationByRole,
  tokenAuthorization,
} from '../../sidecar/server/authorization.js'
import { createCredentialServer } from '../../sidecar/server/credential-server.js'
import { quitRoute } from '../../sidecar/server/quit-route.js'
import { openTokenFile } from '../../sidecar/server/token-file.js'
import { silentLogger } from '../../src/log.js'
import { systemClock } from '../../src/system-clock.js'
import { settle } from '../support/manual-clock.js'
import { sendRaw } from '../support/raw-http.js'
import { sessionUntil } from '../support/sessions.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const PATH = '/v1/credentials'
const KNOWN = 'a-token-of-sufficient-length'
const NEWER = 'the-token-that-came-a-moment-ago'

/**
 * Clients read the token file on every request and take 403 for final: nobody may get one because
 * the server has not looked at the file yet.
 */
describe('a token that is newer than the last look at its file', () => {
  const running: Server[] = []
  let quits: number
  let answered: number[]

  beforeEach(() => {
    quits = 0
    answered = []
  })
  afterEach(() => {
    for (const server of running.splice(0)) {
      server.close()
      server.closeAllConnections()
    }
  })

  async function start(authorization: Authorization): Promise<number> {
    const holder = { current: () => sessionUntil(new Date('2126-01-01T00:00:00Z')) }
    const server = createCredentialServer({
      sessions: new Map([
        ['', holder],
        ['reports', holder],
      ]),
      authorization,
      host: '127.0.0.1',
      quit: quitRoute(authorization, () => quits++),
      onAnswer: (_route, status) => answered.push(status),
    })
    running.push(server)
    return Number(new URL(await listen(server, { host: '127.0.0.1', port: 0 })).port)
  }

  async function ask(port: number, token: string, target = PATH, method = 'GET'): Promise<number> {
    const headers = [['Host', '127.0.0.1'] as const, ['Authorization', token] as const]
    return (await sendRaw(port, { method, target, headers, body: '' })).status
  }

  const head = (token: string, line = `GET ${PATH}`): string =>
    `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${token}\r\n\r\n`

  describe('from the file', () => {
    const folder = temporaryFolder()
    let ending: AbortController
    beforeEach(() => (ending = new AbortController()))
    afterEach(() => ending.abort())

    /** A clock whose polls never come. */
    const unpolled = {
      ...systemClock,
      sleep: async (ms: number, options = {}) =>
        systemClock.sleep(ms === 1000 ? 3_600_000 : ms, options),
    }
    const path = (name: string): string => join(folder.path, name)
    async function opened(name: string): Promise<Authorization> {
      const deps = { clock: unpolled, log: silentLogger, signal: ending.signal }
      const { tokens, look } = await openTokenFile(path(name), deps)
      return tokenAuthorization(tokens, look)
    }
    async function replace(name: string, token: string): Promise<void> {
      await writeFile(path(`${name}.new`), token)
      await rename(path(`${name}.new`), path(name))
    }

    it('is good for the first request that brings it, on every route and for every role', async () => {
      const authorization = authorizationByRole(
        new Map([['reports', await opened('reports')]]),
        await opened('token'),
      )
      const port = await start(authorization)
      for (const [name, target, method] of [
        ['token', PATH, 'GET'],
        ['reports', `${PATH}/reports`, 'HEAD'],
        ['token', '/v1/quit', 'POST'],
      ] as const) {
        const token = `${NEWER}-${name}-${method}`
        await replace(name, token)
        expect(await ask(port, token, target, method), `${method} ${target}`).to.equal(200)
      }
      expect(answered).to.deep.equal([200, 200, 200])
      expect(await ask(port, `${NEWER}-token-POST`, `${PATH}/reports`), 'other role').to.equal(403)
      expect(await ask(port, `${NEWER}-reports-HEAD`), 'the token of the role').to.equal(403)
    })

    it('is good for a crowd that brings it at the same moment, some with a wrong one', async () => {
      const port = await start(await opened('token'))
      await replace('token', NEWER)
      const crowd = Array.from({ length: 60 }, async (_, index) =>
        ask(port, index % 3 === 0 ? `wrong-${index}` : NEWER),
      )
      const statuses = await Promise.all(crowd)
      expect(statuses.filter((status) => status === 200)).to.have.length(40)
      expect(statuses.filter((status) => status === 403)).to.have.length(20)
    })
  })

  describe('while the look takes its time', () => {
    let tokens: readonly string[]
    let looks: number
    let looked: (() => void)[]
    beforeEach(() => {
      tokens = [KNOWN]
      looks = 0
      looked = []
    })

    const slow = (): Authorization =>
      tokenAuthorization(
        () => tokens,
        async () => {
          looks++
          await new Promise<void>((resolve) => looked.push(resolve))
        },
      )
    const end = (): void => {
      for (const resolve of looked.splice(0)) resolve()
    }
    async function until(done: () => boolean): Promise<void> {
      while (!done()) await settle()
    }

    it('answers other clients meanwhile, and looks for no token that it knows', async () => {
      const port = await start(slow())
      const waiting = ask(port, NEWER)
      await until(() => looks === 1)
      expect(await ask(port, KNOWN)).to.equal(200)
      expect(await ask(port, '')).to.equal(401)
      expect(await ask(port, 'x'.repeat(2000))).to.equal(403)
      expect(looks).to.equal(1)
      tokens = [NEWER, KNOWN]
      end()
      expect(await waiting).to.equal(200)
    })

    it('refuses it when the file does not hold it', async () => {
      const port = await start(slow())
      const waiting = ask(port, NEWER)
      await until(() => looks === 1)
      end()
      expect(await waiting).to.equal(403)
      expect(looks).to.equal(1)
    })

    it('answers requests on one connection in their order', async () => {
      const port = await start(slow())
      const socket = connect(port, '127.0.0.1')
      let text = ''
      socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
      socket.write(head('wrong') + head(KNOWN) + head(NEWER) + head('', `GET /nowhere`))
      await until(() => looks === 2)
      expect(text).to.equal('')
      tokens = [NEWER, KNOWN]
      end()
      await until(() => (text.match(/HTTP\/1\.1 /g)?.length ?? 0) === 4)
      expect(text.match(/(?<=HTTP\/1\.1 )\d+/g)).to.deep.equal(['403', '200', '200', '404'])
      socket.destroy()
    })

    it('lets a connection have eight requests that wait, and refuses more', async () => {
      const port = await start(slow())
      const socket = connect(port, '127.0.0.1')
      let text = ''
      socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
      socket.write(head('wrong').repeat(200))
      await until(() => answered.length === 192)
      expect(looks).to.equal(8)
      expect(answered.every((status) => status === 403)).to.equal(true)
      end()
      await until(() => (text.match(/HTTP\/1\.1 403/g)?.length ?? 0) === 200)
      socket.write(head(NEWER))
      await until(() => looks === 9)
      tokens = [NEWER]
      end()
      await until(() => text.includes('HTTP/1.1 200'))
      socket.destroy()
    })

    it('lives on when the client is gone before the answer', async () => {
      const port = await start(slow())
      for (const leave of ['destroy', 'resetAndDestroy'] as const) {
        const socket = connect(port, '127.0.0.1')
        socket.write(head(NEWER))
        await until(() => looked.length === 1)
        const closed = once(running[0]!, 'connection')
        socket[leave]()
        // What came later on another connection is served, so what came before is known.
        const other = ask(port, KNOWN)
        await closed
        expect(await other).to.equal(200)
        end()
      }
      await until(() => answered.length === 4)
      expect(await ask(port, KNOWN)).to.equal(200)
    })

    it('ends the server for a client that asked for it and is gone by then', async () => {
      const port = await start(slow())
      const socket = connect(port, '127.0.0.1')
      const [[accepted]] = (await Promise.all([
        once(running[0]!, 'connection'),
        once(socket, 'connect'),
      ])) as [[{ destroyed: boolean }], unknown]
      socket.write(head(NEWER, 'POST /v1/quit'))
      await until(() => looks === 1)
      socket.resetAndDestroy()
      await until(() => accepted.destroyed)
      expect(quits).to.equal(0)
      tokens = [NEWER]
      end()
      await until(() => answered.length === 1)
      expect(answered).to.deep.equal([200])
      expect(quits).to.equal(1)
    })
  })
})
