import { writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { IDENTITY_FLAGS, targetFlags } from '../support/aws.js'
import { PROGRAM } from '../support/program.js'
import type { Client } from './client.js'
import { Crew, type Failures, type Member } from './crew.js'
import { openStage, sessionsEnd, SHORTEST_SESSION_MS, type Stage, until } from './stage.js'

/** Something that happens to all clients. */
export interface Scenario {
  /** Heading of its column. */
  readonly name: string
  /** What is really done, for the reader of the table. */
  readonly about: string
  readonly needs: 'endpoint' | 'credential_process' | 'a process for each call'
  run(act: Act): Promise<void>
}

/** What a scenario has at hand. */
export interface Act {
  readonly members: readonly Member[]
  readonly failures: Failures
  readonly stage: Stage
  readonly token: string
  /** Programs without credentials of their own, except what the environment gives them. */
  crew(env: (client: Client) => Record<string, string>): Promise<Crew>
}

const SHORTEST = ['--session-duration', `${SHORTEST_SESSION_MS / 1000}`]

/** A minute, in which the server hands it out no more, and what the first rounds take. */
const SHORT_LIFE_MS = 90_000

const newToken = (): string => randomBytes(32).toString('base64url')

/** What a pod's containers are given; older clients take the token itself. */
const containerEnvironment =
  ({ stage, token }: Act) =>
  (client: Client): Record<string, string> => ({
    AWS_ENDPOINT_URL: stage.emulator.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: stage.uri,
    ...(client.token === 'file'
      ? { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: stage.tokenFile }
      : { AWS_CONTAINER_AUTHORIZATION_TOKEN: token }),
  })

/** A configuration file whose only profile runs our program. */
async function processEnvironment(
  { stage }: Act,
  flags: readonly string[] = SHORTEST,
): Promise<Record<string, string>> {
  const file = join(stage.folder, 'config')
  const program = [process.execPath, PROGRAM, 'credential-process']
  const words = [...program, ...IDENTITY_FLAGS, ...targetFlags(stage.emulator.url), ...flags]
  // Only where it must be: Go of 2022 loses a line that begins with a quotation mark.
  const line = words.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(' ')
  await writeFile(file, `[default]\ncredential_process = ${line}\n`)
  return { AWS_ENDPOINT_URL: stage.emulator.url, AWS_CONFIG_FILE: file }
}

const firstUse: Scenario = {
  name: 'endpoint',
  needs: 'endpoint',
  about: 'two rounds of STS and S3 in one process, with a session of an hour',
  async run(act) {
    const crew = await act.crew(containerEnvironment(act))
    await act.stage.serve()
    await crew.round('first round')
    await crew.round('second round')
  },
}

const withoutToken: Scenario = {
  name: 'no token',
  needs: 'endpoint',
  about: 'the client is not given the token, and has to report an error',
  async run(act) {
    const { stage } = act
    const crew = await act.crew(() => ({
      AWS_ENDPOINT_URL: stage.emulator.url,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: stage.uri,
    }))
    await stage.serve()
    await crew.refusedRound('without a token')
  },
}

const refresh: Scenario = {
  name: 'refresh',
  needs: 'endpoint',
  about:
    'a round before and a round after the end of the session that the client was given, in one ' +
    'process. It ends after 90 s, because the clock of the service was behind when it was issued; ' +
    'in between `serve` has renewed it, of its own accord and without a restart',
  async run(act) {
    const { stage } = act
    const crew = await act.crew(containerEnvironment(act))
    await serveShortSession(stage)
    const ended = sessionsEnd(stage)
    await crew.round('before the refresh')
    stage.emulator.setFaults([])
    await until('the renewal', () => stage.emulator.sessions.length > 1)
    await ended
    await crew.round('after the refresh')
  },
}

const rotation: Scenario = {
  name: 'token rotation',
  needs: 'endpoint',
  about:
    'the token file is replaced while the client runs, and a round follows once the server takes ' +
    'the new token; then `serve` is started anew on the same port, so that it knows the old token ' +
    'no more, the session of the client ends, and another round follows, in the same process. ' +
    'Releases that take the token from the environment do the first of these two rounds only',
  async run(act) {
    const { stage, token } = act
    const crew = await act.crew(containerEnvironment(act))
    await serveShortSession(stage)
    const ended = sessionsEnd(stage)
    await crew.round('before the rotation')
    const next = newToken()
    await stage.replaceToken(next)
    await until('the new token to be taken', async () => (await stage.statusFor(next)) === 200)
    await crew.round('after the rotation')
    await stage.stopServing()
    stage.emulator.setFaults([])
    await stage.serve(SHORTEST)
    if ((await stage.statusFor(token)) !== 403) throw new Error('the old token is still taken')
    await ended
    await crew.round('with the new token only', (client) => client.token === 'file')
  },
}

/** Serves a session that ends soon, and lets no other be issued until the faults are taken away. */
async function serveShortSession(stage: Stage): Promise<void> {
  stage.setServiceBehind(SHORTEST_SESSION_MS - SHORT_LIFE_MS)
  await stage.serve(SHORTEST)
  stage.emulator.setFaults([{ operation: 'CreateSession', kind: 'unavailable' }])
  stage.setServiceBehind(0)
  if (stage.emulator.sessions.length !== 1) throw new Error('the session was renewed too early')
}

const outage: Scenario = {
  name: 'outage',
  needs: 'endpoint',
  about:
    'CreateSession answers 503 from before the renewal that `--refresh-interval 60` asks for; a ' +
    'round of the process that was running, one of a process that starts during the outage, and ' +
    'one after its end',
  async run(act) {
    const { stage } = act
    const crew = await act.crew(containerEnvironment(act))
    await stage.serve([...SHORTEST, '--refresh-interval', '60'])
    await crew.round('before the outage')
    stage.emulator.setFaults([{ operation: 'CreateSession', kind: 'unavailable' }])
    const failing = (): boolean => stage.emulator.requests.some(({ fault }) => fault !== undefined)
    await until('a renewal to fail', failing)
    await crew.round('during the outage')
    const newcomers = await act.crew(containerEnvironment(act))
    await newcomers.round('new during the outage')
    stage.emulator.setFaults([])
    await until('the renewal', () => stage.emulator.sessions.length > 1)
    await crew.round('after the outage')
  },
}

const credentialProcess: Scenario = {
  name: 'credential_process',
  needs: 'credential_process',
  about: 'two rounds in one process, with our program in the AWS configuration file',
  async run(act) {
    const env = await processEnvironment(act)
    const crew = await act.crew(() => env)
    await crew.round('first round')
    await crew.round('second round')
  },
}

const credentialProcessRefresh: Scenario = {
  name: 'credential_process, refresh',
  needs: 'credential_process',
  about: 'the first session ends 40 s after it began; a round before and a round after',
  async run(act) {
    const env = await processEnvironment(act)
    const crew = await act.crew(() => env)
    act.stage.setServiceBehind(SHORTEST_SESSION_MS - 40_000)
    await crew.round('before the end of the session')
    act.stage.setServiceBehind(0)
    await sessionsEnd(act.stage)
    await crew.round('after the end of the session')
  },
}

/** With two releases of the AWS CLI, fifty `aws` run at the same time, and nobody has a session yet. */
const CREWS_AT_ONCE = 25

const credentialProcessAtOnce: Scenario = {
  name: 'credential_process, at once',
  needs: 'a process for each call',
  about:
    'twenty-five programs of each client at the same time: fifty `aws` at once, one for each call; ' +
    'all of them together make one CreateSession',
  async run(act) {
    // Seventy-five programs start on two processors: whoever asks the service is slow to read its answer.
    const env = await processEnvironment(act, ['--timeout', '60s'])
    const crews = await Promise.all(
      Array.from({ length: CREWS_AT_ONCE }, async () => act.crew(() => env)),
    )
    await Promise.all(crews.map(async (crew) => crew.round('all at once')))
    const { length } = act.stage.emulator.sessions
    if (length !== 1) throw new Error(`${length} sessions were made`)
  },
}

/** In the order of the table's columns. Those of a group run at the same time. */
export const SCENARIO_GROUPS: readonly (readonly Scenario[])[] = [
  [firstUse, withoutToken, credentialProcess],
  [refresh, rotation, outage, credentialProcessRefresh],
  [credentialProcessAtOnce],
]

/** Whether a client has what the scenario is about. */
export function canPlay({ needs }: Scenario, { client }: Member): boolean {
  if (needs === 'a process for each call') return ['aws-cli', 'boto3'].includes(client.sources)
  return needs !== 'endpoint' || client.token !== 'none'
}

/** Runs one scenario on a stage of its own. */
export async function play(
  scenario: Scenario,
  everybody: readonly Member[],
): Promise<{ readonly failures: Failures; readonly versions: ReadonlyMap<Member, string> }> {
  const members = everybody.filter((member) => canPlay(scenario, member))
  const failures: Failures = new Map()
  const versions = new Map<Member, string>()
  const token = newToken()
  const stage = await openStage(token)
  const crews: Crew[] = []
  try {
    await scenario.run({
      members,
      failures,
      stage,
      token,
      async crew(env) {
        const crew = new Crew(failures)
        crews.push(crew)
        await crew.start(members, stage.folder, env)
        for (const [member, version] of crew.versions) versions.set(member, version)
        return crew
      },
    })
  } catch (error) {
    // The stage itself failed, and nobody got to the end.
    const reason = error instanceof Error ? error.message : String(error)
    for (const member of members) if (!failures.has(member)) failures.set(member, reason)
  } finally {
    await Promise.all(crews.map(async (crew) => crew.end()))
    await stage.close()
  }
  return { failures, versions }
}
