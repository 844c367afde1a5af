import { RolesAnywhereError } from '../../errors.js'

/** A value of the state document that knows where it stands, so that problems can be located. */
export class JsonNode {
  readonly value: unknown
  readonly #path: string
  readonly #source: string

  /** @param source How messages name the document, for example `state file "state.json"`. */
  constructor(value: unknown, source: string, path = '') {
    this.value = value
    this.#source = source
    this.#path = path
  }

  /**
   * Reports a problem here.
   *
   * @throws RolesAnywhereError `ERR_RA_EMULATOR_STATE_INVALID`, always.
   */
  fail(problem: string, options: { hint?: string; cause?: unknown } = {}): never {
    const where = this.#path === '' ? this.#source : `${this.#source}: ${this.#path}`
    throw new RolesAnywhereError('ERR_RA_EMULATOR_STATE_INVALID', `${where} ${problem}`, {
      hint: options.hint ?? 'docs/emulator.md describes the state file',
      ...('cause' in options ? { cause: options.cause } : {}),
    })
  }

  /** Refuses members that are not named: most of them are spelling mistakes. */
  only(...names: readonly string[]): void {
    const unknown = this.entries().find(([name]) => !names.includes(name))
    unknown?.[1].fail('is not known', { hint: `expected one of: ${names.join(', ')}` })
  }

  /** Members of an object, in order. */
  entries(): (readonly [name: string, node: JsonNode])[] {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      return this.fail('is not an object')
    }
    const prefix = this.#path === '' ? '' : `${this.#path}.`
    return Object.entries(this.value).map(([name, value]) => [
      name,
      new JsonNode(value, this.#source, `${prefix}${name}`),
    ])
  }

  /** A member that may be absent. */
  optional(name: string): JsonNode | undefined {
    return this.entries().find(([given, { value }]) => given === name && value !== undefined)?.[1]
  }

  /** A member that must be there. */
  required(name: string): JsonNode {
    return this.optional(name) ?? this.fail(`lacks "${name}"`)
  }

  /** Elements of an array. */
  items(): JsonNode[] {
    if (!Array.isArray(this.value)) return this.fail('is not an array')
    return this.value.map(
      (value: unknown, index) => new JsonNode(value, this.#source, `${this.#path}[${index}]`),
    )
  }

  /** One value or an array of them, as policies allow. */
  oneOrMore<T>(read: (node: JsonNode) => T): T[] {
    return Array.isArray(this.value) ? this.items().map(read) : [read(this)]
  }

  string(): string {
    return typeof this.value === 'string' && this.value !== ''
      ? this.value
      : this.fail('is not a non-empty string')
  }

  /** A string, or a number or boolean written as one. */
  scalar(): string {
    const { value } = this
    const scalar = ['string', 'number', 'boolean'].includes(typeof value)
    return scalar ? String(value) : this.fail('is not a string')
  }

  boolean(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.fail('is not true or false')
  }

  integer(min: number, max: number): number {
    const { value } = this
    return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? value
      : this.fail(`is not a whole number from ${min} to ${max}`)
  }

  oneOf<const T extends string>(...choices: readonly T[]): T {
    return (
      choices.find((choice) => choice === this.value) ??
      this.fail(`is not one of: ${choices.join(', ')}`)
    )
  }

  /** A string of a given form, named in the message. */
  matching(pattern: RegExp, form: string): string {
    const text = this.string()
    return pattern.test(text) ? text : this.fail(`is not ${form}`)
  }
}
