import { INJECTED } from '../annotations.js'
import type { ManifestInjection } from './inject-manifests.js'

/** Which layer gave each value, for people: one block for each pod. */
export function explainInjections(pods: readonly ManifestInjection[]): string {
  if (pods.length === 0) return 'no pods\n'
  return pods.map(explain).join('\n')
}

function explain({ owner, place, injection }: ManifestInjection): string {
  if (injection.outcome === 'unchanged')
    return `${owner} (${place}): unchanged, ${injection.reason}\n`
  const { settings, workload, operations, warnings } = injection
  const what = operations.length === 0 ? `${INJECTED} before` : INJECTED
  const rows = settings.sources.map(({ name, text, source }) => ({
    name,
    value: name === 'sidecar-patch' ? `(${text.length} characters)` : text,
    source,
  }))
  if (!settings.regionIsSet) {
    rows.push({
      name: 'region',
      value: settings.target.region,
      source: 'region of the trust anchor',
    } as never)
  }
  const widths = { name: longest(rows, 'name'), value: longest(rows, 'value') }
  const lines = rows.map(
    ({ name, value, source }) =>
      `  ${name.padEnd(widths.name)}  ${value.padEnd(widths.value)}  ${source}`,
  )
  const head = `${owner} (${place}): ${what}, service account ${workload.namespace}/${workload.serviceAccount}`
  return [
    head,
    ...lines,
    ...warnings.map(({ rule, message }) => `  warning (${rule}): ${message}`),
    '',
  ].join('\n')
}

const longest = (
  rows: readonly Readonly<Record<'name' | 'value', string>>[],
  column: 'name' | 'value',
): number => Math.max(0, ...rows.map((row) => row[column].length))
