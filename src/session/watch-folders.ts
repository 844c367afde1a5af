import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Calls `onChange` when something happens in the folders that the files lie in. Some volumes tell of
 * nothing or not of everything, and a folder that is replaced as a whole is lost: whoever must not
 * miss a change also looks from time to time. Does not keep the process alive.
 *
 * @param paths Files; `env:NAME` and `pkcs11:` sources are passed over.
 * @returns a function that ends it.
 */
export function watchFolders(paths: readonly string[], onChange: () => void): () => void {
  const folders = new Set(paths.filter((path) => !/^(env|pkcs11):/i.test(path)).map(dirname))
  const watchers = [...folders].flatMap((folder): FSWatcher[] => {
    try {
      const watcher = watch(folder, { persistent: false }, () => onChange())
      watcher.on('error', () => watcher.close())
      return [watcher]
    } catch {
      // No such folder yet, or no more watches to be had.
      return []
    }
  })
  return () => {
    for (const watcher of watchers) watcher.close()
  }
}
