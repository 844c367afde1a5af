import type { Clock } from '../../src/clock.js'
import { RolesAnywhereError } from '../../src/errors.js'
import type { LogFields, Logger } from '../../src/log.js'
import type { SidecarEvent } from './observer.js'

/** More than a person reads. */
const MAX_EVENTS = 50

/** The last things that happened, for the status page. */
export interface EventList {
  /** Oldest first. */
  list(): readonly SidecarEvent[]
  /** A logger that also keeps what it is told, of a role where one is named. */
  listening(log: Logger, role?: string): Logger
}

/**
 * An empty list. Of a log line it keeps the message and the code of the error, never another field:
 * the list is shown to everybody who reaches the health listener.
 */
export function createEventList(clock: Pick<Clock, 'now'>): EventList {
  const events: SidecarEvent[] = []

  function listening(log: Logger, role?: string): Logger {
    const line =
      (level: SidecarEvent['level']) =>
      (message: string, fields: LogFields = {}): void => {
        log[level](message, fields)
        const { error } = fields
        const code = error instanceof RolesAnywhereError ? ` (${error.code})` : ''
        const named = role === undefined ? {} : { role }
        events.push({ at: clock.now(), level, message: `${message}${code}`, ...named })
        if (events.length > MAX_EVENTS) events.shift()
      }
    return {
      error: line('error'),
      warn: line('warn'),
      info: line('info'),
      debug: (message, fields) => log.debug(message, fields),
    }
  }

  return { list: () => [...events], listening }
}
