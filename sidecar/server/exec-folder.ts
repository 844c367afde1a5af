import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { RolesAnywhereError } from '../../src/errors.js'

const PREFIX = 'rolesanywhere-'

/** A socket in the folder that is listened on as long as its owner lives. */
const ALIVE = 'alive'

/** A younger folder may be one whose owner is about to listen. */
const LEAST_AGE_MS = 60_000

/** A folder of one process. */
export interface PrivateFolder {
  readonly path: string
  remove(): Promise<void>
}

/**
 * Makes a folder that only this user may look into, for as long as this process lives. It also takes
 * away those that processes of this user left behind which were killed: the system closes the socket
 * of a process however that ends, and unlike a process number it means the same in every container
 * that shares the folder.
 *
 * @param parent The folder for temporary files.
 * @param now By the clock of the file system.
 * @throws RolesAnywhereError `ERR_RA_FILE_UNWRITABLE`.
 */
export async function makePrivateFolder(parent: string, now: Date): Promise<PrivateFolder> {
  await sweep(parent, now)
  const path = await mkdtemp(join(parent, PREFIX)).catch((cause: unknown) => {
    throw unwritable(parent, cause)
  })
  const alive = createServer().unref()
  await listening(alive, join(path, ALIVE))
  return {
    path,
    async remove() {
      alive.close()
      await rm(path, { recursive: true, force: true })
    },
  }
}

function unwritable(parent: string, cause: unknown): RolesAnywhereError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return new RolesAnywhereError(
    'ERR_RA_FILE_UNWRITABLE',
    `no folder can be made in the temporary folder "${parent}" (${code})`,
    { cause, hint: `${isFull ? 'make room there, or ' : ''}set TMPDIR to a folder of this user's` },
  )
}

async function sweep(parent: string, now: Date): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  for (const name of names.filter((one) => one.startsWith(PREFIX))) {
    const path = join(parent, name)
    try {
      const { uid, mtimeMs } = await lstat(path)
      const old = now.getTime() - mtimeMs > LEAST_AGE_MS
      if (!old || uid !== process.getuid?.() || !(await isDead(join(path, ALIVE)))) continue
      await rm(path, { recursive: true, force: true })
    } catch {
      // Gone by itself, or not ours to take away: no reason not to start.
    }
  }
}

/** Whether there is a socket and nobody behind it. */
async function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'))
  })
}

/** Without the socket, for example since the path is too long for one, the folder is never swept. */
async function listening(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve) => {
    server.once('error', () => resolve())
    server.listen(path, resolve)
  })
}
