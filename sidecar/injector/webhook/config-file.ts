import { readFileSync, statSync } from 'node:fs'
import type { Clock } from '../../../src/clock.js'
import { RolesAnywhereError } from '../../../src/errors.js'
import type { Logger } from '../../../src/log.js'
import { DEFAULT_CONFIG, type InjectorConfig } from '../config/injector-config.js'
import { MAX_CONFIG_BYTES, readInjectorConfig } from '../config/read-config.js'
import { followFiles } from './follow-files.js'

/** The configuration in use. */
export interface ConfigFile {
  current(): InjectorConfig
  /** Whether the file is the one in use. */
  isCurrent(): boolean
  /** Looks at the file now. */
  reload(): void
  stop(): Promise<void>
}

/**
 * Reads the configuration file, and again when it changes. A change that is not usable leaves the
 * configuration before in use and is logged; the annotation prefix stays as it was at the start, since
 * the label selector of the webhook configuration has it too.
 *
 * @param path Absent: the defaults.
 * @throws RolesAnywhereError when the file is not usable at the start.
 */
export function keepConfigFile(
  path: string | undefined,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): ConfigFile {
  if (path === undefined) {
    return {
      current: () => DEFAULT_CONFIG,
      isCurrent: () => true,
      reload: () => {},
      stop: async () => {},
    }
  }
  let text = read(path)
  let held = readInjectorConfig(text, path)
  let failure = ''

  const reload = (): void => {
    try {
      const newer = read(path)
      if (newer === text && failure === '') return
      const config = readInjectorConfig(newer, path)
      if (config.prefix !== held.prefix) {
        throw new RolesAnywhereError(
          'ERR_RA_CONFIG_FILE_INVALID',
          'the annotation prefix cannot be changed while the injector runs',
          { hint: 'change it in the webhook configuration too, and start the injector anew' },
        )
      }
      const isNew = newer !== text
      text = newer
      held = config
      failure = ''
      if (isNew) log.info('configuration taken into use', { path })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== failure)
        log.error('configuration is not usable, keeping the one in use', { error })
      failure = reason
    }
  }
  const stop = followFiles([path], reload, clock)
  return {
    current: () => held,
    isCurrent: () => failure === '',
    reload,
    stop,
  }
}

function read(path: string): string {
  try {
    if (statSync(path).size > MAX_CONFIG_BYTES) {
      throw new RolesAnywhereError('ERR_RA_CONFIG_FILE_INVALID', `${path} is too large`)
    }
    const text = readFileSync(path, 'utf8')
    if (text.trim() !== '') return text
    // Not the defaults: they let everybody use everything, and a file may be empty by mistake.
    throw new RolesAnywhereError('ERR_RA_CONFIG_FILE_INVALID', `${path} is empty`)
  } catch (cause) {
    if (cause instanceof RolesAnywhereError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    throw new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', `cannot read ${path} (${code ?? ''})`, {
      cause,
    })
  }
}
