import { expect } from 'chai'
import { type Sources, resolve, resolveOptional } from '../../../src/config/resolve.js'
import { PROGRAM_SETTINGS, SETTINGS } from '../../../src/config/settings.js'
import { throwsWithCode } from '../../support/rejects.js'

interface Places {
  readonly flag?: string
  readonly env?: string
  readonly key?: string
}

const { region } = SETTINGS

function sources(
  { flag, env, key }: Places,
  setting: { flag: string; env?: string; profileKey?: string } = region,
): Sources {
  return {
    flags: {
      has: (name) => name === setting.flag && flag !== undefined,
      get: (name) => (name === setting.flag ? flag : undefined),
    },
    env: setting.env === undefined ? {} : { [setting.env]: env },
    profile: {
      name: 'app',
      values: setting.profileKey === undefined ? {} : { [setting.profileKey]: key },
    },
  }
}

describe('resolveOptional', () => {
  for (const { places, value, source } of [
    { places: { flag: 'a', env: 'b', key: 'c' }, value: 'a', source: 'flag --region' },
    {
      places: { env: 'b', key: 'c' },
      value: 'b',
      source: 'environment variable ROLESANYWHERE_REGION',
    },
    {
      places: { key: 'c' },
      value: 'c',
      source: 'key rolesanywhere_region of config profile "app"',
    },
    {
      places: { flag: '', env: '', key: 'c' },
      value: 'c',
      source: 'key rolesanywhere_region of config profile "app"',
    },
  ]) {
    it(`takes ${value} from ${source}`, () => {
      expect(resolveOptional(region, sources(places))).to.deep.equal({ value, source })
    })
  }

  it('has nothing when nobody gave a value and there is no default', () => {
    expect(resolveOptional(region, sources({}))).to.equal(undefined)
  })

  it('falls back to the default', () => {
    expect(resolveOptional(SETTINGS.timeoutSeconds, sources({}))).to.deep.equal({
      value: 10,
      source: 'default',
    })
  })
})

describe('resolve', () => {
  it('says every place that a missing setting can come from', () => {
    const error = throwsWithCode(
      () => resolve(SETTINGS.roleArn, sources({})),
      'ERR_RA_SETTING_MISSING',
    )
    expect(error.message).to.equal('missing setting --role-arn')
    expect(error.hint).to.equal(
      'pass --role-arn, or set ROLESANYWHERE_ROLE_ARN, or put rolesanywhere_role_arn into [profile app] of the AWS config file',
    )
  })

  for (const { setting, bad } of [
    {
      setting: SETTINGS.sessionDurationSeconds,
      bad: ['899', '12h1s', '-1', '1.5h', 'soon', '1e3', '١٥m'],
    },
    { setting: SETTINGS.timeoutSeconds, bad: ['0', '301', '10 s'] },
    { setting: SETTINGS.roleSessionName, bad: ['a', 'x'.repeat(65), 'with space', 'slash/'] },
    { setting: SETTINGS.useFips, bad: ['yes', '1'] },
    { setting: PROGRAM_SETTINGS.logLevel, bad: ['trace', 'INFO'] },
    { setting: PROGRAM_SETTINGS.logFormat, bad: ['xml'] },
  ]) {
    it(`refuses bad values of ${setting.flag}, naming their source and not repeating them`, () => {
      for (const text of bad) {
        const error = throwsWithCode(
          () => resolve<unknown>(setting, sources({ flag: text }, setting)),
          'ERR_RA_SETTING_INVALID',
        )
        expect(error.message).to.match(new RegExp(`^invalid value of flag --${setting.flag}: `))
        expect(error.hint).to.be.a('string')
      }
    })
  }

  for (const { text, seconds } of [
    { text: '900', seconds: 900 },
    { text: '15m', seconds: 900 },
    { text: '1h30m', seconds: 5400 },
    { text: '12h', seconds: 43_200 },
    { text: '3600s', seconds: 3600 },
  ]) {
    it(`reads ${text} as ${seconds} seconds`, () => {
      const setting = SETTINGS.sessionDurationSeconds
      expect(resolve(setting, sources({ env: text }, setting)).value).to.equal(seconds)
    })
  }
})

describe('SETTINGS', () => {
  const rows = [...Object.values(SETTINGS), ...Object.values(PROGRAM_SETTINGS)]

  it('names each flag, variable and config key once', () => {
    for (const names of [
      rows.map(({ flag }) => flag),
      rows.flatMap((row) => ('env' in row ? [row.env] : [])),
      rows.flatMap((row) => ('profileKey' in row ? [row.profileKey] : [])),
    ]) {
      expect(new Set(names).size).to.equal(names.length)
    }
  })

  it('has a help sentence for each row', () => {
    for (const { flag, help } of rows) expect(help, flag).to.match(/^\S.*[^.]$/)
  })
})
