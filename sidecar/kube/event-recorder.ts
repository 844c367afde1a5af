import type { Clock } from '../../src/clock.js'
import type { Logger } from '../../src/log.js'
import type { KubeClient } from './client.js'
import { RESOURCES } from './objects.js'

/** The same event about the same object is told again no sooner than this. */
const REPEAT_MS = 10 * 60_000

/** So many events may wait or be remembered; more are dropped. */
const MAX_REMEMBERED = 2_000

/** At most so many are sent at once: a storm of refusals must not become one of the API server's. */
const MAX_SENDING = 4

/** Limits of the API for the two texts. */
const MAX_NOTE = 1_000

/** The object that an event is about. */
export interface Regarding {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly uid?: string
}

/** Something that people find with `kubectl describe` and `kubectl get events`. */
export interface EventInit {
  readonly type: 'Normal' | 'Warning'
  /** In upper camel case, for machines. */
  readonly reason: string
  /** In upper camel case: what was being done. */
  readonly action: string
  /** For people. No secret. */
  readonly note: string
}

/** Effects and names of {@link createEventRecorder}. */
export interface EventRecorderInit {
  readonly client: Pick<KubeClient, 'create'>
  readonly clock: Clock
  readonly log: Logger
  /** `rolesanywhere.io/injector` */
  readonly controller: string
  /** Of this process: the pod's name. */
  readonly instance: string
  /** Makes names unique. */
  readonly randomId: () => string
}

/** Sends events and forgets them: nothing waits for one, and none that fails is a failure. */
export interface EventRecorder {
  record(regarding: Regarding, event: EventInit): void
  /** Resolves when those under way are sent. */
  flush(): Promise<void>
}

/**
 * A recorder that tells each event once in ten minutes.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
export function createEventRecorder(init: EventRecorderInit): EventRecorder {
  const { client, clock, log } = init
  const told = new Map<string, number>()
  const waiting: object[] = []
  const sending = new Set<Promise<void>>()

  const send = async (event: object): Promise<void> => {
    try {
      await client.create(RESOURCES.events, event as Parameters<typeof client.create>[1])
    } catch (error) {
      log.debug('could not record an event', { error })
    }
  }
  const pump = (): void => {
    while (sending.size < MAX_SENDING && waiting.length > 0) {
      const next = waiting.shift()
      if (!next) return
      const done: Promise<void> = send(next).then(() => {
        sending.delete(done)
        pump()
      })
      sending.add(done)
    }
  }

  return {
    record(regarding, event) {
      const { kind, namespace = '', name } = regarding
      const key = JSON.stringify([kind, namespace, name, event.reason, event.note])
      const now = clock.monotonicMs()
      const last = told.get(key)
      if (last !== undefined && now - last < REPEAT_MS) return
      if (waiting.length >= MAX_REMEMBERED) return
      told.delete(key)
      told.set(key, now)
      for (const oldest of told.keys()) {
        if (told.size <= MAX_REMEMBERED) break
        told.delete(oldest)
      }
      waiting.push({
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: {
          name: `${name.slice(0, 200)}.${init.randomId()}`,
          // The API takes events about objects without a namespace in this one only.
          namespace: regarding.namespace ?? 'default',
        },
        eventTime: clock.now().toISOString().replace('Z', '000Z'),
        reportingController: init.controller,
        reportingInstance: init.instance.slice(0, 128),
        action: event.action,
        reason: event.reason,
        type: event.type,
        note: event.note.slice(0, MAX_NOTE),
        regarding,
      })
      pump()
    },
    async flush() {
      while (sending.size > 0) await Promise.all(sending)
    },
  }
}
