import { RolesAnywhereError } from './errors.js'

/** Severity of a log line, most urgent first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const

/**
 * `error`: someone must act. `warn`: degraded but serving. `info`: state changed. `debug`: decisions.
 */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** `json` for machines, `text` for a terminal. */
export type LogFormat = 'json' | 'text'

/**
 * What may ride along with a message. Each event names its own fields; whole requests, headers,
 * bodies, environments and documents are never passed. An `Error` is reduced to its code and message.
 */
export type LogFields = Readonly<Record<string, unknown>>

/** Writes lines for people and log collectors. No method ever throws. */
export interface Logger {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
}

/** What {@link createLogger} needs from the world. */
export interface LoggerInit {
  readonly component: string
  readonly level: LogLevel
  readonly format: LogFormat
  readonly now: () => Date
  /** Receives one whole line with its line feed. */
  readonly write: (line: string) => void
}

/** A logger that drops every line. */
export const silentLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
}

/**
 * A logger with the fixed fields `time`, `level`, `component` and `msg`, one line per event.
 * `Secret` values print as `[redacted]`.
 */
export function createLogger(init: LoggerInit): Logger {
  const threshold = LOG_LEVELS.indexOf(init.level)
  const line =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) > threshold) return
      init.write(formatLine(init, level, message, fields))
    }
  return { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') }
}

/** A logger that adds the same fields to every line. */
export function logWith(log: Logger, fixed: LogFields): Logger {
  const line =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      log[level](message, { ...fixed, ...fields })
  return { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') }
}

function formatLine(init: LoggerInit, level: LogLevel, msg: string, fields: LogFields): string {
  const flat = Object.entries(fields).flatMap(([name, value]) => describe(name, value))
  const time = init.now().toISOString()
  if (init.format === 'json') {
    const fixed = { time, level, component: init.component, msg }
    return `${JSON.stringify({ ...Object.fromEntries(flat), ...fixed })}\n`
  }
  const tail = flat.map(([name, value]) => ` ${name}=${textValue(value)}`).join('')
  return `${time} ${level.toUpperCase().padEnd(5)} ${msg}${tail}\n`
}

/** An error becomes its code and message: its other properties may hold more than a log should. */
function describe(name: string, value: unknown): [name: string, value: unknown][] {
  if (value === undefined) return []
  if (value instanceof Date) return [[name, value.toISOString()]]
  if (!(value instanceof Error)) return [[name, value]]
  const code = value instanceof RolesAnywhereError ? value.code : value.name
  return [
    [name, value.message],
    [`${name}Code`, code],
  ]
}

/** Quoted when it holds a space or a control character, so that one event stays one line. */
function textValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return typeof value === 'string' && /[\s"=\u0000-\u001f]/.test(text) ? JSON.stringify(text) : text
}
