import type { FaultKind } from './faults.js'

/** One request as the emulator saw it. Holds no header, no body and no secret. */
export interface RecordedRequest {
  readonly id: string
  readonly at: Date
  readonly method: string
  /** Without its query. */
  readonly path: string
  readonly operation: string
  /** `pending` until it is answered; `cut` when the connection ended without an answer. */
  readonly outcome: 'pending' | 'granted' | 'refused' | 'cut'
  readonly status?: number
  readonly errorCode?: string
  /** Why it was refused, in more words than the client got. */
  readonly reason?: string
  /** ARN of the assumed role that was verified, or that was made. */
  readonly principal?: string
  readonly fault?: FaultKind
}

/** Enough for any test; the oldest go first. */
const MAX_REQUESTS = 1000
const MAX_PATH_CHARACTERS = 1024

/** The last requests, oldest first. */
export class Recorder {
  readonly #requests = new Map<string, RecordedRequest>()

  get all(): readonly RecordedRequest[] {
    return [...this.#requests.values()]
  }

  clear(): void {
    this.#requests.clear()
  }

  start(request: Omit<RecordedRequest, 'outcome'>): void {
    const path = request.path.slice(0, MAX_PATH_CHARACTERS)
    this.#requests.set(request.id, { ...request, path, outcome: 'pending' })
    const [oldest] = this.#requests.keys()
    if (this.#requests.size > MAX_REQUESTS && oldest !== undefined) this.#requests.delete(oldest)
  }

  finish(
    id: string,
    result: Omit<RecordedRequest, 'id' | 'at' | 'method' | 'path' | 'operation'>,
  ): void {
    const request = this.#requests.get(id)
    if (request) this.#requests.set(id, { ...request, ...result })
  }
}
