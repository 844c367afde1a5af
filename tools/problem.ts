/** One thing that breaks a house rule, and where. */
export interface Problem {
  /** Path from the root of the repository, with forward slashes. */
  readonly file: string
  /** Counted from 1; absent when the whole file, or its absence, is meant. */
  readonly line?: number
  /** Names the thing and the rule that it breaks. */
  readonly message: string
}

/** One line that editors and terminals turn into a link. */
export function formatProblem({ file, line, message }: Problem): string {
  return `${file}${line === undefined ? '' : `:${line}`} ${message}`
}
