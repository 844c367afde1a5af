import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder, and those above it, for the owner only; what is there already stays as it is. In place
 * of Node's own `recursive`, which in Node 20 never ends for a path below `/proc`: there a folder can
 * neither be made nor be found missing, and it tries the one above for ever. This goes up once and down
 * once.
 *
 * @returns the topmost folder that was made, `undefined` when there was nothing to do.
 * @throws Error from the file system.
 */
export function makeFolders(path: string): string | undefined {
  try {
    mkdirSync(path, { mode: 0o700 })
    return path
  } catch (error) {
    if (isFolder(path)) return undefined
    const above = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error
    const first = makeFolders(above)
    makeLast(path)
    return first ?? path
  }
}

/** Another process may have been faster since the one above was made. */
function makeLast(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (!isFolder(path)) throw error
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // Not there, or a link that leads nowhere: the error of making it says more.
    return false
  }
}
