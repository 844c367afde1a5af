import { lstatSync, type Stats } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { makeFolders } from '../files/make-folders.js'

type Environment = Readonly<Record<string, string | undefined>>

/** A folder that can be used, or why not: a clause for a warning, naming the folder. */
export type CacheFolder = { readonly path: string } | { readonly problem: string }

/** Bits of a mode that let anybody but the owner do something. */
const OTHERS = 0o077

/** Bits of a mode that let anybody but the owner put other files into a folder. */
const OTHERS_WRITE = 0o022

/** The folder of the sessions in the cache folder. */
export const SESSION_FOLDER = 'sessions'

/** Where this program keeps what only saves time. */
export interface CacheBase {
  readonly path: string
  /** A folder that it lies in and that is not made: nobody makes somebody's home. */
  readonly home?: string
}

/**
 * `ROLESANYWHERE_CACHE_DIR`, else a folder of its own in the user's cache folder.
 *
 * @param homeOfUser Says where the home is when `HOME` does not; may throw when there is none.
 * @returns `undefined` for a user without a home.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function cacheBase(env: Environment, homeOfUser: () => string): CacheBase | undefined {
  const own = env['ROLESANYWHERE_CACHE_DIR']
  if (own) return { path: own }
  const xdg = env['XDG_CACHE_HOME']
  // "If an implementation encounters a relative path, it should consider the path invalid."
  if (xdg && isAbsolute(xdg)) return { path: join(xdg, 'rolesanywhere') }
  const home = env['HOME'] || asked(homeOfUser)
  return home ? { path: join(home, '.cache', 'rolesanywhere'), home } : undefined
}

function asked(homeOfUser: () => string): string | undefined {
  try {
    return homeOfUser()
  } catch {
    // A user id without an entry in the user database, as containers have it.
    return undefined
  }
}

/**
 * The folder of the sessions below `base`, made if it is missing. Nobody but this user may be able to
 * look into it, nor to put another one in its place.
 */
export function sessionFolder(base: CacheBase | undefined): CacheFolder {
  return cacheFolder(base, SESSION_FOLDER)
}

/** As {@link sessionFolder}, for another kind of thing that only saves time. */
export function cacheFolder(base: CacheBase | undefined, name: string): CacheFolder {
  if (base === undefined) return { problem: 'this user has no home' }
  const path = join(base.path, name)
  try {
    return trusted(base, path)
  } catch {
    return makeFolder(base, path)
  }
}

/**
 * Makes the folder, for its owner alone, if it is missing.
 *
 * @throws Error from the file system.
 */
export function makeBase({ path, home }: CacheBase): void {
  if (home !== undefined) lstatSync(home)
  makeFolders(path)
}

/** As {@link cacheFolder}, without making anything: `undefined` when there is none yet. */
export function existingCacheFolder(
  base: CacheBase | undefined,
  name: string,
): CacheFolder | undefined {
  if (base === undefined) return undefined
  try {
    return trusted(base, join(base.path, name))
  } catch {
    return undefined
  }
}

/**
 * Whether what lies in the folder can only be this user's own: no link, and nobody else may write.
 *
 * @throws Error from the file system when it is not there.
 */
export const isOwnFolder = (path: string): boolean => distrust(path, OTHERS_WRITE) === undefined

function trusted(base: CacheBase, path: string): CacheFolder {
  const problem = distrust(base.path, OTHERS_WRITE) ?? distrust(path, OTHERS)
  return problem === undefined ? { path } : { problem }
}

function makeFolder(base: CacheBase, path: string): CacheFolder {
  try {
    makeBase(base)
    makeFolders(path)
    return trusted(base, path)
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    return { problem: `"${path}" cannot be made (${code})` }
  }
}

function distrust(path: string, forbidden: number): string | undefined {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) return `"${path}" is a symbolic link`
  if (!found.isDirectory()) return `"${path}" is not a folder`
  if (!isOwn(found)) return `"${path}" belongs to another user`
  if (process.platform === 'win32' || (found.mode & forbidden) === 0) return undefined
  return `"${path}" is open to other users (mode ${(found.mode & 0o777).toString(8)})`
}

/** Whether it belongs to who this process acts as. Windows has no such owner; profiles are private there. */
export const isOwn = ({ uid }: Pick<Stats, 'uid'>): boolean =>
  process.geteuid === undefined || uid === process.geteuid()
