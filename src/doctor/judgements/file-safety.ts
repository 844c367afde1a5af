import type { ErrorCode } from '../../errors.js'
import { missingFileHint } from '../../session/text-for-path.js'
import { failed, type Finding, ok, warning } from '../finding.js'
import type { Access, FileFacts } from '../probes/file-facts.js'

/** What a file is given as. */
export interface FileRole {
  /** What messages call it, for example `private key`. */
  readonly what: string
  /** Of the error when it cannot be read. */
  readonly code: ErrorCode
  /** Whether whoever can read it can be the workload. */
  readonly secret: boolean
}

const READ_BY_OTHERS = 0o004
const WRITTEN_BY_GROUP = 0o020
const WRITTEN_BY_OTHERS = 0o002
const STICKY = 0o1000

/**
 * Says whether a file can be read, and whether anybody else can read or replace it who should not.
 *
 * @param uid The user who asks; absent where files have no such owners.
 */
export function judgeFile(facts: FileFacts, role: FileRole, uid: number | undefined): Finding {
  const name = `${role.what} "${facts.path}"`
  const detail = detailOf(facts)
  if (facts.problem !== undefined) {
    const { what, hint } = whyUnreadable(facts)
    return failed(role.code, `${name} ${what}`, hint, detail)
  }
  if (facts.bytes?.length === 0) {
    const hint = 'check that whatever writes the file has finished'
    return failed(role.code, `${name} is empty`, hint, detail)
  }
  const concern = uid === undefined ? undefined : concernOf(facts, role, uid)
  if (concern) return warning(`${name} ${concern.what}`, concern.hint, detail)
  return ok(`${name}${placeOf(facts)}`, detail)
}

interface Concern {
  readonly what: string
  readonly hint: string
}

const UNREADABLE: Readonly<Record<string, Concern>> = {
  ENOTDIR: { what: 'does not exist', hint: 'check the path: a part of it is no folder' },
  EACCES: {
    what: 'may not be read by this user',
    hint: 'check owner and mode of the file and of the folders above it; in a pod, set fsGroup',
  },
  EPERM: {
    what: 'may not be read by this user',
    hint: 'check what the system forbids this process, besides owner and mode',
  },
  ELOOP: { what: 'is a link that leads back to itself', hint: 'repair the link' },
  folder: { what: 'is a folder', hint: 'name the file in it, for example tls.crt or tls.key' },
  'silent pipe': {
    what: 'is a pipe that nobody writes to',
    hint: 'check the path, or the command that should write to the pipe',
  },
  'too large': {
    what: 'is too large',
    hint: 'check the path: certificates and keys are a few kilobytes',
  },
}

function whyUnreadable({ path, problem = '', isLink }: FileFacts): Concern {
  if (problem === 'ENOENT' && isLink) {
    return {
      what: 'is a link that leads nowhere',
      hint: 'repair the link, or name the file itself',
    }
  }
  if (problem === 'ENOENT') return { what: 'does not exist', hint: missingFileHint(path) }
  return (
    UNREADABLE[problem] ?? {
      what: `cannot be read (${problem})`,
      hint: 'check the file and the file system that it is on',
    }
  )
}

/** The worst first; one sentence is enough to act on. */
function concernOf(
  { access, folder }: FileFacts,
  { secret }: FileRole,
  uid: number,
): Concern | undefined {
  if (access && secret && (access.mode & READ_BY_OTHERS) !== 0) {
    return {
      what: `can be read by every user of this machine (mode ${octal(access)})`,
      hint: 'chmod 600, and have a new key made if the machine has other users',
    }
  }
  if (access && (access.mode & (WRITTEN_BY_GROUP | WRITTEN_BY_OTHERS)) !== 0) {
    return {
      what: `can be changed by others than its owner (mode ${octal(access)})`,
      hint: secret ? 'chmod 600' : 'chmod 644',
    }
  }
  if (access && secret && isStranger(access, uid)) {
    return {
      what: `belongs to another user (uid ${access.uid}, this is ${uid})`,
      hint: 'chown it to the user that the workload runs as',
    }
  }
  if (folder && (folder.mode & WRITTEN_BY_OTHERS) !== 0 && (folder.mode & STICKY) === 0) {
    return {
      what: `is in a folder that every user can change (mode ${octal(folder)})`,
      hint: 'put it into a folder that only its owner can change',
    }
  }
  return undefined
}

/** Root owns what is mounted, and may own whatever it wants. */
const isStranger = ({ uid: owner }: Access, uid: number): boolean =>
  uid !== 0 && owner !== 0 && owner !== uid

const octal = ({ mode }: Access): string => mode.toString(8).padStart(4, '0')

function placeOf({ access, leadsTo }: FileFacts): string {
  const mode = access ? `, mode ${octal(access)}` : ''
  return leadsTo === undefined ? mode : `${mode}, which is "${leadsTo}"`
}

const detailOf = ({ path, leadsTo, problem, bytes, access }: FileFacts): Finding['detail'] => ({
  path,
  leadsTo,
  problem,
  bytes: bytes?.length,
  mode: access && octal(access),
  uid: access?.uid,
})
