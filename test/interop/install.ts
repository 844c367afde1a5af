import { execFile } from 'node:child_process'
import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** The machine lacks something; the message says what. */
export class Skip extends Error {}

const INSTALL_TIMEOUT_MS = 600_000

/** Needs Python with pip; installs `requirements.txt` into `packages`. */
export async function installWithPip(folder: string): Promise<void> {
  const quietly = ['--quiet', '--disable-pip-version-check', '--root-user-action', 'ignore']
  const what = ['--target', 'packages', '--requirement', 'requirements.txt']
  await run('python3', ['-m', 'pip', 'install', ...quietly, ...what], folder)
}

/** Needs Go; builds `client`. */
export async function buildWithGo(folder: string): Promise<void> {
  await run('go', ['build', '-o', 'client', '.'], folder, { GOTOOLCHAIN: 'local' })
}

/** Needs Cargo; builds `client`. */
export async function buildWithCargo(folder: string): Promise<void> {
  const target = join(folder, 'target')
  await run('cargo', ['build', '--quiet'], folder, { CARGO_TARGET_DIR: target })
  copyFileSync(join(target, 'debug', 'interop-client'), join(folder, 'client'))
  rmSync(target, { recursive: true })
}

/** Needs a JDK and Maven; compiles to `target/classes`, with the libraries in `target/lib`. */
export async function buildWithMaven(folder: string): Promise<void> {
  const libraries = ['-DincludeScope=runtime', '-DoutputDirectory=target/lib']
  await run('mvn', ['-q', '-B', 'compile', 'dependency:copy-dependencies', ...libraries], folder)
}

/**
 * Needs Debian; unpacks a package, and those of its dependencies that the machine does not have,
 * into `root`. Nothing is installed, and only reading the package lists anew needs root.
 */
export function unpackFromDebian(name: string): (folder: string) => Promise<void> {
  return async (folder) => {
    const asked = ['install', '--simulate', '--no-install-recommends', '--reinstall', name]
    const simulate = async (): Promise<string> => run('apt-get', asked, folder)
    const plan = await simulate().catch(async () => {
      await run('apt-get', ['update', '--quiet'], folder)
      return simulate()
    })
    const packages = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, found]) => found ?? '')
    await run('apt-get', ['download', '--quiet', ...packages], folder)
    for (const file of readdirSync(folder).filter((candidate) => candidate.endsWith('.deb'))) {
      await run('dpkg', ['--extract', file, 'root'], folder)
      rmSync(join(folder, file))
    }
  }
}

/** The environment that lets an unpacked Ruby find what belongs to it. */
export function unpackedLibraries(root: string): Record<string, string> {
  const folders = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
  const matching = (pattern: RegExp): string =>
    folders.filter((folder) => pattern.test(folder)).join(':')
  return {
    LD_LIBRARY_PATH: matching(/\/usr\/lib\/[^/]+-linux-gnu$/),
    RUBYLIB: matching(/\/ruby(\/vendor_ruby)?(\/[\d.]+)?$|\/gems\/[^/]+\/lib$/),
  }
}

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = { cwd, timeout: INSTALL_TIMEOUT_MS, env: { ...process.env, ...env } }
  try {
    const { stdout } = await promisify(execFile)(command, [...args], options)
    return stdout
  } catch (cause) {
    const { code, stderr = '' } = cause as NodeJS.ErrnoException & { stderr?: string }
    const reason = code === 'ENOENT' ? 'is not on this machine' : stderr.trim() || String(cause)
    throw new Skip(`${command} ${reason}`, { cause })
  }
}
