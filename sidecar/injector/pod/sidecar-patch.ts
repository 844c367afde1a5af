import { isDeepStrictEqual } from 'node:util'
import { applyPatch, type Operation } from 'rfc6902'
import type { SidecarConfig } from '../config/injector-config.js'
import { refusal } from '../refusal.js'
import { type Fields, isFields, listAt } from './pod.js'

const MAX_BYTES = 32_768
const MAX_OPERATIONS = 64

/**
 * What a patch may change where only harmless ones are permitted. Everything else decides whose
 * credentials the sidecar serves, what runs beside the private key, and how it is confined.
 */
const HARMLESS = [
  'env',
  'imagePullPolicy',
  'lifecycle',
  'livenessProbe',
  'readinessProbe',
  'resources',
  'startupProbe',
  'terminationMessagePath',
  'terminationMessagePolicy',
]
/** Handlers among them, none of which may run a program. */
const HANDLERS = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']
/** Variables that steer neither Node nor who the workload is. */
const HARMLESS_VARIABLE =
  /^(?:(?:https?|all|no)_proxy|TZ|ROLESANYWHERE_(?:LOG_LEVEL|LOG_FORMAT|TIMEOUT))$/i

/**
 * The container after the user's own JSON patch, which sees nothing else of the pod. Unless the
 * configuration says otherwise it cannot change what the container runs, as whom, and what it mounts,
 * or the allow-list would be a matter of a longer annotation.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`, rule `sidecar-patch`.
 * @see https://www.rfc-editor.org/rfc/rfc6902
 */
export function patchSidecar(
  container: Fields,
  patch: string,
  permitted: SidecarConfig['patch'],
): Fields {
  if (permitted === 'refuse') throw invalid('is turned off in the injector configuration')
  const patched = structuredClone(container) as Record<string, unknown>
  const operations = parsePatch(patch)
  const failed = applyPatch(patched, operations).findIndex(Boolean)
  if (failed >= 0) throw invalid(`operation ${failed + 1} does not fit the container`)
  if (permitted === 'safe') checkHarmless(container, patched)
  return patched
}

function parsePatch(text: string): Operation[] {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalid(`is longer than ${MAX_BYTES} bytes`)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw invalid('is not JSON')
  }
  if (!Array.isArray(parsed) || parsed.length > MAX_OPERATIONS) {
    throw invalid(`is not a list of up to ${MAX_OPERATIONS} operations`)
  }
  parsed.forEach((operation, index) => checkOperation(operation, index))
  return parsed as Operation[]
}

function checkOperation(operation: unknown, index: number): void {
  const where = `operation ${index + 1}`
  if (!isFields(operation)) throw invalid(`${where} is not a map`)
  const { op, path, from } = operation
  const isPointer = (text: unknown): boolean =>
    typeof text === 'string' &&
    /^(?:\/(?:[^~]|~[01])*)+$/.test(text) &&
    !/\/(?:__proto__|constructor|prototype)(?:\/|$)/.test(text)
  if (!isPointer(path)) throw invalid(`${where} has no path`)
  if (op === 'add' || op === 'replace' || op === 'test') {
    if (!('value' in operation)) throw invalid(`${where} has no value`)
  } else if (op === 'move' || op === 'copy') {
    if (!isPointer(from)) throw invalid(`${where} has no from`)
  } else if (op !== 'remove') throw invalid(`${where} is not one of RFC 6902`)
}

function checkHarmless(before: Fields, after: Fields): void {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  for (const key of keys) {
    if (HARMLESS.includes(key) || isDeepStrictEqual(before[key], after[key])) continue
    throw invalid(`changes ${key}`)
  }
  const runs = HANDLERS.find((key) => JSON.stringify(after[key] ?? null).includes('"exec":'))
  if (runs !== undefined) throw invalid(`runs a program in ${runs}`)
  const [own, all] = [listAt(before, 'env'), listAt(after, 'env')]
  if (!own.every((variable) => all.some((other) => isDeepStrictEqual(variable, other)))) {
    throw invalid('takes away a variable that the injector has put in')
  }
  const names = all.map(({ name }) => String(name))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw invalid(`sets ${twice} twice`)
  const known = new Set(own.map(({ name }) => String(name)))
  const steering = names.find((name) => !known.has(name) && !HARMLESS_VARIABLE.test(name))
  if (steering !== undefined) throw invalid(`sets ${steering}`)
}

const invalid = (problem: string): Error =>
  refusal(
    'sidecar-patch',
    `sidecar-patch ${problem}`,
    'it is a JSON patch on the container, for example [{"op":"add","path":"/lifecycle","value":{}}]',
  )
