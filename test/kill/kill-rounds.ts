import { once } from 'node:events'
import { readdirSync, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Running, start } from '../support/program.js'
import type { Scene, Victim } from './victim.js'

/** What has been seen in all rounds. */
export interface KillReport {
  /** Runs that were killed before they had ended. */
  killed: number
  /** Of these, how many had begun to write. */
  killedWhileWriting: number
  /** Runs that were faster than the signal. */
  finished: number
  /** Runs in between that nobody killed, each of which had to succeed. */
  undisturbed: number
  /** Longest of them, in milliseconds: whatever the dead have left is in its way. */
  slowestMs: number
  /** How often the file was read while all this went on. */
  reads: number
  /** What killed runs have left beside the file, at the end. */
  leftovers: number
  /** Everything that must not be. */
  faults: string[]
}

/** Every so many rounds, one run is left alone. */
const UNDISTURBED_EVERY = 10

/** No run waits for a dead one; with a machine that is busy, one may take this long. */
const MAX_RUN_MS = 5_000

/** Kills a program that many times, at random moments, while somebody reads its file. */
export async function killRounds(
  victim: Victim,
  scene: Scene,
  rounds: number,
): Promise<KillReport> {
  const report: KillReport = {
    ...{ killed: 0, killedWhileWriting: 0, finished: 0, undisturbed: 0, slowestMs: 0, reads: 0 },
    ...{ leftovers: 0, faults: [] },
  }
  const usualMs = await leaveAlone(victim, scene, report)
  const folder = victim.folder(scene)
  const file = join(folder, readdirSync(folder).find(victim.isFile) ?? 'none')

  const over = new AbortController()
  const reader = readAllTheTime(victim, file, report, over.signal)
  for (let round = 1; round <= rounds; round++) {
    await killOne(victim, scene, report, round % 2 === 0 ? usualMs : undefined)
    if (round % UNDISTURBED_EVERY === 0) await leaveAlone(victim, scene, report)
  }
  await leaveAlone(victim, scene, report)
  over.abort()
  await reader
  report.leftovers = readdirSync(folder).filter((name) => !victim.isFile(name)).length
  return report
}

async function leaveAlone(victim: Victim, scene: Scene, report: KillReport): Promise<number> {
  const startedMs = performance.now()
  const { status, stderr } = await launch(victim, scene).finished()
  const tookMs = performance.now() - startedMs
  report.undisturbed++
  report.slowestMs = Math.max(report.slowestMs, tookMs)
  if (status !== 0) report.faults.push(`an undisturbed run failed: ${stderr.trim()}`)
  if (tookMs > MAX_RUN_MS) report.faults.push(`an undisturbed run took ${tookMs.toFixed(0)} ms`)
  return tookMs
}

/**
 * Kills a run at a moment of its usual time, or without that as soon as it writes into its folder and
 * a bit: a moment of the whole time hardly ever hits the writing.
 */
async function killOne(
  victim: Victim,
  scene: Scene,
  report: KillReport,
  withinMs: number | undefined,
): Promise<void> {
  const running = launch(victim, scene)
  let wrote = false
  const watcher = watch(victim.folder(scene))
  const begun = once(watcher, 'change').then(() => (wrote = true))
  const ended = once(running.process, 'close')
  if (withinMs === undefined) {
    await Promise.race([begun, ended])
    // Half of them at once; the others somewhere in the millisecond or two that writing takes.
    if (Math.random() < 0.5) await delay(Math.random() * 3)
  } else {
    await Promise.race([delay(Math.random() * withinMs), ended])
  }
  running.process.kill('SIGKILL')
  const { status } = await running.finished()
  watcher.close()
  if (status !== null) return void report.finished++
  report.killed++
  if (wrote) report.killedWhileWriting++
}

const launch = (victim: Victim, scene: Scene): Running => {
  const { args, env } = victim.launch(scene)
  return start(args, env)
}

async function readAllTheTime(
  victim: Victim,
  file: string,
  report: KillReport,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    try {
      const fault = victim.fault(readFileSync(file))
      if (fault !== undefined) report.faults.push(`read ${report.reads}: ${fault}`)
    } catch (error) {
      // The file was there before, and is to be there all the time.
      report.faults.push(`read ${report.reads}: ${(error as Error).message}`)
    }
    report.reads++
    await delay(0)
  }
}
