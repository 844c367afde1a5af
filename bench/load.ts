import { connect, type Socket } from 'node:net'

/** What a load run measured. */
export interface LoadResult {
  readonly requestsPerSecond: number
  /** Sorted, in milliseconds. */
  readonly latenciesMs: readonly number[]
}

/** How much load, and for how long. */
export interface LoadOptions {
  readonly connections: number
  readonly durationMs: number
  /** Wait between an answer and the next request. Default: none. */
  readonly pauseMs?: number
}

/**
 * Sends the same request over kept-alive connections, the next as soon as the last is answered. Raw
 * sockets: an HTTP client written in JavaScript would take longer than the server that it measures.
 */
export async function load(
  port: number,
  request: string,
  { connections, durationMs, pauseMs = 0 }: LoadOptions,
): Promise<LoadResult> {
  const latenciesMs: number[] = []
  const startMs = performance.now()
  const endMs = startMs + durationMs
  await Promise.all(
    Array.from({ length: connections }, async () =>
      ask(connect(port, '127.0.0.1'), request, { endMs, pauseMs }, latenciesMs),
    ),
  )
  const seconds = (performance.now() - startMs) / 1000
  return {
    requestsPerSecond: latenciesMs.length / seconds,
    latenciesMs: latenciesMs.sort((a, b) => a - b),
  }
}

async function ask(
  socket: Socket,
  request: string,
  { endMs, pauseMs }: { readonly endMs: number; readonly pauseMs: number },
  latenciesMs: number[],
): Promise<void> {
  socket.setNoDelay(true)
  await new Promise<void>((resolve, reject) => {
    let sentMs = 0
    let missing: number | undefined
    const send = (): void => {
      sentMs = performance.now()
      missing = undefined
      socket.write(request)
    }
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.on('data', (chunk: Buffer) => {
      missing ??= answerLength(chunk)
      missing -= chunk.length
      if (missing > 0) return
      const nowMs = performance.now()
      latenciesMs.push(nowMs - sentMs)
      if (nowMs >= endMs) socket.end()
      else if (pauseMs > 0) setTimeout(send, pauseMs)
      else send()
    })
  })
}

/** Bytes of the whole answer. Its head comes in one piece on loopback. */
function answerLength(chunk: Buffer): number {
  const head = chunk.toString('latin1', 0, chunk.indexOf('\r\n\r\n') + 4)
  const status = /^HTTP\/1\.1 (\d+)/.exec(head)?.[1]
  if (status !== '200') throw new Error(`the server answered ${status ?? 'nonsense'}`)
  return head.length + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
}
