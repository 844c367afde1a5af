import { expect } from 'chai'
import fc from 'fast-check'
import { DEFAULT_CONFIG } from '../../../../sidecar/injector/config/injector-config.js'
import { readInjectorConfig } from '../../../../sidecar/injector/config/read-config.js'
import { globMatches } from '../../../../sidecar/injector/settings/allow-list.js'
import { RolesAnywhereError } from '../../../../src/errors.js'
import { throwsWithCode } from '../../../support/rejects.js'

const HEAD = 'apiVersion: rolesanywhere.io/v1alpha1\nkind: InjectorConfiguration\n'
const read = (text: string): ReturnType<typeof readInjectorConfig> =>
  readInjectorConfig(HEAD + text, 'injector.yaml')

describe('readInjectorConfig', () => {
  it('takes defaults for what is left out, empty keys included', () => {
    for (const text of ['', 'sidecar:\ndefaults:\n']) {
      expect(read(text)).to.deep.equal(DEFAULT_CONFIG)
    }
    expect(readInjectorConfig('', 'injector.yaml')).to.deep.equal(DEFAULT_CONFIG)
  })

  it('reads everything', () => {
    const config = read(`prefix: aws.example.com
kubernetesVersion: "1.30"
hostNetwork: allow
existingCredentials: skip
trustDomain: example.org
skipContainers: [vault-*]
defaults: { session-duration: 6h, startup-gate: none }
sidecar: { image: 'registry.example.com/a:1', port: 8911, runAsUser: 1000, env: [{ name: A, value: b }] }
allow:
  - { name: all, namespaces: ['*'], roleArns: ['arn:*'] }
`)
    expect(config).to.deep.include({ prefix: 'aws.example.com', hostNetwork: 'allow' })
    expect(config.serverVersion).to.deep.equal({ major: 1, minor: 30 })
    expect(config.sidecar).to.include({ port: 8911, healthPort: 9912, runAsUser: 1000 })
    expect(config.allow?.[0]?.serviceAccounts).to.deep.equal(['*'])
  })

  for (const [what, text, place] of [
    ['an unknown key', 'sidecar:\n  imgae: x\n', '4:10: sidecar.imgae is no key here'],
    ['a word of another list', 'hostNetwork: maybe\n', '3:14: hostNetwork is not one of'],
    ['a number out of range', 'sidecar: {port: 80}\n', '3:17: sidecar.port is not a whole number'],
    ['the same port twice', 'sidecar: {port: 9912}\n', '3:10: sidecar has the same port twice'],
    ['a list for a map', 'defaults: []\n', '3:11: defaults is not a map'],
    ['an unquoted version', 'kubernetesVersion: 1.30\n', '3:20: kubernetesVersion is not text'],
    ['a default that has none', 'defaults: {containers: x}\n', '3:24: defaults.containers has no'],
    [
      'a rule without roles',
      'allow:\n  - name: a\n    namespaces: [b]\n',
      '4:5: allow[0] has no roleArns',
    ],
    [
      'a rule without namespaces',
      'allow: [{name: a, roleArns: [b]}]\n',
      '3:9: allow[0] has no namespaces',
    ],
    [
      'a variable that is a number',
      'sidecar: {env: [{name: A, value: 1}]}\n',
      '3:17: sidecar.env[0] has a value that is not text',
    ],
    [
      'a misspelt key of a variable',
      'sidecar: {env: [{name: A, val: x}]}\n',
      '3:17: sidecar.env[0] has the key val',
    ],
    ['no YAML', 'sidecar: [\n', '4:1: not valid YAML'],
    ['a key that comes twice', 'prefix: a.b\nprefix: a.b\n', '4:1: not valid YAML'],
    ['a prefix that is no name', 'prefix: "A/B"\n', '3:9: prefix is not a DNS name'],
  ] as const) {
    it(`names line and column of ${what}`, () => {
      const error = throwsWithCode(() => read(text), 'ERR_RA_INJECTOR_CONFIG_INVALID')
      expect(error.message).to.satisfy(
        (message: string) => message.startsWith(`injector.yaml:${place}`),
        error.message,
      )
      expect(error.hint).to.be.a('string')
    })
  }

  it('wants a file to say what it is', () => {
    const action = (): unknown => readInjectorConfig('prefix: a.b\n', 'injector.yaml')
    throwsWithCode(action, 'ERR_RA_INJECTOR_CONFIG_INVALID')
  })

  it('throws nothing but its own error, whatever the file holds', () => {
    const keys = fc.constantFrom('prefix', 'defaults', 'sidecar', 'allow', 'skipContainers')
    fc.assert(
      fc.property(keys, fc.oneof(fc.jsonValue(), fc.string()), (key, value) => {
        try {
          read(`${key}: ${JSON.stringify(value)}\n`)
        } catch (error) {
          expect(error).to.be.instanceOf(RolesAnywhereError)
        }
      }),
    )
  })
})

describe('globMatches', () => {
  for (const [pattern, text, expected] of [
    ['a', 'a', true],
    ['a', 'ab', false],
    ['*', '', true],
    ['a*', 'a', true],
    ['a*b', 'aXb', true],
    ['a*a', 'a', false],
    ['a*b*c', 'abbc', true],
    ['a*b*c', 'acb', false],
    ['*-payments', 'eu-payments', true],
    ['pay.ents', 'payments', false],
    ['**', 'anything', true],
  ] as const) {
    it(`says ${String(expected)} for ${pattern} and "${text}"`, () => {
      expect(globMatches(pattern, text)).to.equal(expected)
    })
  }

  it('takes no time for patterns that are slow in regular expressions', () => {
    expect(globMatches(`${'*a'.repeat(200)}b`, 'a'.repeat(5000))).to.equal(false)
  })
})
