import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { GROUPS } from '../../../src/doctor/check.js'
import { CHECKS_WITH_REGISTRY as CHECKS } from '../../../src/doctor/checks.js'
import { EVIDENCE } from '../../../src/doctor/judgements/evidence.js'
import { explainRefusal } from '../../../src/protocol/refusals.js'

const ids = CHECKS.map(({ id }) => id)

/** A text of each refusal whose causes are weighed. */
const TEXTS = {
  'trust-anchor-not-found': "Specified Trust Anchor wasn't found.",
  'certificate-untrusted': 'Untrusted signing certificate',
  'certificate-unfit': 'Untrusted certificate. Insufficient certificate',
  'signature-invalid': 'Invalid signature',
  'profile-not-found': 'Invalid or empty profile provided.',
} as const

describe('the table of checks', () => {
  it('has no name twice', () => {
    expect(new Set(ids).size).to.equal(ids.length)
  })

  it('has the groups together and in the order of the report', () => {
    const groups = ids.map((id) => id.split('.')[0] ?? '')
    expect([...new Set(groups)]).to.deep.equal(Object.keys(GROUPS))
    const starts = groups.filter((group, index) => group !== groups[index - 1])
    expect(starts).to.have.length(new Set(groups).size)
  })

  it('gives every fact before somebody needs it', () => {
    const given = new Set<string>()
    for (const { id, needs, gives } of CHECKS) {
      for (const fact of needs) expect(given.has(fact), `${id} needs ${fact}`).to.equal(true)
      for (const fact of gives) given.add(fact)
    }
  })
})

describe('the evidence for causes', () => {
  for (const [reason, checks] of Object.entries(EVIDENCE)) {
    it(`of ${reason} has an entry for each cause, and names checks that there are`, () => {
      const text = TEXTS[reason as keyof typeof TEXTS]
      const explanation = explainRefusal(403, 'AccessDeniedException', text)
      expect(explanation.reason).to.equal(reason)
      expect(checks).to.have.length(explanation.causes.length)
      for (const id of checks.flat()) expect(ids).to.include(id)
    })
  }
})

describe('docs/troubleshooting.md', () => {
  const text = readFileSync(new URL('../../../docs/troubleshooting.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `([a-z]+\.[a-z0-9-]+)` \| (.+) \| (.+) \|$/gm)]

  it('has a row for every check, in the order of the table', () => {
    const withoutSettings = ids.filter((id) => !id.startsWith('settings.'))
    const documented = rows.map(([, id]) => id).filter((id) => !id?.startsWith('settings.'))
    expect(documented).to.deep.equal(withoutSettings)
  })

  it('says of every check of a setting where it is explained', () => {
    const documented = rows.map(([, id]) => id).filter((id) => id?.startsWith('settings.'))
    for (const id of documented) expect(ids).to.include(id)
    expect(text).to.contain('`settings.FLAG`')
  })

  for (const message of [
    "Specified Trust Anchor wasn't found.",
    'Untrusted signing certificate',
    'Untrusted certificate. Insufficient certificate',
    'Invalid signature',
    'Certificate revoked',
    'Invalid or empty profile provided.',
    "Requested Role isn't one of those listed in the Profile.",
    'Not authorized to set roleSessionName.',
    'Unable to assume role for arn:aws:iam::123456789012:role/app',
    'Unable to assume role for arn:aws:iam::123456789012:role/app: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    'Some attributes failed to be mapped into session tags',
  ]) {
    it(`explains "${message}" with the causes that the program tells`, () => {
      const { reason, causes, hint } = explainRefusal(403, 'AccessDeniedException', message)
      const [, section = ''] = text.split(`### ${reason}\n`)
      const own = section.split(/^##/m)[0] ?? ''
      for (const words of [...causes, hint]) expect(plain(own)).to.contain(plain(words))
    })
  }
})

/** Without line breaks and code marks. */
const plain = (text: string): string => text.replaceAll('`', '').replace(/\s+/g, ' ')
