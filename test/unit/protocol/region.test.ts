import { expect } from 'chai'
import { parseRegion } from '../../../src/protocol/region.js'
import { throwsWithCode } from '../../support/rejects.js'

describe('parseRegion', () => {
  for (const [text, region, useFips] of [
    ['eu-central-1', 'eu-central-1', false],
    ['fips-us-east-1', 'us-east-1', true],
    ['us-gov-west-1-fips', 'us-gov-west-1', true],
    ['xx-newland-7', 'xx-newland-7', false],
  ] as const) {
    it(`reads ${text} as ${region}${useFips ? ' with FIPS' : ''}`, () => {
      expect(parseRegion(text)).to.deep.equal({ region, useFips })
    })
  }

  for (const text of [
    '',
    'EU-CENTRAL-1',
    'eu_central_1',
    'eu-central-1.evil.example',
    'eu-central-1/',
    'eu-central-1\n',
    'evil.example#',
    '-x',
    'x-',
    'fips-',
    'ü-1',
    'a'.repeat(64),
  ]) {
    it(`refuses ${JSON.stringify(text)}: it would become part of a host name`, () => {
      throwsWithCode(() => parseRegion(text), 'ERR_RA_SETTING_INVALID')
    })
  }
})
