import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStandIn } from './stand-in.js'

/** What a run of Terraform left behind. */
export interface TerraformRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A copy of a module, with the stand-in for its provider. */
export interface TerraformModule {
  run(...args: string[]): Promise<TerraformRun>
  /** Gives values to the variables of the module for the runs to come. */
  variables(values: Readonly<Record<string, unknown>>): void
  close(): void
}

/** Copies a module into a folder of its own, so that no state and no lock file come into it. */
export async function openModule(source: string): Promise<TerraformModule> {
  const folder = mkdtempSync(join(tmpdir(), 'terraform-'))
  for (const name of readdirSync(source).filter((entry) => entry.endsWith('.tf'))) {
    copyFileSync(join(source, name), join(folder, name))
  }
  // Settings of the person who runs this could ask for other providers.
  const config = join(folder, 'cli.tfrc')
  writeFileSync(config, '')
  const standIn = await startStandIn()
  const env = {
    ...process.env,
    ...standIn.env,
    ...{ TF_CLI_CONFIG_FILE: config, TF_IN_AUTOMATION: '1', CHECKPOINT_DISABLE: '1' },
  }
  return {
    run: async (...args) =>
      new Promise((resolve, reject) => {
        const child = spawn('terraform', [`-chdir=${folder}`, ...args], { env })
        const [out, err]: [Buffer[], Buffer[]] = [[], []]
        child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
        child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
        child.on('error', reject)
        child.on('close', (status) => {
          const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString()
          resolve({ status, stdout: text(out), stderr: text(err) })
        })
      }),
    variables(values) {
      writeFileSync(join(folder, 'test.auto.tfvars.json'), JSON.stringify(values))
    },
    close() {
      standIn.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
