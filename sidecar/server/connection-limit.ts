import { readFileSync } from 'node:fs'

/** Far more than the containers of a pod need. */
const MOST = 4096

/** Descriptors for files, calls to AWS, the health listener and Node itself. */
const OWN = 128

/** What the kernel lets this process open; Node has raised it as far as it may. */
const LIMITS = '/proc/self/limits'

/**
 * How many connections of clients there may be, so that one that leaks sockets cannot take the
 * descriptors that renewing the session needs.
 *
 * @param limits Text of `/proc/self/limits`; without it, or when it says nothing, 4096.
 */
export function connectionLimit(limits: string | undefined): number {
  const [, soft = ''] = /^Max open files +(\d+)/m.exec(limits ?? '') ?? []
  if (soft === '') return MOST
  const descriptors = Number(soft)
  // Where there are few, clients get half of them.
  const forClients = Math.max(descriptors - OWN, Math.floor(descriptors / 2))
  return Math.max(1, Math.min(MOST, forClients))
}

/** Text for {@link connectionLimit}; absent where the system has no such file. */
export function readLimits(): string | undefined {
  try {
    return readFileSync(LIMITS, 'utf8')
  } catch {
    return undefined
  }
}
