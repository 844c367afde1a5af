import { spawnSync } from 'node:child_process'

/** Whether the openssl command is on this machine. Tests that need it say so and skip without. */
export const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0

/** Runs openssl and returns what it printed, on both streams; throws when it fails. */
export function openssl(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args[0] ?? ''} failed: ${stderr}`)
  return stdout + stderr
}
