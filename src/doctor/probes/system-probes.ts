import { lookup } from 'node:dns/promises'
import { awsProfiles } from './aws-profiles.js'
import { fileFacts } from './file-facts.js'
import { connectTo, handshake } from './handshake.js'
import type { Probes } from './probes.js'

/** Probes of this machine and its network. */
export function systemProbes(env: Readonly<Record<string, string | undefined>>): Probes {
  return {
    file: fileFacts,
    awsProfiles: async () => awsProfiles(env),
    lookup: addresses,
    connect: connectTo,
    handshake,
  }
}

/** The system's resolver cannot be interrupted: nobody waits for it once the signal says so. */
async function addresses(hostname: string, signal: AbortSignal): Promise<readonly string[]> {
  const found = lookup(hostname, { all: true })
  const interrupted = new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
  const list = await Promise.race([found, interrupted])
  return list.map(({ address }) => address)
}
