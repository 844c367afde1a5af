import { homedir } from 'node:os'
import { cacheBase, existingSessionFolder } from '../cache/cache-folder.js'
import { type Freshness, freshness } from '../cache/freshness.js'
import type { SessionEntry } from '../cache/session-entry.js'
import { clearSessions, listSessions } from '../cache/session-files.js'
import { RolesAnywhereError } from '../errors.js'
import type { Command, Flag, Io } from './command.js'

const JSON_FLAG: Flag = { name: 'json', help: 'print JSON instead of a table' }

/** Prints what the session cache holds: for whom and for how long, never a secret. */
export const cacheListCommand: Command = {
  usage: 'cache list [flags]',
  summary: 'List the sessions that credential-process shares',
  flags: [JSON_FLAG],
  example: 'cache list',
  async run({ flags }, io) {
    const now = io.clock.now()
    const entries = foundIn(io, listSessions) ?? []
    const sorted = entries.toSorted((a, b) => expiry(a) - expiry(b))
    if (flags.has(JSON_FLAG.name)) {
      io.stdout(
        `${JSON.stringify(
          sorted.map((entry) => described(entry, now)),
          undefined,
          2,
        )}\n`,
      )
    } else {
      io.stdout(table(sorted, now))
    }
    return Promise.resolve(0)
  },
}

/** Empties the session cache. The sessions themselves live on: AWS has no way to end one. */
export const cacheClearCommand: Command = {
  usage: 'cache clear',
  summary: 'Remove the sessions that credential-process shares',
  description: `The next call of credential-process obtains a new session. Sessions that were
handed out stay valid until they end: AWS has no way to end a session early.`,
  flags: [],
  example: 'cache clear',
  async run(_, io) {
    const count = foundIn(io, clearSessions) ?? 0
    io.stdout(`removed ${count} ${count === 1 ? 'session' : 'sessions'}\n`)
    return Promise.resolve(0)
  },
}

/** @returns `undefined` when there is no cache so far. */
function foundIn<T>(io: Io, look: (folder: string) => T): T | undefined {
  const folder = existingSessionFolder(cacheBase(io.env, homedir))
  if (folder === undefined) return undefined
  if ('problem' in folder) {
    throw new RolesAnywhereError(
      'ERR_RA_FILE_UNREADABLE',
      `the session cache is not used: ${folder.problem}`,
      {
        hint: 'make it a folder that only you can read (mode 700), or set ROLESANYWHERE_CACHE_DIR',
      },
    )
  }
  try {
    return look(folder.path)
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new RolesAnywhereError(
      'ERR_RA_FILE_UNREADABLE',
      `session cache "${folder.path}" (${code})`,
      { cause, hint: 'check the file system that it is on' },
    )
  }
}

const expiry = ({ credentials }: SessionEntry): number => credentials.expiration.getTime()

const STATE: Readonly<Record<Freshness, string>> = {
  fresh: 'fresh',
  due: 'due for renewal',
  held: 'renewal failed',
  late: 'to be renewed first',
  spent: 'ended',
}

function described(entry: SessionEntry, now: Date): Readonly<Record<string, unknown>> {
  const { certificates, privateKey, verifyTls, ...who } = entry.identity
  return {
    ...who,
    certificateIssuer: entry.issuer,
    certificateSerial: entry.serial,
    accessKeyId: entry.credentials.accessKeyId,
    issuedAt: entry.issuedAt,
    refreshAt: entry.refreshAt,
    expiration: entry.credentials.expiration,
    state: STATE[freshness(entry, now)],
  }
}

function table(entries: readonly SessionEntry[], now: Date): string {
  if (entries.length === 0) return 'no sessions\n'
  const rows = entries.map((entry) => [
    entry.identity.roleArn,
    entry.identity.region,
    entry.credentials.expiration.toISOString().replace(/\.\d{3}Z$/, 'Z'),
    STATE[freshness(entry, now)],
    `${entry.serial} of ${entry.issuer}`,
  ])
  const all = [['ROLE', 'REGION', 'EXPIRES', 'STATE', 'CERTIFICATE'], ...rows]
  const widths = all[0]?.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0))) ?? []
  return all
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
