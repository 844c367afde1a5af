import { RolesAnywhereError } from '../../src/errors.js'
import {
  type Engine,
  MAX_TRIES,
  PARALLEL,
  type PullSecretDeps,
  type PullSecretOptions,
  startEngine,
} from './engine.js'
import { reconcileNamespace } from './reconcile.js'

/**
 * Brings every namespace to where it should be, once, and ends.
 *
 * @throws RolesAnywhereError the first failure that several tries did not get over, also of a registry
 *   whose password could not be obtained; everything else is done before.
 */
export async function runPullSecretsOnce(
  options: PullSecretOptions,
  deps: PullSecretDeps,
  signal: AbortSignal,
): Promise<void> {
  const engine = startEngine(options, deps, { onChange: () => {}, onTokens: () => {} })
  const failed: Error[] = []
  try {
    const read = engine.cluster.readWithin(MAX_TRIES, signal)
    await Promise.race([Promise.all([read, engine.tokens.first]), aborted(signal)])
    const queue = engine.cluster.namespaces()[Symbol.iterator]()
    const worker = async (): Promise<void> => {
      for (const namespace of queue) {
        if (signal.aborted) return
        await persistently(namespace, engine, deps, signal).catch((error: unknown) => {
          engine.metrics.onWrite('failed')
          deps.log.error('namespace not done', { namespace, error })
          failed.push(error instanceof Error ? error : new Error(String(error)))
        })
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, worker))
    const [failure] = [...engine.tokens.failures().values(), ...failed]
    if (failure !== undefined && !options.uninstall) throw failure
    if (failed[0] !== undefined) throw failed[0]
  } finally {
    await engine.stop()
  }
}

async function persistently(
  namespace: string,
  { context }: Engine,
  { clock, random }: PullSecretDeps,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await reconcileNamespace(namespace, context, signal)
      return
    } catch (error) {
      if (tries >= MAX_TRIES || signal.aborted) throw error
      await clock.sleep(200 * tries * (1 + random()), { signal })
    }
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => {
      reject(new RolesAnywhereError('ERR_RA_SESSION_TIMEOUT', 'ended before it was done'))
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
