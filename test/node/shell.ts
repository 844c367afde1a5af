import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Node } from './node.js'
import type { Setting } from './setting.js'

/** A shell of somebody who follows the guide. */
export interface Shell {
  /**
   * Runs a block of commands; what it defines is there in the next one. Fails with its output when a
   * command does.
   */
  run(commands: string, options?: RunOptions): Promise<string>
}

/** How a block of commands ends. */
export interface RunOptions {
  /** Ends what goes on for ever, once this is said. */
  readonly until?: RegExp
  /** What takes longer fails. */
  readonly limitMs?: number
  /** The status that it ends with; 0 unless given. */
  readonly status?: number
}

let opened: Shell | undefined

/** The one shell, in the folder of the repository and with a home of its own. */
export const openShell = (node: Node): Shell => (opened ??= makeShell(node))

function makeShell({ setting, plane }: Node): Shell {
  const home = join(setting.folder, 'home')
  const bin = join(home, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'docker'), docker(setting), { mode: 0o755 })
  const env = {
    ...process.env,
    PATH: [bin, process.env['PATH']].join(delimiter),
    HOME: home,
    KUBECONFIG: plane.kubeconfig,
    STATE: join(home, 'state.sh'),
  }
  const after = '{ declare -p PKI; declare -f; } >"$STATE" 2>/dev/null || true'
  return {
    async run(commands, { until, limitMs = 60_000, status: expected = 0 } = {}) {
      const script = `if [ -f "$STATE" ]; then . "$STATE"; fi\n${commands}\n${after}\n`
      const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      })
      let output = ''
      let said = false
      // The whole group: the shell waits for what it has started.
      const end = (): boolean => process.kill(-(child.pid ?? 0), 'SIGTERM')
      const timer = setTimeout(end, limitMs)
      const take = (text: string): void => {
        output += text
        if (said || !until?.test(output)) return
        said = true
        end()
      }
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take)
      const [status, signal] = (await once(child, 'close')) as [number | null, string | null]
      clearTimeout(timer)
      if (status !== expected && !said)
        throw new Error(`${signal ?? `status ${status}`}:\n${commands}\n${output}`)
      return output
    },
  }
}

/**
 * The guide's docker: podman with a store of its own, and no network, which nothing in the guide needs.
 *
 * @returns the program for the PATH
 */
function docker({ folder, cgroup, images }: Setting): string {
  const store = ['--root', join(folder, 'podman'), '--runroot', join(folder, 'podman-run')]
  const podman = (...args: string[]): void => {
    execFileSync('podman', [...store, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  }
  for (const { archive, built, tag } of images) {
    podman('load', '--quiet', '--input', archive)
    podman('tag', built, `localhost/${tag}`)
  }
  return `#!/bin/sh
[ "$1" = run ] || { echo "no docker $1 here" >&2; exit 1; }
shift
exec podman ${store.join(' ')} run --network none --cgroup-parent ${cgroup} "$@"
`
}
