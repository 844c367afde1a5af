import { RolesAnywhereError } from '../../errors.js'
import type { RepositoryDocument, StateDocument } from '../state/document.js'
import { readStateDocument, stateFromDocument, readText } from '../state/state-file.js'
import type { EmulatorState } from '../state/state.js'
import { stateOfTemplate } from './state-of-template.js'
import { type TemplateDocument, TemplateScope } from './template-scope.js'

/** What a template is read with. */
export interface TemplateInit {
  /** A CloudFormation template in JSON. */
  readonly path: string
  /** Values of its parameters, and of pseudo parameters such as `AWS::Region`. */
  readonly parameters: ReadonlyMap<string, string>
  /** Buckets and whatever else a template does not make. */
  readonly stateFile?: string | undefined
  /** Hears what is left out. */
  readonly warn: (message: string) => void
}

/** A template as the emulator sees it. */
export interface TemplateState {
  readonly state: EmulatorState
  /** The outputs of the stack, as if it were deployed. */
  readonly outputs: ReadonlyMap<string, string>
  readonly stackName: string
}

/**
 * Reads a CloudFormation template as the state of an emulator. Members of a state file come on top.
 *
 * @throws RolesAnywhereError `ERR_RA_FILE_UNREADABLE` or `ERR_RA_EMULATOR_STATE_INVALID`, naming
 *   what is not understood.
 */
export function readTemplate(init: TemplateInit): TemplateState {
  const source = `template "${init.path}"`
  const scope = new TemplateScope(parse(init.path, source), source, init.parameters)
  scope.checkParameters()
  const template = stateOfTemplate(scope, init.warn)
  const more = init.stateFile === undefined ? {} : readStateDocument(init.stateFile)
  const sources = init.stateFile === undefined ? source : `${source} with "${init.stateFile}"`
  return {
    state: stateFromDocument(merged(template, more), sources, init.stateFile ?? init.path),
    outputs: scope.outputs,
    stackName: String(scope.ref('AWS::StackName', 'AWS::StackName')),
  }
}

function parse(path: string, source: string): TemplateDocument {
  const text = readText(path, source)
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw new RolesAnywhereError('ERR_RA_EMULATOR_STATE_INVALID', `${source}: not JSON`, {
      cause,
      hint: 'a template in YAML becomes JSON with the cfn-flip program, or by "cdk synth --json"',
    })
  }
  if (typeof document === 'object' && document !== null && 'Resources' in document) {
    return document as TemplateDocument
  }
  throw new RolesAnywhereError('ERR_RA_EMULATOR_STATE_INVALID', `${source}: has no Resources`, {
    hint: 'a CloudFormation template is expected, for example one that the CDK wrote',
  })
}

/** Lists are joined; for a repository that both name, the file adds what it has. */
function merged(template: StateDocument, more: unknown): unknown {
  // What is no state at all is for the reader of states to refuse.
  if (typeof more !== 'object' || more === null || Array.isArray(more)) return more
  const file = more as Readonly<Record<string, unknown>>
  const lists = (['trustAnchors', 'profiles', 'roles'] as const).map((name) => {
    const [made = [], given = []] = [template[name], file[name]]
    return [name, Array.isArray(given) ? [...made, ...(given as unknown[])] : given] as const
  })
  const given = file['repositories'] ?? []
  const made = template.repositories ?? []
  const repositories = Array.isArray(given) ? withMore(made, given as RepositoryDocument[]) : given
  return { ...file, ...Object.fromEntries(lists), repositories }
}

function withMore(
  made: readonly RepositoryDocument[],
  given: readonly RepositoryDocument[],
): RepositoryDocument[] {
  const same = (a: RepositoryDocument, b: RepositoryDocument): boolean =>
    a.name === b.name && a.account === b.account && a.region === b.region
  return [
    ...made.map((entry) => ({ ...given.find((other) => same(entry, other)), ...entry })),
    ...given.filter((entry) => !made.some((other) => same(entry, other))),
  ]
}
