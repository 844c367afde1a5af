import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Says who holds a lock, in one line without a secret: where, which process, since when, and a nonce. */
export type LockHolder = string

/** The line for this process; no two are the same. */
export function newLockHolder(): LockHolder {
  const nonce = randomBytes(12).toString('hex')
  return `${place()} ${process.pid} ${startOf(process.pid) ?? '-'} ${nonce}`
}

/**
 * Whether the process of a line has ended, as far as it can be asked from here.
 *
 * @returns `undefined` for a process of another machine or container, and for a line of somebody else.
 */
export function hasEnded(holder: LockHolder): boolean | undefined {
  const [, where, pid, start] = /^(\S+) (\d{1,10}) (\S+) [0-9a-f]+$/.exec(holder) ?? []
  if (where === undefined || where !== place()) return undefined
  if (!isRunning(Number(pid))) return true
  const since = startOf(Number(pid))
  // Another process may have the number by now.
  return since === ENDED || (since !== undefined && since !== start)
}

/** Numbers of processes mean something only within one boot and one PID namespace. */
function place(): string {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
  const namespace = attempt(() => readlinkSync('/proc/self/ns/pid'))
  return `${hostname()}/${boot ?? '-'}/${namespace ?? '-'}`.replace(/\s/g, '_')
}

/** What {@link startOf} says of a process that nobody has waited for yet. */
const ENDED = 'ended'

/**
 * When a process started, in ticks since boot.
 *
 * @returns `undefined` where the system does not say.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function startOf(pid: number): string | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  // The name of the program, in brackets, may hold anything.
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  return state === 'Z' || state === 'X' ? ENDED : fields[18]
}

/** Signal 0 reaches a process without doing anything to it. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    // Only Linux has these files, and not to every user.
    return undefined
  }
}
