import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { DEFAULTABLE } from '../../../../sidecar/injector/annotations.js'
import { readInjectorConfig } from '../../../../sidecar/injector/config/read-config.js'
import { RolesAnywhereError } from '../../../../src/errors.js'

interface Schema {
  readonly properties: Readonly<Record<string, Schema>>
  readonly items: Schema
  readonly propertyNames: { readonly enum: readonly string[] }
}

const SCHEMA = JSON.parse(
  readFileSync('sidecar/deploy/helm/rolesanywhere/values.schema.json', 'utf8'),
) as Schema

const HEAD = 'apiVersion: rolesanywhere.io/v1alpha1\nkind: InjectorConfiguration\n'

/** The keys that the reader of configurations names when it is given one that it does not know. */
function keysAt(yaml: string): readonly string[] {
  try {
    readInjectorConfig(`${HEAD}${yaml}`, 'config')
  } catch (error) {
    if (error instanceof RolesAnywhereError) {
      return /^keys: (.*)$/.exec(error.hint ?? '')?.[1]?.split(', ') ?? []
    }
  }
  return []
}

describe('the schema of the values of the chart', () => {
  const config = SCHEMA.properties['injector']?.properties['config']

  for (const { what, yaml, schema, more } of [
    { what: 'the configuration', yaml: 'x: 1', schema: config, more: ['apiVersion', 'kind'] },
    { what: 'sidecar', yaml: 'sidecar: { x: 1 }', schema: config?.properties['sidecar'], more: [] },
    {
      what: 'a rule',
      yaml: 'allow: [{ x: 1 }]',
      schema: config?.properties['allow']?.items,
      more: [],
    },
  ]) {
    it(`knows the keys of ${what} that the injector knows`, () => {
      const known = [...Object.keys(schema?.properties ?? {}), ...more]
      expect(known).to.have.members(keysAt(yaml))
    })
  }

  it('knows the defaults that the injector knows', () => {
    const { propertyNames } = config?.properties['defaults'] ?? {}
    expect(propertyNames?.enum).to.have.members(DEFAULTABLE)
  })
})
