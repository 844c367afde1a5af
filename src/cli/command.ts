import type { Clock } from '../clock.js'

/** The world a command may touch. Tests pass their own; bin.ts passes the process's. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Aborted when the process is asked to end (SIGTERM, SIGINT). */
  readonly signal: AbortSignal
  /**
   * Takes signals over: `listener` gets them instead of what they do otherwise, ending the process
   * included.
   *
   * @returns a function that gives them back.
   */
  onSignal(names: readonly NodeJS.Signals[], listener: (name: NodeJS.Signals) => void): () => void
  /** Whether a person is looking at standard error. */
  readonly stderrIsTerminal: boolean
  /** Standard input; not touched before somebody reads it. Absent where there is none. */
  readonly stdin?: AsyncIterable<Uint8Array>
  /** Text, or bytes as they are. */
  stdout(text: string | Uint8Array): void
  stderr(text: string): void
}

/** One flag of one command: parsing, help, completion and reference page all come from this row. */
export interface Flag {
  /** Long name without the dashes. */
  readonly name: string
  /** One letter that stands for the name, where users of other tools expect one. */
  readonly short?: string
  /** Placeholder of the value in the help text; absent for a switch. */
  readonly value?: string
  /** All that the value may be, where that is a short list; a shell offers them. */
  readonly choices?: readonly string[]
  /** May be given more than once. */
  readonly repeatable?: boolean
  /** One sentence, lower case first letter, no period. */
  readonly help: string
}

/** A parsed command line. */
export interface Invocation {
  readonly flags: FlagValues
  /** Arguments that are not flags. */
  readonly positionals: readonly string[]
}

/** Values of the flags that were given, by name. */
export interface FlagValues {
  /** Whether a switch was given. */
  has(name: string): boolean
  /** The last value given, if any. */
  get(name: string): string | undefined
  /** All values of a repeatable flag, in order. */
  all(name: string): readonly string[]
}

/** One command of the program. */
export interface Command {
  /** After the program's name, for example `pki issue NAME [flags]`. */
  readonly usage: string
  /** What it does, one sentence, upper case first letter, no period. */
  readonly summary: string
  /** Further paragraphs of the help text, wrapped at 80 columns. */
  readonly description?: string
  readonly flags: readonly Flag[]
  /** One command line that works, without the program's name. */
  readonly example: string
  /** How many arguments it takes besides flags; default none. */
  readonly arguments?: { readonly min: number; readonly max: number }
  /**
   * Does the work. Writes results to `io.stdout`, everything else to `io.stderr`, and throws
   * `RolesAnywhereError` for every failure that is not a bug. Never calls `process.exit`.
   *
   * @returns the exit status when it is not 0 and no error describes it.
   */
  run(invocation: Invocation, io: Io): Promise<number | undefined>
}
