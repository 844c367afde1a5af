import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { EXIT_STATUS } from '../../../src/cli/exit-status.js'
import { VERSION } from '../../../src/version.js'
import { settingsTable, withSettingsTable } from '../../../tools/settings-table.js'

const read = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8')

describe('README', () => {
  it('has the settings of the table, which `npm run docs` writes', () => {
    expect(withSettingsTable(read('README.md'))).to.equal(read('README.md'))
  })

  it('has the exit status of each kind of failure', () => {
    const readme = read('README.md')
    for (const [kind, status] of Object.entries(EXIT_STATUS)) {
      expect(readme, kind).to.match(new RegExp(`^\\| ${status} \\| \`${kind}\` \\|`, 'm'))
    }
  })
})

describe('settingsTable', () => {
  it('has one row for each setting, with every place it can come from', () => {
    expect(settingsTable()).to.contain(
      '| `--region REGION` | `ROLESANYWHERE_REGION` | `rolesanywhere_region` |',
    )
  })

  it('is not put anywhere but between its markers', () => {
    expect(() => withSettingsTable('no markers')).to.throw('markers')
  })
})

describe('VERSION', () => {
  it('is that of package.json', () => {
    expect(VERSION).to.equal((JSON.parse(read('package.json')) as { version: string }).version)
  })
})
