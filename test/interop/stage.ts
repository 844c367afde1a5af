import { once } from 'node:events'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Emulator } from '../../src/emulator/index.js'
import { IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { PROGRAM, type Running, start } from '../support/program.js'

/** Shortest session that the service issues. */
export const SHORTEST_SESSION_MS = 900_000

const WAIT_TIMEOUT_MS = 120_000

/** One scenario's own AWS, credential server and folder. */
export interface Stage {
  readonly emulator: Emulator
  readonly folder: string
  /** Where clients ask; the port is theirs before and after the server runs. */
  readonly uri: string
  readonly tokenFile: string
  /** Sets the service's clock; everybody else's is right. */
  setServiceBehind(ms: number): void
  /** Starts the credential server, and resolves when it answers with a session. */
  serve(flags?: readonly string[]): Promise<void>
  stopServing(): Promise<void>
  /** Puts another token into the file, at once. */
  replaceToken(token: string): Promise<void>
  /** Status that the credential server answers to whoever sends this token. */
  statusFor(token: string): Promise<number>
  close(): Promise<void>
}

/** Opens a stage on which nothing runs yet but the emulator. */
export async function openStage(firstToken: string): Promise<Stage> {
  let behindMs = 0
  let server: Running | undefined
  const emulator = await startAws({ clock: { now: () => new Date(Date.now() - behindMs) } })
  const folder = await mkdtemp(join(tmpdir(), 'rolesanywhere-interop-'))
  const address = `127.0.0.1:${await freePort()}`
  const uri = `http://${address}/v1/credentials`
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, firstToken)

  const statusFor = async (token: string): Promise<number> => {
    const response = await fetch(uri, { headers: { authorization: token } })
    await response.arrayBuffer()
    return response.status
  }
  const stopServing = async (): Promise<void> => {
    await server?.stop()
    server = undefined
  }
  return {
    emulator,
    folder,
    uri,
    tokenFile,
    setServiceBehind: (ms) => (behindMs = ms),
    async serve(flags = []) {
      const where = ['--listen', address, '--health-listen', '127.0.0.1:0']
      const token = ['--authorization-token-file', tokenFile]
      const who = [...IDENTITY_FLAGS, ...targetFlags(emulator.url)]
      const started = start([PROGRAM, 'serve', ...where, ...token, ...who, ...flags])
      server = started
      await started.logged(/serving credentials/)
      const held = await readFile(tokenFile, 'utf8')
      await until('a session to be served', async () => (await statusFor(held)) === 200)
    },
    stopServing,
    async replaceToken(token) {
      await writeFile(`${tokenFile}.new`, token)
      await rename(`${tokenFile}.new`, tokenFile)
    },
    statusFor,
    async close() {
      await stopServing()
      await emulator.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Resolves once the condition holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + WAIT_TIMEOUT_MS
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`waited in vain for ${what}`)
    await sleep(100)
  }
}

/** Resolves when every session that has been issued so far has ended. */
export async function sessionsEnd({ emulator }: Stage): Promise<void> {
  const ends = emulator.sessions.map(({ expiration }) => expiration.getTime())
  await sleep(Math.max(...ends) - Date.now() + 1_000)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
