import { constants } from 'node:fs'
import { access, link, open, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { RolesAnywhereError } from '../errors.js'
import { makeFolders } from '../files/make-folders.js'

/** One file to make, to replace or to remove. */
export interface FileChange {
  readonly path: string
  /** `undefined`: the file is removed, if it is there. */
  readonly content: string | Buffer | undefined
  /** The content is a private key: nobody but the owner may read the file, from its first byte on. */
  readonly secret?: boolean
  /** An existing file gives way. */
  readonly replace: boolean
}

/**
 * Makes all changes, or none: new content is written beside its place and moved there when all of it
 * is on disk; a failure puts back what was moved. New folders are for the owner only.
 *
 * @param suffix Tells this run's temporary files from those of another.
 * @throws RolesAnywhereError `ERR_RA_FILE_EXISTS` or `ERR_RA_FILE_UNWRITABLE`.
 */
export async function writeFiles(changes: readonly FileChange[], suffix: string): Promise<void> {
  await requireAbsent(changes)
  const undo: (() => Promise<void>)[] = []
  try {
    for (const folder of new Set(changes.map(({ path }) => dirname(path)))) {
      undo.push(await makeFolder(folder))
    }
    const staged = []
    for (const change of changes) {
      const temporary = beside(change.path, `${suffix}.tmp`)
      undo.push(() => rm(temporary, { force: true }))
      if (change.content !== undefined) await writeNew(temporary, change.content, change.secret)
      staged.push({ change, temporary })
    }
    for (const { change, temporary } of staged) {
      undo.push(await exchange(change, temporary, beside(change.path, `${suffix}.old`)))
    }
  } catch (error) {
    for (const step of undo.reverse()) {
      // What cannot be put back must not hide why the run failed.
      await step().catch(() => {})
    }
    throw error
  }
  for (const { path } of changes) await rm(beside(path, `${suffix}.old`), { force: true })
}

/**
 * Looks before any work is done whether a file is in the way.
 *
 * @throws RolesAnywhereError `ERR_RA_FILE_EXISTS` naming the first such file.
 */
export async function requireAbsent(
  changes: readonly Pick<FileChange, 'path' | 'replace'>[],
): Promise<void> {
  for (const { path, replace } of changes) {
    if (!replace && (await exists(path))) throw alreadyExists(path)
  }
}

/**
 * Makes a folder, and those above it, for the owner only.
 *
 * @returns what takes away again the folders that were made, if they are empty.
 * @throws RolesAnywhereError `ERR_RA_FILE_UNWRITABLE`.
 */
export async function makeFolder(folder: string): Promise<() => Promise<void>> {
  const first = makeOrThrow(folder)
  return async () => {
    if (first === undefined) return
    const stop = dirname(resolve(first))
    for (let next = resolve(folder); next !== stop; next = dirname(next)) await rmdir(next)
  }
}

function makeOrThrow(folder: string): string | undefined {
  try {
    return makeFolders(resolve(folder))
  } catch (cause) {
    throw unwritable(folder, cause)
  }
}

async function writeNew(path: string, content: string | Buffer, secret = false): Promise<void> {
  try {
    const file = await open(path, 'wx', secret ? 0o600 : 0o644)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/** Puts the new file in its place, keeping the old one beside it; returns what puts the old one back. */
async function exchange(
  { path, content, replace }: FileChange,
  temporary: string,
  old: string,
): Promise<() => Promise<void>> {
  const takeAway = (): Promise<void> => rm(path, { force: true })
  const putBack = (): Promise<void> => rename(old, path)
  let displaced = false
  try {
    if (replace && (await exists(path))) {
      await rename(path, old)
      displaced = true
    }
    if (content !== undefined) await moveWithoutReplacing(temporary, path)
  } catch (cause) {
    if (displaced) await putBack()
    if (errorCode(cause) === 'EEXIST') throw alreadyExists(path, cause)
    throw unwritable(path, cause)
  }
  if (displaced) return putBack
  return content === undefined ? async () => {} : takeAway
}

/** A hard link fails where a rename would silently replace. */
async function moveWithoutReplacing(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    // File systems without hard links: the file was found absent a moment ago.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errorCode(error))) throw error
    await rename(from, to)
  }
  await rm(from, { force: true })
}

const beside = (path: string, suffix: string): string =>
  join(dirname(path), `.${basename(path)}.${suffix}`)

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
}

/** `ENOENT` and the like; empty when the value is not a system error. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : ''
}

function alreadyExists(path: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_FILE_EXISTS', `file "${path}" exists already`, {
    cause,
    hint: 'choose another name, or replace it with --force',
  })
}

function unwritable(path: string, cause: unknown): RolesAnywhereError {
  const reason = errorCode(cause)
  return new RolesAnywhereError(
    'ERR_RA_FILE_UNWRITABLE',
    `cannot write "${path}"${reason && ` (${reason})`}`,
    {
      cause,
      hint: 'check that the folder exists, who may write to it, and that the disk is not full',
    },
  )
}
