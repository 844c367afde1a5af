import { execFileSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { AFTER_OUTAGE_MS, type Fault, ONE_RENEWAL_MS, OUTAGE_MS } from './fault.js'
import type { Stage } from './stage.js'

/** The soft limit alone, so that it can be raised again by anybody. */
function limitDescriptors({ sidecar }: Stage, limit: number): void {
  execFileSync('prlimit', ['--pid', String(sidecar().process.pid), `--nofile=${limit}:`])
}

const leaked = new WeakMap<Stage, readonly Socket[]>()

function leakSockets(stage: Stage, count: number): void {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(stage.port, '127.0.0.1')
    socket.write('GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    socket.resume()
    socket.on('error', () => {
      // Refused, as it should be.
    })
    return socket
  })
  leaked.set(stage, sockets)
}

/** What happens to the process of the sidecar. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'no file descriptors',
    about: 'the process may open nothing more: no socket, no file',
    needs: 'prlimit',
    strike: (stage) => limitDescriptors(stage, 3),
    lastsMs: OUTAGE_MS,
    mend: (stage) => limitDescriptors(stage, 1024),
    renewedWithinMs: AFTER_OUTAGE_MS,
    outlivesSession: true,
  },
  {
    name: 'client leaks sockets',
    about:
      'the process may open 128 files and sockets, and another client opens 300 connections, asks ' +
      'once on each, and keeps them',
    needs: 'prlimit',
    stage: () => ({ descriptors: 128 }),
    strike: (stage) => leakSockets(stage, 300),
    lastsMs: OUTAGE_MS,
    mend: (stage) => leaked.get(stage)?.forEach((socket) => socket.destroy()),
    renewedWithinMs: ONE_RENEWAL_MS,
  },
  {
    name: 'SIGKILL and restart',
    about: 'the process is killed, and started again a second later',
    strike: async ({ sidecar }) => void (await sidecar().stop('SIGKILL')),
    lastsMs: 1_000,
    mend: async (stage) => stage.start(),
    renewedWithinMs: 5_000,
    nobodyThere: true,
    // Memory is lost, and the new process has to ask first.
    maxRefusals: 20,
  },
]
