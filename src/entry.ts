import * as nodeModule from 'node:module'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { cacheBase, isOwnFolder, makeBase } from './cache/cache-folder.js'

/** Node 22.8 and later; the types are those of the oldest version supported. */
interface WithCompileCache {
  readonly enableCompileCache?: (folder: string) => unknown
}

// In the user's own folder, and only if nobody else can write there: what lies in it is run. Node's
// default is in the temporary folder that all users share.
const { enableCompileCache } = nodeModule as WithCompileCache
if (enableCompileCache && process.env['NODE_COMPILE_CACHE'] === undefined) {
  try {
    const base = cacheBase(process.env, homedir)
    if (base !== undefined) {
      makeBase(base)
      if (isOwnFolder(base.path)) enableCompileCache(join(base.path, 'compiled'))
    }
  } catch {
    // A user without a home, or a disk that is not for writing: the cache only saves time.
  }
}

/** Docker and the kubelet start the program by names of their own; these are the commands they mean. */
const CALLED: Readonly<Record<string, readonly string[]>> = {
  // Whatever docker says is an argument of its protocol, and no flag of ours.
  'docker-credential-rolesanywhere': ['ecr', 'docker-credential', '--'],
  'rolesanywhere-ecr-credential-provider': ['ecr', 'credential-provider'],
}
// A second instance has a longer name: the kubelet tells its providers apart by their files.
const calledBy = basename(process.argv[1] ?? '')
const meant = Object.keys(CALLED).find((name) => calledBy.startsWith(name)) ?? ''
process.argv.splice(2, 0, ...(CALLED[meant] ?? []))

// After the cache is on, so that the program itself comes out of it. The names are those of the bundles.
const [, , first, second = ''] = process.argv
if (first === 'credential-process') require('./credential-process.cjs')
else if (first === 'serve' || first === 'exec' || first === 'update') require('./sidecar.cjs')
else if (
  first === 'ecr' &&
  /^(docker-credential|credential-provider|login-password)$/.test(second)
) {
  require('./ecr.cjs')
} else require('./main.cjs')
