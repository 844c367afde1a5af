import { expect } from 'chai'
import { parseLabelSelector } from '../../../../sidecar/pull-secrets/label-selector.js'
import { isServed, isTarget } from '../../../../sidecar/pull-secrets/targets.js'
import { throwsWithCode } from '../../../support/rejects.js'

describe('parseLabelSelector', () => {
  const labels = { team: 'a', tier: '', 'example.com/x': '1' }
  for (const [selector, expected] of [
    ['', true],
    ['team=a', true],
    ['team==a', true],
    ['team=b', false],
    ['team!=b', true],
    ['absent!=b', true],
    ['tier=', true],
    ['team', true],
    ['!team', false],
    ['!absent', true],
    ['team in (a, b)', true],
    ['team in (b,c)', false],
    ['team notin (b)', true],
    ['absent notin (b)', true],
    ['absent in (b)', false],
    ['team in (a,b),example.com/x=1,!absent', true],
    ['team=a,tier=x', false],
    ['constructor', false],
  ] as const) {
    it(`${expected ? 'selects' : 'does not select'} with "${selector}"`, () => {
      expect(parseLabelSelector(selector, 'namespace-selector')(labels)).to.equal(expected)
    })
  }
  for (const bad of ['=a', 'team in a', 'a b', 'team=a b', '-x=1', 'team>1']) {
    it(`refuses "${bad}"`, () => {
      throwsWithCode(() => parseLabelSelector(bad, 'namespace-selector'), 'ERR_RA_FLAG_INVALID')
    })
  }
})

describe('targets', () => {
  const rules = {
    namespaces: ['team-*', 'on?'],
    excludedNamespaces: ['team-x'],
    namespaceSelector: parseLabelSelector('!off', 'namespace-selector'),
    serviceAccounts: ['default', 'ci-*'],
  }
  for (const [name, labels, terminating, expected] of [
    ['team-a', {}, false, true],
    ['one', {}, false, true],
    ['only', {}, false, false],
    ['team-x', {}, false, false],
    ['team-a', { off: '' }, false, false],
    ['team-a', {}, true, false],
    ['kube.team-a', {}, false, false],
  ] as const) {
    it(`${expected ? 'serves' : 'passes over'} ${name} ${JSON.stringify(labels)}${terminating ? ', which ends' : ''}`, () => {
      expect(isTarget(rules, name, { labels, terminating })).to.equal(expected)
    })
  }

  it('lets a service account decide for itself', () => {
    const annotation = 'rolesanywhere.io/pull-secret'
    expect(isServed(rules, 'default', {})).to.equal(true)
    expect(isServed(rules, 'ci-1', {})).to.equal(true)
    expect(isServed(rules, 'web', {})).to.equal(false)
    expect(isServed(rules, 'web', { [annotation]: 'true' })).to.equal(true)
    expect(isServed(rules, 'default', { [annotation]: 'false' })).to.equal(false)
    expect(isServed(rules, 'default', { [annotation]: 'perhaps' })).to.equal(true)
  })
})
