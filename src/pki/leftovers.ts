import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** A file that a run keeps beside its place, as `writeFiles` names it. */
interface Leftover {
  readonly folder: string
  readonly file: string
  readonly name: string
  readonly run: string
  readonly kind: string
}

const FORM = /^\.(.+)\.([0-9a-f]{16})\.(tmp|old)$/

/**
 * Cleans up after a run that was killed, so that no new certificate stays beside an old key: while
 * there is new content that was not moved to its place, what was displaced goes back there. To be
 * called under the lock.
 *
 * @param folders Those that runs write to; they need not exist.
 */
export async function clearLeftovers(folders: readonly string[]): Promise<void> {
  const leftovers = (await Promise.all(folders.map(leftoversIn))).flat()
  const unfinished = new Set(leftovers.filter(({ kind }) => kind === 'tmp').map(({ run }) => run))
  for (const { folder, file, name, run, kind } of leftovers) {
    const path = join(folder, file)
    if (kind === 'old' && unfinished.has(run)) await rename(path, join(folder, name))
    else await rm(path, { force: true })
  }
}

async function leftoversIn(folder: string): Promise<Leftover[]> {
  // A folder that is missing or cannot be read holds nothing to clean up; who needs it will say so.
  const files = await readdir(folder).catch(() => [])
  return files.flatMap((file) => {
    const [, name = '', run = '', kind = ''] = FORM.exec(file) ?? []
    return name === '' ? [] : [{ folder, file, name, run, kind }]
  })
}
