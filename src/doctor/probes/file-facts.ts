import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { readBounded } from '../../session/read-bounded.js'

/** More than any certificate, key or bundle of roots has a reason to be. */
const MAX_BYTES = 4 * 1024 * 1024

/** Who may do what with a file or folder. */
export interface Access {
  /** Permission bits, without the type of the file. */
  readonly mode: number
  readonly uid: number
}

/** What the file system says of one path. */
export interface FileFacts {
  readonly path: string
  /** Where it really is, when a link is on the way. */
  readonly leadsTo?: string
  /** `undefined` when it can be read, else a system's code such as `ENOENT`, or what it is. */
  readonly problem: string | undefined
  /** Whether the path itself is there, as a link that leads nowhere is. */
  readonly isLink: boolean
  /** Read once, since a pipe gives them only once. */
  readonly bytes?: Uint8Array
  readonly access?: Access
  /** The folder that holds it, links followed. */
  readonly folder?: Access
}

/** Looks at a path: who owns it, where it leads, and whether this process can read it. */
export function fileFacts(path: string): FileFacts {
  const isLink = attempt(() => lstatSync(path))?.isSymbolicLink() ?? false
  const real = attempt(() => realpathSync(path))
  const stats = attempt(() => statSync(path))
  const folder = real === undefined ? undefined : attempt(() => statSync(dirname(real)))
  const { bytes, problem } = read(path)
  return {
    path,
    isLink,
    problem,
    ...(real !== undefined && real !== path && { leadsTo: real }),
    ...(bytes && { bytes }),
    ...(stats && { access: accessOf(stats) }),
    ...(folder && { folder: accessOf(folder) }),
  }
}

const accessOf = ({ mode, uid }: Stats): Access => ({ mode: mode & 0o7777, uid })

function read(path: string): Pick<FileFacts, 'bytes' | 'problem'> {
  try {
    const file = readBounded(path, MAX_BYTES)
    return 'bytes' in file ? { bytes: file.bytes, problem: undefined } : { problem: file.problem }
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code ?? 'unknown error' }
  }
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    // Whether it can be read at all is found out by reading it.
    return undefined
  }
}
