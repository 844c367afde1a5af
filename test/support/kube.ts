import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../sidecar/kube/connection.js'
import { createKubeClient, type KubeClient } from '../../sidecar/kube/client.js'
import type { Clock } from '../../src/clock.js'
import { systemClock } from '../../src/system-clock.js'
import { type ApiServerDouble, kubeconfigFor, startApiServer } from './api-server.js'

/** A look-alike of the API server, and a client that found it through a kubeconfig. */
export interface KubeFixture {
  readonly server: ApiServerDouble
  readonly client: KubeClient
  readonly kubeconfig: string
  close(): Promise<void>
}

/** Starts both; the caller closes them. */
export async function startKube(clock: Clock = systemClock): Promise<KubeFixture> {
  const server = await startApiServer()
  const folder = await mkdtemp(join(tmpdir(), 'rolesanywhere-kube-'))
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigFor(server.url))
  const client = createKubeClient(connect({ kubeconfig }), { clock, userAgent: 'test' })
  return {
    server,
    client,
    kubeconfig,
    async close() {
      client.close()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
