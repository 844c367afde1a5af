import { isDeepStrictEqual } from 'node:util'
import {
  type Document,
  isCollection,
  isNode,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml'
import { RolesAnywhereError } from '../../../src/errors.js'
import type { InjectorConfig } from '../config/injector-config.js'
import { type Injection, injectPod } from '../inject-pod.js'
import { type PatchOperation, segmentsOf } from '../patch.js'
import { isFields } from '../pod/pod.js'
import type { Warning } from '../refusal.js'
import type { ServerVersion } from '../request.js'
import {
  type AnnotatedObject,
  annotatedObjectsOf,
  type PodTemplate,
  podTemplatesOf,
} from './pod-templates.js'
import { applyAdditions } from './apply-additions.js'
import { idleLabelsOf } from './idle-labels.js'
import { applyEdits, type Edit, editsFor, PARSE } from './yaml-edits.js'

/** One file, or standard input. */
export interface ManifestInput {
  /** Names it in messages. */
  readonly name: string
  readonly text: string
}

/** What the command line says about the cluster. */
export interface ManifestOptions {
  readonly config: InjectorConfig
  /** Of objects that name none. */
  readonly namespace: string
  readonly serverVersion?: ServerVersion
}

/** What became of one pod or pod template. */
export interface ManifestInjection {
  /** `Deployment payments/app`. */
  readonly owner: string
  /** `file.yaml:12`. */
  readonly place: string
  readonly injection: Exclude<Injection, { readonly outcome: 'refused' }>
}

/** A warning about an object that nothing was done to. */
export interface ManifestWarning {
  readonly owner: string
  readonly place: string
  readonly warning: Warning
}

/** Changed text, and what was decided about each pod in it. */
export interface InjectedManifests {
  readonly text: string
  readonly pods: readonly ManifestInjection[]
  readonly warnings: readonly ManifestWarning[]
}

interface ReadDocument {
  readonly input: ManifestInput
  readonly index: number
  readonly node: Node | null
  readonly value: unknown
  readonly lines: LineCounter
}

/** What is to become of one document. */
interface ChangedDocument {
  readonly document: ReadDocument
  readonly operations: readonly PatchOperation[]
  readonly edits: readonly Edit[]
}

/**
 * Does to the pods in manifests what the webhook would do to them. Documents without such pods stay
 * byte for byte; in the others lines are inserted and nothing else changes. All or nothing: nothing is
 * given back when a single pod is refused.
 *
 * @throws RolesAnywhereError `ERR_RA_MANIFEST_INVALID` or `ERR_RA_INJECTION_REFUSED`, naming file,
 *   document and line.
 */
export function injectManifests(
  inputs: readonly ManifestInput[],
  options: ManifestOptions,
): InjectedManifests {
  const read = inputs.map((input) => ({ input, documents: readDocuments(input) }))
  const objects = read.flatMap(({ documents }) =>
    documents.flatMap(({ value }) => annotatedObjectsOf(value)),
  )
  const pods: ManifestInjection[] = []
  const texts = read.map(({ input, documents }) => {
    const changed = documents.flatMap((document): ChangedDocument[] => {
      const decided = podTemplatesOf(document.value).map((template) => ({
        template,
        found: decide(document, template, { objects, options }),
      }))
      pods.push(...decided.map(({ found }) => found))
      const operations = decided.flatMap(({ template, found: { injection } }) =>
        injection.outcome === 'injected' ? prefixed(injection.operations, template.path) : [],
      )
      if (operations.length === 0) return []
      const result = editsFor(input.text, document.node, operations)
      if ('edits' in result) return [{ document, operations, edits: result.edits }]
      throw cannotInsert(document, result.offset, result.problem)
    })
    return changed.length === 0 ? input.text : changedText(input, changed)
  })
  const warnings = read.flatMap(({ documents }) =>
    documents.flatMap((document) => warningsAbout(document, options)),
  )
  return { text: joined(texts), pods, warnings }
}

const warningsAbout = (
  document: ReadDocument,
  { config }: ManifestOptions,
): readonly ManifestWarning[] =>
  idleLabelsOf(document.value, config.prefix).map(({ owner, path, message }) => ({
    owner,
    place: placeOf(document, path),
    warning: { rule: 'label-without-effect', message },
  }))

/**
 * The text with all edits, once it is sure that they did what the operations say: an anchor in the
 * wrong place would carry them elsewhere.
 */
function changedText(input: ManifestInput, changed: readonly ChangedDocument[]): string {
  const text = applyEdits(
    input.text,
    changed.flatMap(({ edits }) => edits),
  )
  const [before, after] = [exactDocuments(input.text), exactDocuments(text)]
  for (const { document, operations } of changed) {
    const expected = applyAdditions(before[document.index]?.toJS(ALIASES), operations)
    const result = after[document.index]
    const isRead = result?.errors.length === 0 && after.length === before.length
    if (isRead && isDeepStrictEqual(result.toJS(ALIASES), expected)) continue
    const problem = 'shares lists or maps by anchors (&): write them out'
    throw cannotInsert(document, document.node?.range?.[0] ?? 0, problem)
  }
  return text
}

const ALIASES = { maxAliasCount: 1000 }

/** Numbers of any size as they are. */
const exactDocuments = (text: string): readonly Document[] => [
  ...parseAllDocuments(text, { ...PARSE, intAsBigInt: true }),
]

/** The second file begins with the mark of a document, unless it has one. */
function joined(texts: readonly string[]): string {
  return texts.reduce((all, text) => {
    if (all === '' || text === '') return all + text
    const lineFeed = all.endsWith('\n') ? '' : '\n'
    const marked = /^(?:[ \t]*(?:#.*)?\r?\n)*(?:---(?:\s|$)|%)/.test(text)
    return all + lineFeed + (marked ? '' : '---\n') + text
  })
}

function readDocuments(input: ManifestInput): readonly ReadDocument[] {
  const lines = new LineCounter()
  const parsed: readonly Document[] = [
    ...parseAllDocuments(input.text, { ...PARSE, lineCounter: lines }),
  ]
  return parsed.map((document, index) => {
    const [error] = document.errors
    if (error) {
      const { line, col } = lines.linePos(error.pos[0])
      throw new RolesAnywhereError(
        'ERR_RA_MANIFEST_INVALID',
        `${input.name}:${line}:${col}: document ${index + 1} is not valid YAML (${error.code})`,
        { cause: error, hint: 'kubectl apply would not read it, either' },
      )
    }
    const node = document.contents as Node | null
    return { input, index, node, lines, value: plain(document, input, index) }
  })
}

function plain(document: Document, { name }: ManifestInput, index: number): unknown {
  try {
    return document.toJS(ALIASES)
  } catch (cause) {
    throw new RolesAnywhereError(
      'ERR_RA_MANIFEST_INVALID',
      `${name}: document ${index + 1} expands its aliases too often`,
      { cause, hint: 'write them out' },
    )
  }
}

const prefixed = (
  operations: readonly PatchOperation[],
  prefix: string,
): readonly PatchOperation[] =>
  operations.map((operation) => ({ ...operation, path: prefix + operation.path }))

function decide(
  document: ReadDocument,
  template: PodTemplate,
  { objects, options }: { objects: readonly AnnotatedObject[]; options: ManifestOptions },
): ManifestInjection {
  const namespace = template.namespace ?? options.namespace
  const accountName = serviceAccountOf(template.pod)
  const found = objects.find(({ kind, name }) => kind === 'Namespace' && name === namespace)
  const account = objects.find(
    (object) =>
      object.kind === 'ServiceAccount' &&
      object.name === accountName &&
      (object.namespace ?? options.namespace) === namespace,
  )
  const { serverVersion } = options
  const injection = injectPod(
    {
      pod: template.pod,
      namespace,
      operation: 'CREATE',
      ...(template.longestPodName !== undefined && { longestPodName: template.longestPodName }),
      ...(account && { serviceAccountAnnotations: account.annotations }),
      ...(found && { namespaceAnnotations: found.annotations, namespaceLabels: found.labels }),
      ...(serverVersion && { serverVersion }),
    },
    options.config,
  )
  const place = placeOf(document, template.path)
  if (injection.outcome === 'refused') {
    const { rule, message, hint } = injection.refusal
    throw new RolesAnywhereError(
      'ERR_RA_INJECTION_REFUSED',
      `${place}: document ${document.index + 1}, ${template.owner}: ${message} (rule ${rule})`,
      { cause: injection.refusal, ...(hint !== undefined && { hint }) },
    )
  }
  return { owner: template.owner, place, injection }
}

function serviceAccountOf(pod: unknown): string {
  const spec = isFields(pod) && isFields(pod['spec']) ? pod['spec'] : {}
  const named = [spec['serviceAccountName'], spec['serviceAccount']].find(
    (name) => typeof name === 'string' && name !== '',
  )
  return typeof named === 'string' ? named : 'default'
}

/** File and line at which a value begins. */
function placeOf({ input, node, lines }: ReadDocument, path: string): string {
  const found = isCollection(node) ? node.getIn(segmentsOf(path), true) : undefined
  const at = isNode(found) ? found : node
  return `${input.name}:${lines.linePos(at?.range?.[0] ?? 0).line}`
}

const cannotInsert = (
  { input, index, lines }: ReadDocument,
  offset: number,
  problem: string,
): Error =>
  new RolesAnywhereError(
    'ERR_RA_MANIFEST_INVALID',
    `${input.name}:${lines.linePos(offset).line}: document ${index + 1}: ${problem}`,
    { hint: 'or let kustomize or another tool print the manifests first' },
  )
