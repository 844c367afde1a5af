import type { Clock } from '../../src/clock.js'
import type { Logger } from '../../src/log.js'
import type { SidecarOptions } from './start-sidecar.js'
import { openTokenFile } from './token-file.js'

/**
 * Makes the token files that do not exist yet, with nothing else of the server: for an init container,
 * where the application starts before or together with the server and looks for its token at once.
 *
 * @throws RolesAnywhereError `ERR_RA_TOKEN_FILE_INVALID`.
 */
export async function makeTokenFiles(
  { tokenFile, roleTokenFiles = new Map(), tokenFileMode }: SidecarOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<void> {
  const watch = new AbortController()
  const paths = [...(tokenFile === undefined ? [] : [tokenFile]), ...roleTokenFiles.values()]
  try {
    for (const path of paths) {
      const mode = tokenFileMode === undefined ? {} : { mode: tokenFileMode }
      await openTokenFile(path, { clock, log, signal: watch.signal, ...mode })
    }
  } finally {
    watch.abort()
  }
}
