import fc from 'fast-check'
import type { ProfileValues } from '../../src/credentials-file/edit-profile.js'

/** Values that no generated file holds. */
export const VALUES: ProfileValues = {
  aws_access_key_id: 'ASIANEW',
  aws_secret_access_key: 'new/secret+key=',
  aws_session_token: 'new//session+token==',
}

/** A credentials file with a profile `app` at most, in the many ways that people and programs write them. */
export const anyFile: fc.Arbitrary<Buffer> = fc
  .record({
    bom: fc.boolean(),
    ending: fc.constantFrom('\n', '\r\n'),
    before: sections(['other', 'apps', 'app.dev', 'App', 'é']),
    own: fc.option(section(fc.constantFrom('[app]', '[app] ', '[app] # note', '[app] ; a'))),
    after: sections(['last', 'my app', '-app']),
    open: fc.boolean(),
  })
  .map(({ bom, ending, before, own, after, open }) => {
    const lines = [...before, ...(own ?? []), ...after]
    // No two foreign keys are the same: boto3 would refuse the file.
    const text = lines.map((line, index) => line.replace('KEY', `key_${index}`)).join(ending)
    return Buffer.from((bom ? '\ufeff' : '') + text + (open ? '' : ending))
  })

function sections(names: readonly string[]): fc.Arbitrary<string[]> {
  return fc
    .subarray([...names])
    .chain((chosen) => fc.tuple(...chosen.map((name) => section(fc.constant(`[${name}]`)))))
    .map((all) => all.flat())
}

function section(header: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  const foreign = fc.constantFrom(
    ['KEY = value'],
    ['KEY=value # not a comment for all'],
    ['  KEY   =   padded   '],
    ['KEY : colon'],
    ['KEY = ünïcödé ✓'],
    ['KEY =', '  aws_access_key_id = nested', '  KEY = nested'],
    ['KEY =', '\tKEY = nested'],
    ['# comment'],
    ['  ; aws_access_key_id = in a comment'],
    ['#[app]'],
    [''],
    [' \t'],
  )
  const own = fc
    .tuple(
      fc.constantFrom('aws_access_key_id', 'aws_secret_access_key', 'aws_session_token'),
      fc.constantFrom(' = ', '=', '\t=  ', ' ='),
      fc.constantFrom('OLD', 'old/==', 'OLD  ', 'OLD # note'),
    )
    .map((parts) => parts.join(''))
  const keys = fc
    .uniqueArray(own, { maxLength: 3, selector: (line) => line.split(/[\t =]/, 1)[0] })
    .map((lines) => lines.map((line) => [line]))
  return fc
    .tuple(header, keys, fc.array(foreign, { maxLength: 5 }))
    .chain(([first, own, others]) =>
      fc
        .shuffledSubarray([...own, ...others], { minLength: own.length + others.length })
        .map((blocks) => [first, ...blocks.flat()]),
    )
}
