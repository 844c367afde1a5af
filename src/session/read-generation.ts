import type { IdentityInput } from '../x509/read-identity.js'
import { type IdentityFiles, readIdentityFiles } from './identity-files.js'
import { pinnedPaths } from './pinned-path.js'

/** A folder may be swapped again while the second read is under way; not over and over. */
const MAX_READS = 3

/**
 * Reads the files of an identity as one generation: all of them from the folders that the links lead
 * to at one moment. When the folder is taken away during the read, the new one is read.
 *
 * @throws RolesAnywhereError `ERR_RA_CERTIFICATE_UNREADABLE` or `ERR_RA_KEY_UNREADABLE`, and for a
 *   token whatever reading it throws.
 */
export async function readGeneration(
  files: IdentityFiles,
  env: Readonly<Record<string, string | undefined>>,
): Promise<IdentityInput> {
  for (let reads = 1; ; reads++) {
    const found = new Map<string, string>()
    const locate = pinnedPaths()
    const noted = (path: string): string => {
      const real = locate(path)
      found.set(path, real)
      return real
    }
    try {
      return await readIdentityFiles(files, env, noted)
    } catch (error) {
      const again = pinnedPaths()
      const moved = [...found].some(([path, real]) => again(path) !== real)
      if (!moved || reads === MAX_READS) throw error
    }
  }
}
