import { type Answer, ClientProgram } from './client-program.js'
import type { Client, Launch } from './client.js'
import { ARNS } from '../support/aws.js'

/** A client whose program can be started. */
export interface Member {
  readonly client: Client
  readonly launch: Launch
}

/** What came of a scenario: why a member failed. Those that are not in it did not. */
export type Failures = Map<Member, string>

/** The programs of all clients, doing the same thing at the same time. */
export class Crew {
  readonly #programs = new Map<Member, ClientProgram>()
  readonly #failures: Failures
  /** As the programs said. */
  readonly versions = new Map<Member, string>()

  constructor(failures: Failures) {
    this.#failures = failures
  }

  /** Starts a program for everybody who has not failed yet. They have no credentials so far. */
  async start(
    members: readonly Member[],
    folder: string,
    env: (client: Client) => Record<string, string>,
  ): Promise<void> {
    for (const member of members) {
      if (this.#failures.has(member)) continue
      const common = { ...COMMON_ENVIRONMENT, ...env(member.client) }
      this.#programs.set(member, new ClientProgram(member.launch, folder, common))
    }
    await this.#each('start', async (program, member) => {
      this.versions.set(member, await program.version())
    })
  }

  /** A round for everybody who has not failed yet; whoever does not see its buckets fails now. */
  async round(name: string, takesPart: (client: Client) => boolean = () => true): Promise<void> {
    await this.#each(name, async (program, { client }) => {
      if (takesPart(client)) expectBuckets(await program.round())
    })
  }

  /** A round in which an error is what everybody should get. */
  async refusedRound(name: string): Promise<void> {
    await this.#each(name, async (program) => {
      const { error } = await program.round()
      if (!error) throw new Error('got an answer without having a token')
    })
  }

  async end(): Promise<void> {
    await Promise.all([...this.#programs.values()].map(async (program) => program.end()))
  }

  async #each(
    name: string,
    what: (program: ClientProgram, member: Member) => Promise<void>,
  ): Promise<void> {
    const all = [...this.#programs].map(async ([member, program]) => {
      if (this.#failures.has(member)) return
      try {
        await what(program, member)
      } catch (error) {
        this.#failures.set(member, `${name}: ${error instanceof Error ? error.message : 'failed'}`)
      }
    })
    await Promise.all(all)
  }
}

const COMMON_ENVIRONMENT = {
  AWS_REGION: 'eu-central-1',
  // What Python reads.
  AWS_DEFAULT_REGION: 'eu-central-1',
  // Nothing may leave the machine, or find credentials elsewhere.
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
}

const BUCKETS = 'invoices,receipts'

function expectBuckets({ error, arn = '', buckets = [] }: Answer): void {
  if (error !== undefined) throw new Error(error)
  const prefix = `${ARNS.role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/`
  if (!arn.startsWith(prefix)) throw new Error(`is "${arn}"`)
  if (buckets.join() !== BUCKETS) throw new Error(`sees "${buckets.join()}"`)
}
