import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PROGRAM, type Stage } from './stage.js'
import { median, table } from './table.js'

const TOKEN = 'bench-authorization-token'

/**
 * Time from the start of a `serve` process to the first good answer of its credentials route, a
 * CreateSession over loopback TLS included, against a Node that does nothing.
 */
export async function firstCredentials(stage: Stage, quick: boolean): Promise<string> {
  const rounds = quick ? 5 : 15
  const tokenFile = join(stage.folder, 'known-token')
  await writeFile(tokenFile, TOKEN)
  const bareMs: number[] = []
  const serveMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    bareMs.push(await bareStart())
    serveMs.push(await serveStart(stage, tokenFile))
  }
  const [bare, serve] = [median(bareMs), median(serveMs)]
  return `First credentials (median of ${rounds})\n\n${table(
    ['', 'ms', 'times bare node'],
    [
      ['node -e 0', bare.toFixed(1), '1.00'],
      ['serve, start to first answer', serve.toFixed(1), (serve / bare).toFixed(2)],
    ],
  )}`
}

async function bareStart(): Promise<number> {
  const startMs = performance.now()
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'close')
  return performance.now() - startMs
}

async function serveStart(stage: Stage, tokenFile: string): Promise<number> {
  const port = await freePort()
  const args = ['--port', String(port), '--health-listen', '127.0.0.1:0']
  const startMs = performance.now()
  const child = spawn(
    process.execPath,
    [
      PROGRAM,
      'serve',
      ...stage.identity('ec-p256'),
      ...args,
      '--authorization-token-file',
      tokenFile,
    ],
    { stdio: 'ignore' },
  )
  try {
    while ((await statusOf(port)) !== 200) {
      if (child.exitCode !== null) throw new Error('serve ended early')
      await sleep(2)
    }
    return performance.now() - startMs
  } finally {
    const closed = once(child, 'close')
    if (child.kill('SIGKILL')) await closed
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** `undefined` while nobody listens. */
async function statusOf(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { authorization: TOKEN, connection: 'close' }
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: '/v1/credentials',
      headers,
      agent: false,
    })
    outgoing.on('error', () => resolve(undefined))
    outgoing.on('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    outgoing.end()
  })
}
