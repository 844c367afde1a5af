import * as nodeModule from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Node 22.8 and later; the types are those of the oldest version supported. */
interface WithCompileCache {
  readonly enableCompileCache?: (folder: string) => unknown
}

// In the user's own folder: Node's default lies in the temporary folder that all users share.
const { enableCompileCache } = nodeModule as WithCompileCache
if (enableCompileCache && process.env['NODE_COMPILE_CACHE'] === undefined) {
  try {
    const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
    enableCompileCache(join(cache, 'rolesanywhere', 'compiled'))
  } catch {
    // A user without a home, as some containers have: the cache only saves time.
  }
}

// After the cache is on, so that the program itself comes out of it. The names are those of the bundles.
if (process.argv[2] === 'credential-process') require('./credential-process.cjs')
else require('./main.cjs')
