import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildProgram, buildPrograms, CACHE } from '../cluster/programs.js'
import { eventually } from '../support/eventually.js'
import { guideImages } from './guide.js'
import { builtImage, containerdFolder, NAMESPACES, obstacle } from './requirements.js'
import { type BuiltImage, type Setting, settingVariable } from './setting.js'

/**
 * The guide and the life of a pod on a real node: containerd, kubelet, scheduler, controllers, kube-proxy
 * and the API server, all in namespaces of their own that end with the test. Arguments go to mocha. What
 * the machine cannot do is skipped, and said.
 */
const why = obstacle()
if (why === undefined) process.exitCode = await run()
else console.log(`skipped: ${why}`)

async function run(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rolesanywhere-node-'))
  const cgroup = `rolesanywhere-node-${process.pid}`
  try {
    const images = archiveImages(folder)
    const setting: Setting = { folder, cgroup, programs: await buildAll(), images }
    return await runInside(setting)
  } finally {
    await removeGroups(cgroup)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function buildAll(): Promise<Setting['programs']> {
  const progress = (line: string): void => console.log(line)
  const { etcd, apiServer } = await buildPrograms(progress)
  return {
    etcd,
    apiServer,
    node: await buildProgram('kube-node', progress),
    pause: await buildProgram('pause', progress),
    containerd: containerdFolder(CACHE),
  }
}

/** What `.ci/images.sh` has built, with the names that the guide gives. */
function archiveImages(folder: string): BuiltImage[] {
  return guideImages().map((tag) => {
    const built = builtImage(tag)
    const archive = join(folder, `${tag.replace(':', '-')}.tar`)
    const args = ['save', '--quiet', '--format', 'oci-archive', '--output', archive, built]
    execFileSync('podman', args, { stdio: ['ignore', 'ignore', 'inherit'] })
    return { archive, built, tag }
  })
}

/** Runs the tests as the children of the first process of namespaces. @returns their status. */
async function runInside(setting: Setting): Promise<number> {
  const inside = join(import.meta.dirname, 'inside.sh')
  const mocha = ['node_modules/.bin/mocha', '--config', 'test/node/mocharc.json']
  const args = [...NAMESPACES, 'bash', inside, setting.cgroup, ...mocha, ...process.argv.slice(2)]
  // What is killed does not tidy up: all temporary folders are in the one that goes at the end.
  const env = { ...process.env, TMPDIR: setting.folder, ...settingVariable(setting) }
  const child = spawn('unshare', args, { stdio: ['ignore', 'inherit', 'inherit'], env })
  const kill = (): void => void child.kill('SIGKILL')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, kill)
  return new Promise((resolve) => child.once('exit', (status) => resolve(status ?? 1)))
}

/** Control groups outlive the processes in them, which take a moment to end. */
async function removeGroups(cgroup: string): Promise<void> {
  const remove = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) remove(join(folder, entry.name))
    }
    rmdirSync(folder)
  }
  const root = '/sys/fs/cgroup'
  for (const hierarchy of readdirSync(root)) {
    const folder = join(root, hierarchy, cgroup)
    await eventually(() => {
      try {
        if (existsSync(folder)) remove(folder)
        return true
      } catch {
        return undefined
      }
    }).catch(() => console.error(`left behind: ${folder}`))
  }
}
