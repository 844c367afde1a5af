import { isatty } from 'node:tty'
import { REGISTRY_FLAG, TRUST_ANCHOR_FLAG } from '../doctor/flags.js'
import type { CheckResult, RegistryTarget } from '../doctor/check.js'
import { CHECKS, CHECKS_WITH_REGISTRY } from '../doctor/checks.js'
import { systemProbes } from '../doctor/probes/system-probes.js'
import { jsonReport, textReporter } from '../doctor/report.js'
import { runChecks } from '../doctor/run-checks.js'
import { parseRegistryHost } from '../ecr/registry-host.js'
import { registryRoles } from '../ecr/registry-roles.js'
import { RolesAnywhereError } from '../errors.js'
import type { Command, FlagValues, Io } from './command.js'
import { ECR_FLAGS, loadEcrSettings } from './ecr-settings.js'
import { withRole } from './ecr-tokens.js'
import { WORKLOAD_FLAGS } from './setting-flags.js'

/** Standard output. */
const STDOUT = 1

/** Checks everything between this machine and a session, and says what is wrong and what to do. */
export const doctorCommand: Command = {
  usage: 'doctor [flags]',
  summary: 'Check settings, files, certificate, network and service; say what to do',
  description: `Reads the same settings as every other command and prints a line for each check:
  ✓ good   ! works, look at it   ✗ does not work   - skipped

It asks for a real session and forgets it. The exit status is 0, or that of the first check
that failed. docs/troubleshooting.md explains each check by its name.`,
  flags: [
    { name: 'offline', help: 'open no connection: leave out network, service and STS' },
    { name: 'json', help: 'print one JSON document instead of lines' },
    {
      name: TRUST_ANCHOR_FLAG,
      value: 'FILE',
      help: 'certificate that the trust anchor holds, to check the chain against it',
    },
    {
      name: REGISTRY_FLAG,
      value: 'HOST',
      help: 'registry of Amazon ECR that images are pulled from, to check that too',
    },
    ...ECR_FLAGS,
    ...WORKLOAD_FLAGS,
  ],
  example: 'doctor --config-profile app --trust-anchor-certificate ca.pem',

  async run({ flags }, io) {
    const json = flags.has('json')
    const named = await registryOf(flags, io)
    const text = textReporter({ colour: isColourful(io) })
    const world = {
      env: io.env,
      clock: io.clock,
      random: Math.random,
      signal: io.signal,
      uid: process.getuid?.(),
      flags: named?.flags ?? flags,
      ...(named && { registry: named.target }),
      probes: systemProbes(io.env),
    }
    const results = await runChecks(named ? CHECKS_WITH_REGISTRY : CHECKS, world, {
      offline: flags.has('offline'),
      onResult: (result) => {
        if (!json) io.stdout(text.add(result))
      },
    })
    io.stdout(json ? jsonReport(results) : text.end(results))
    const failure = firstFailure(results)
    if (failure) throw failure
    return 0
  },
}

/** The registry of `--registry`, and the flags with its role if it has one of its own. */
async function registryOf(
  flags: FlagValues,
  io: Io,
): Promise<{ readonly target: RegistryTarget; readonly flags: FlagValues } | undefined> {
  const name = flags.get(REGISTRY_FLAG)
  if (name === undefined) return undefined
  const { registries, endpoint } = await loadEcrSettings(flags, io)
  const found = parseRegistryHost(name, registries.aliases)
  if (!found) {
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_INVALID',
      `the value of --${REGISTRY_FLAG} is not a registry host of Amazon ECR`,
      { hint: 'write ACCOUNT.dkr.ecr.REGION.amazonaws.com; other names need --registry-alias' },
    )
  }
  const role = registryRoles(registries.roles).roleFor(found.registry)
  return { target: { ...found, endpoint }, flags: role ? withRole(flags, role) : flags }
}

/** @see https://no-color.org */
const isColourful = ({ env }: Io): boolean =>
  isatty(STDOUT) && !env['NO_COLOR'] && env['TERM'] !== 'dumb'

/** The error of the first check that failed, which decides the exit status. */
function firstFailure(results: readonly CheckResult[]): RolesAnywhereError | undefined {
  for (const { id, finding } of results) {
    if (finding.status !== 'failed') continue
    const { code, message, hint } = finding.error
    const tail = hint === undefined ? {} : { hint }
    return new RolesAnywhereError(code, `${id}: ${message}`, { ...tail, cause: finding.error })
  }
  return undefined
}
