import { RolesAnywhereError } from '../../errors.js'
import { NO_VALUE, evaluate } from './intrinsics.js'
import type { Names } from './names.js'
import { type ParameterDeclaration, parameterValue } from './parameter-value.js'
import { type Resource, nameOf } from './resource-names.js'

/** The parts of a template, before anything in it is looked at. */
export interface TemplateDocument {
  readonly Parameters?: Readonly<Record<string, ParameterDeclaration>>
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, object>>>>
  readonly Conditions?: Readonly<Record<string, unknown>>
  readonly Resources?: Readonly<
    Record<
      string,
      { readonly Type?: string; readonly Condition?: string; readonly Properties?: object }
    >
  >
  readonly Outputs?: Readonly<
    Record<string, { readonly Value?: unknown; readonly Condition?: string }>
  >
  readonly Rules?: Readonly<
    Record<
      string,
      {
        readonly Assertions?: readonly {
          readonly Assert?: unknown
          readonly AssertDescription?: string
        }[]
      }
    >
  >
}

/** Pseudo parameters, unless a parameter of that name is given. */
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::StackName': 'rolesanywhere',
  'AWS::StackId': 'arn:aws:cloudformation:us-east-1:123456789012:stack/rolesanywhere/emulator',
  'AWS::URLSuffix': 'amazonaws.com',
}

const MAX_DEPTH = 32

/** What names in a template stand for: parameters, conditions, resources. */
export class TemplateScope implements Names {
  readonly #document: TemplateDocument
  readonly #source: string
  readonly #given: ReadonlyMap<string, string>
  readonly #resources = new Map<string, Resource | undefined>()
  #depth = 0

  /** @param source How messages name the template. */
  constructor(document: TemplateDocument, source: string, given: ReadonlyMap<string, string>) {
    this.#document = document
    this.#source = source
    this.#given = given
    const unknown = [...given.keys()].find(
      (name) => !Object.hasOwn(PSEUDO, name) && !Object.hasOwn(document.Parameters ?? {}, name),
    )
    if (unknown !== undefined) {
      const known = [...Object.keys(document.Parameters ?? {}), ...Object.keys(PSEUDO)]
      this.fail(`has no parameter "${unknown}"`, known.join(', '))
    }
  }

  fail(problem: string, known?: string): never {
    throw new RolesAnywhereError('ERR_RA_EMULATOR_STATE_INVALID', `${this.#source}: ${problem}`, {
      hint: known === undefined ? HINT : `it knows: ${known}`,
    })
  }

  /** Every resource that exists, in order. */
  get resources(): Resource[] {
    const ids = Object.keys(this.#document.Resources ?? {})
    return ids.map((id) => this.resource(id)).filter((resource) => resource !== undefined)
  }

  /** What the stack says of itself. */
  get outputs(): ReadonlyMap<string, string> {
    const outputs = Object.entries(this.#document.Outputs ?? {})
    const present = outputs.filter(([name, { Condition }]) =>
      Condition === undefined ? true : this.condition(Condition, `Outputs.${name}`),
    )
    return new Map(
      present.map(([name, { Value }]) => {
        const where = `Outputs.${name}.Value`
        return [name, String(evaluate(Value, this, where))]
      }),
    )
  }

  /** Holds the values of parameters against what they may be, and against the template's rules. */
  checkParameters(): void {
    for (const name of Object.keys(this.#document.Parameters ?? {})) this.#parameter(name)
    for (const [name, { Assertions = [] }] of Object.entries(this.#document.Rules ?? {})) {
      for (const { Assert, AssertDescription = 'does not hold' } of Assertions) {
        if (evaluate(Assert, this, `Rules.${name}`) !== true) {
          this.fail(`rule ${name}: ${AssertDescription}`)
        }
      }
    }
  }

  ref(name: string, where: string): unknown {
    if (name === 'AWS::NoValue') return NO_VALUE
    const parameter = this.#parameter(name)
    if (parameter !== undefined) return parameter
    const resource = this.resource(name)
    if (!resource) return this.fail(`${where} names "${name}", which is not there`)
    // Resources that nothing here reads may have any name.
    return nameOf(resource, 'ref', this) ?? `${resource.type}/${name}`
  }

  attribute(name: string, attribute: string, where: string): string {
    const resource = this.resource(name)
    if (!resource) return this.fail(`${where} names "${name}", which is not there`)
    return (
      nameOf(resource, attribute, this) ??
      this.fail(
        `${where} asks for ${attribute} of "${name}" (${resource.type}), which is not known`,
      )
    )
  }

  condition(name: string, where: string): boolean {
    const conditions = this.#document.Conditions ?? {}
    if (!Object.hasOwn(conditions, name)) this.fail(`${where} names no condition: "${name}"`)
    return this.#nested(name, () => evaluate(conditions[name], this, `Conditions.${name}`) === true)
  }

  mapped(path: readonly [map: string, key: string, name: string], where: string): unknown {
    const value = path.reduce<unknown>(
      (level, name) =>
        typeof level === 'object' && level !== null && Object.hasOwn(level, name)
          ? (level as Record<string, unknown>)[name]
          : undefined,
      this.#document.Mappings,
    )
    return value ?? this.fail(`${where} looks for ${path.join('.')}, which no mapping has`)
  }

  /** A resource by its logical id; `undefined` when its condition does not hold, or without it. */
  resource(id: string): Resource | undefined {
    if (this.#resources.has(id)) return this.#resources.get(id)
    const all = this.#document.Resources ?? {}
    const entry = Object.hasOwn(all, id) ? all[id] : undefined
    const where = `Resources.${id}`
    const exists =
      entry && (entry.Condition === undefined || this.condition(entry.Condition, where))
    const resource = exists
      ? this.#nested(id, () => ({
          id,
          type: entry.Type ?? '',
          properties: evaluate(entry.Properties ?? {}, this, where) as Record<string, unknown>,
        }))
      : undefined
    this.#resources.set(id, resource)
    return resource
  }

  #parameter(name: string): unknown {
    const given = this.#given.get(name) ?? (Object.hasOwn(PSEUDO, name) ? PSEUDO[name] : undefined)
    const parameters = this.#document.Parameters ?? {}
    if (!Object.hasOwn(parameters, name)) return given
    const declaration = parameters[name] ?? {}
    const value = given ?? declaration.Default
    if (value === undefined) this.fail(`parameter ${name} has no value`)
    return parameterValue(declaration, value, (problem) =>
      this.fail(`parameter ${name} cannot have this value: ${problem}`),
    )
  }

  /** Names that stand for each other in a circle would never end. */
  #nested<T>(name: string, body: () => T): T {
    if (this.#depth >= MAX_DEPTH) this.fail(`"${name}" refers to itself`)
    this.#depth++
    try {
      return body()
    } finally {
      this.#depth--
    }
  }
}

const HINT =
  'docs/infrastructure.md says what a template may hold; --parameter NAME=VALUE gives values'
