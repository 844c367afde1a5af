import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, CLIENT_SOURCES } from './client.js'

/** What was installed stays here from one run to the next; it can be deleted at any time. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] || tmpdir(), 'rolesanywhere-interop')

/** @returns The folder of an installed client. It is installed now unless it was before. */
export async function installed({ name, sources, install }: Client): Promise<string> {
  const from = join(CLIENT_SOURCES, sources)
  if (!install) return from
  const hash = createHash('sha256').update(name)
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) hash.update(readFileSync(join(entry.parentPath, entry.name)))
  }
  const folder = join(CACHE, `${sources}-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(folder)) return folder

  // Under another name until it is whole: a run that is interrupted must not leave half of one.
  const partial = `${folder}.${process.pid}`
  try {
    mkdirSync(CACHE, { recursive: true })
    cpSync(from, partial, { recursive: true })
    await install(partial)
    renameSync(partial, folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return folder
}
