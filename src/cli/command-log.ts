import { resolveOptional } from '../config/resolve.js'
import { PROGRAM_SETTINGS } from '../config/settings.js'
import { createLogger, type LogFormat, type Logger, type LogLevel } from '../log.js'
import type { FlagValues, Io } from './command.js'

/**
 * The logger that `--log-level`, `--log-format` and `--debug` ask for, on standard error.
 *
 * @param quietest Level when none was asked for.
 * @throws RolesAnywhereError `ERR_RA_SETTING_INVALID`.
 */
export function commandLog(
  component: string,
  flags: FlagValues,
  io: Io,
  quietest: LogLevel = 'info',
): Logger {
  const sources = { flags, env: io.env, profile: { name: '', values: {} } }
  const asked = resolveOptional<LogLevel>(
    { ...PROGRAM_SETTINGS.logLevel, fallback: quietest },
    sources,
  )
  const format = resolveOptional<LogFormat>(PROGRAM_SETTINGS.logFormat, sources)?.value
  return createLogger({
    component,
    level: flags.has(PROGRAM_SETTINGS.debug.flag) ? 'debug' : (asked?.value ?? quietest),
    format: format ?? (io.stderrIsTerminal ? 'text' : 'json'),
    now: () => io.clock.now(),
    write: (line) => io.stderr(line),
  })
}
