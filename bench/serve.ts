import { join } from 'node:path'
import { PROGRAM, type Stage, type Started } from './stage.js'

/** A running `serve`, and where its token lies. */
export interface StartedServe extends Started {
  readonly tokenFile: string
}

/** Starts `serve` on free ports; `line` of the result is the one that names its URI. */
export async function startServe(
  stage: Stage,
  identity: readonly string[] = stage.identity('ec-p256'),
  more: readonly string[] = [],
): Promise<StartedServe> {
  const tokenFile = join(stage.folder, 'token')
  const flags = {
    'log-format': 'json',
    listen: '127.0.0.1:0',
    'health-listen': '127.0.0.1:0',
    'authorization-token-file': tokenFile,
  }
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])
  const started = await stage.start(
    [PROGRAM, 'serve', ...identity, ...args, ...more],
    /serving credentials/,
  )
  return { ...started, tokenFile }
}
