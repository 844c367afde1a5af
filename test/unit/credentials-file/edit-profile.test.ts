import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadSharedConfigFiles } from '@smithy/shared-ini-file-loader'
import { expect } from 'chai'
import fc from 'fast-check'
import { editProfile, type ProfileValues } from '../../../src/credentials-file/edit-profile.js'
import { anyFile, VALUES } from '../../support/credentials-files.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const HELPER = JSON.parse(
  readFileSync(new URL('../../fixtures/aws-helper-update.json', import.meta.url), 'utf8'),
) as {
  values: ProfileValues
  cases: { what: string; profile: string; before: string; after: string }[]
}

const edit = (before: string, profile = 'default', values = VALUES): string =>
  editProfile(Buffer.from(before), profile, values).bytes.toString()

const KEYS = `aws_access_key_id = ASIANEW
aws_secret_access_key = new/secret+key=
aws_session_token = new//session+token==
`

describe('editProfile', () => {
  const folder = temporaryFolder()

  describe('does what aws_signing_helper does:', () => {
    for (const { what, profile, before, after } of HELPER.cases) {
      it(what, () => {
        expect(edit(before, profile, HELPER.values).replace(/\n$/, '')).to.equal(after)
        if (before === '') return
        expect(edit(`${before}\n`, profile, HELPER.values).replace(/\n$/, '')).to.equal(after)
      })
    }
  })

  const CASES: readonly { what: string; before: string; after: string }[] = [
    {
      what: 'keeps the last line of the file when it is none of the keys',
      before: '[default]\naws_access_key_id = OLD\nregion = eu-central-1\n',
      after: `[default]\naws_access_key_id = ASIANEW\nregion = eu-central-1\n${KEYS.split('\n').slice(1).join('\n')}`,
    },
    {
      what: 'keeps a header that is the last line',
      before: '[default]\n[other]\n',
      after: `[default]\n${KEYS}[other]\n`,
    },
    {
      what: 'fills a header that is the last line',
      before: '[default]\n',
      after: `[default]\n${KEYS}`,
    },
    {
      what: 'knows a header with a comment behind it',
      before: '[default] # mine\nregion = x\n',
      after: `[default] # mine\nregion = x\n${KEYS}`,
    },
    {
      what: 'knows a header with blanks inside',
      before: '[ default ]\nregion = x\n',
      after: `[ default ]\nregion = x\n${KEYS}`,
    },
    {
      what: 'prefers the header that all readers know',
      before: '[ default ]\n[default]\n',
      after: `[ default ]\n[default]\n${KEYS}`,
    },
    {
      what: 'puts new keys before the comments that belong to the next section',
      before: '[default]\nregion = x\n\n# other\n[other]\n',
      after: `[default]\nregion = x\n${KEYS}\n# other\n[other]\n`,
    },
    {
      what: 'keeps CRLF, also in new lines',
      before: '[default]\r\naws_access_key_id=OLD\r\n',
      after: `[default]\r\n${KEYS.replaceAll('\n', '\r\n')}`,
    },
    {
      what: 'keeps the end of a file without a line feed',
      before: '[default]\naws_session_token = OLD',
      after: `[default]\n${KEYS}`.trimEnd(),
    },
    {
      what: 'adds a section to a file without a line feed at its end',
      before: '[other]\nregion = x',
      after: `[other]\nregion = x\n[default]\n${KEYS}\n`,
    },
    {
      what: 'moves a comment behind a value to a line of its own',
      before: '[default]\naws_access_key_id = OLD # from ops\n',
      after: `[default]\n# from ops\n${KEYS}`,
    },
    {
      what: 'keeps the indentation that makes keys keys',
      before: '[default]\n  region = x\n  aws_session_token = OLD\n  output = json\n',
      after: `[default]\n  region = x\n${KEYS.replaceAll(/^(?=.)/gm, '  ')}  output = json\n`,
    },
    {
      what: 'leaves keys inside of another key alone',
      before: '[default]\ns3 =\n  aws_access_key_id = nested\n',
      after: `[default]\ns3 =\n  aws_access_key_id = nested\n${KEYS}`,
    },
    {
      what: 'leaves keys that begin like one of ours alone',
      before: '[default]\naws_access_key_id_old = 1\n',
      after: `[default]\naws_access_key_id_old = 1\n${KEYS}`,
    },
    {
      what: 'replaces keys whatever their case and sign',
      before: '[default]\nAWS_ACCESS_KEY_ID: OLD\naws_secret_access_key=OLD\n',
      after: `[default]\n${KEYS}`,
    },
    {
      what: 'removes a key that is there twice, which boto3 refuses',
      before: '[default]\naws_session_token = A\nregion = x\naws_session_token = B\n',
      after: `[default]\n${KEYS}region = x\n`,
    },
    {
      what: 'removes the old name of the session token, which boto3 prefers',
      before: '[default]\naws_security_token = OLD\nregion = x\n',
      after: `[default]\nregion = x\n${KEYS}`,
    },
    {
      what: 'removes the rest of a value that goes on below',
      before: '[default]\naws_session_token = OLD\n  MORE\n\n  AND MORE\nregion = x\n',
      after: `[default]\n${KEYS}\nregion = x\n`,
    },
    {
      what: 'saves keys that boto3 takes for the rest of a value',
      before: '[default]\naws_session_token = OLD\n  region = x\n  aws_access_key_id = OLD\n',
      after: `[default]\n${KEYS}region = x\n`,
    },
    {
      what: 'saves other keys from values that go on below',
      before: '[default]\nregion = x\n  aws_access_key_id = OLD\n',
      after: `[default]\nregion = x\n${KEYS}`,
    },
    {
      what: 'keeps a byte order mark',
      before: '\ufeff[default]\nregion = x\n',
      after: `\ufeff[default]\nregion = x\n${KEYS}`,
    },
  ]
  for (const { what, before, after } of CASES) {
    it(what, () => {
      expect(edit(before)).to.equal(after)
      expect(edit(after)).to.equal(after)
    })
  }

  it('keeps bytes that are no text', () => {
    const before = Buffer.from('# \xff\xfe\x85\xa0\n[default]\n', 'latin1')
    const { bytes } = editProfile(before, 'default', VALUES)
    expect(bytes.subarray(0, before.length).equals(before)).to.equal(true)
  })

  it('finds a profile whose name is not ASCII', () => {
    expect(edit('[größe]\n[x]\n', 'größe')).to.equal(`[größe]\n${KEYS}[x]\n`)
  })

  it('warns of headers that some readers do not know, and of sections that are there twice', () => {
    const warningsFor = (file: string): number =>
      editProfile(Buffer.from(file), 'default', VALUES).warnings.length
    expect(warningsFor('[default]\n[other]\n[other]\n')).to.equal(0)
    expect(warningsFor('[ default ]\n')).to.equal(1)
    expect(warningsFor('[default]\n[default]\n')).to.equal(1)
  })

  /** Everything but the lines with the three keys of the section, and comments that were behind them. */
  function rest(file: string): string[] {
    let inside = false
    return file.split(/(?<=\n)/).flatMap((line) => {
      if (/^\ufeff?\[/.test(line)) inside = /^\ufeff?\[app\]/.test(line)
      return inside && /^aws_(access_key_id|secret_access_key|session_token)/.test(line)
        ? []
        : [line]
    })
  }

  it('for any file: other bytes stay, a second time changes nothing, JavaScript reads it back', async () => {
    const path = join(folder.path, 'credentials')
    await fc.assert(
      fc.asyncProperty(anyFile, async (before) => {
        const { bytes: after } = editProfile(before, 'app', VALUES)
        expect(editProfile(after, 'app', VALUES).bytes.equals(after)).to.equal(true)

        // A key below one of ours may be indented less, and the last line may get a line feed.
        const plain = (line: string): string => line.replace(/\r?\n$/, '').trimStart()
        const comments = before.toString().match(/^aws_\S+\s*=.*# note/gm) ?? []
        const restBefore = rest(before.toString()).map(plain)
        const restAfter = rest(after.toString()).map(plain)
        const isSubsequence = (): boolean => {
          let at = 0
          for (const line of restAfter) if (line === restBefore[at]) at++
          return at === restBefore.length
        }
        expect(isSubsequence(), 'every other line is there, in order').to.equal(true)
        expect(restAfter.length - restBefore.length).to.be.at.most(comments.length + 2)

        const parsed = await parse(path, after)
        const { app: own = {}, ...others } = parsed
        expect(own).to.include(VALUES)
        const { app: ownBefore = {}, ...othersBefore } = await parse(path, before)
        expect(others).to.deep.equal(othersBefore)
        expect(own).to.deep.equal({ ...ownBefore, ...VALUES })
      }),
      { numRuns: 200 },
    )
  })

  async function parse(path: string, bytes: Buffer): Promise<Record<string, object>> {
    await writeFile(path, bytes)
    expect((await readFile(path)).equals(bytes)).to.equal(true)
    const { credentialsFile } = await loadSharedConfigFiles({
      filepath: path,
      configFilepath: '/nonexistent',
      ignoreCache: true,
    })
    return credentialsFile as Record<string, object>
  }
})
